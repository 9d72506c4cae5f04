-- Constraints. Written from PostgreSQL's pages on ALTER TABLE and ALTER DOMAIN, before the rules.

-- case: a check that is not validated, which old writers break
ALTER TABLE account ADD CONSTRAINT points_positive CHECK (points >= 0) NOT VALID;

-- case: a check over the whole table
ALTER TABLE order_line ADD CHECK (amount > 0);

-- case: validating a check of an earlier migration
-- earlier:
ALTER TABLE order_line ADD CONSTRAINT amount_positive CHECK (amount >= 0) NOT VALID;
-- now:
ALTER TABLE order_line VALIDATE CONSTRAINT amount_positive;

-- case: a foreign key
ALTER TABLE order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders(id) ON DELETE CASCADE;

-- case: a foreign key that is not validated, which old writers break
ALTER TABLE order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders(id) NOT VALID;

-- case: validating a foreign key of an earlier migration
-- earlier:
ALTER TABLE order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders(id) NOT VALID;
-- now:
ALTER TABLE order_line VALIDATE CONSTRAINT line_order;

-- case: validating a foreign key in the transaction that added it
ALTER TABLE order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders(id) NOT VALID;
ALTER TABLE order_line VALIDATE CONSTRAINT line_order;

-- case: unique
ALTER TABLE account ADD CONSTRAINT one_phone UNIQUE (phone);

-- case: unique with a promise to look later
ALTER TABLE account ADD UNIQUE (phone) DEFERRABLE INITIALLY DEFERRED;

-- case: unique by an index of an earlier migration
-- earlier:
CREATE UNIQUE INDEX one_phone ON account(phone);
-- now:
ALTER TABLE account ADD CONSTRAINT one_phone UNIQUE USING INDEX one_phone;

-- case: a primary key by an index of an earlier migration
-- earlier:
CREATE UNIQUE INDEX audit_entry ON audit(entry);
-- now:
ALTER TABLE audit ADD PRIMARY KEY USING INDEX audit_entry;

-- case: a primary key by an index on a column that may be null
-- earlier:
CREATE UNIQUE INDEX line_by_order ON order_line(order_id);
ALTER TABLE order_line DROP CONSTRAINT order_line_pkey;
-- now:
ALTER TABLE order_line ADD CONSTRAINT order_line_pkey PRIMARY KEY USING INDEX line_by_order;

-- case: a primary key
ALTER TABLE audit ADD CONSTRAINT audit_pkey PRIMARY KEY (entry);

-- case: exclusion of overlapping ranges
ALTER TABLE booking ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);

-- case: a foreign key that looks later
ALTER TABLE orders ALTER CONSTRAINT orders_account_id_fkey DEFERRABLE INITIALLY DEFERRED;

-- case: another name for a constraint
ALTER TABLE orders RENAME CONSTRAINT orders_account_id_fkey TO orders_account;

-- case: a foreign key that goes
ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey;

-- case: a unique constraint that goes, on which an upsert relies
ALTER TABLE account DROP CONSTRAINT account_email_key;

-- case: a check that goes, if it is there
ALTER TABLE account DROP CONSTRAINT IF EXISTS age_positive;

-- case: a check on a domain that columns have
ALTER DOMAIN email_address ADD CONSTRAINT has_dot CHECK (VALUE LIKE '%.%');

-- case: a check on a domain, not validated
ALTER DOMAIN email_address ADD CONSTRAINT has_dot CHECK (VALUE LIKE '%.%') NOT VALID;

-- case: validating a check on a domain
-- earlier:
ALTER DOMAIN email_address ADD CONSTRAINT not_empty CHECK (VALUE <> '') NOT VALID;
-- now:
ALTER DOMAIN email_address VALIDATE CONSTRAINT not_empty;

-- case: a domain that must not be null
ALTER DOMAIN short_text SET NOT NULL;

-- case: a domain with a default
ALTER DOMAIN short_text SET DEFAULT 'x';

-- case: a domain loses its check
ALTER DOMAIN email_address DROP CONSTRAINT has_at;

-- case: a new domain
CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100);
