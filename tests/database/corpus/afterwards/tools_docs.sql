-- Written after the rules, over the held-out schema: what the documentation of strong_migrations, squawk, eugene and
-- Atlas warns of or recommends, and spellings that the rules were not written with in mind.

-- case: quoted names
ALTER TABLE "public"."orders" DROP COLUMN "note";

-- case: public said aloud
CREATE INDEX orders_due ON public.orders USING btree (due);

-- case: only the table itself
ALTER TABLE ONLY public.order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES public.orders(id);

-- case: a table that is not there, if it is there
ALTER TABLE IF EXISTS nobody_made_this ADD COLUMN x integer NOT NULL;

-- case: a serial written out
CREATE SEQUENCE line_place;
ALTER TABLE order_line ADD COLUMN place integer DEFAULT nextval('line_place');

-- case: a constant default with a cast
ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT '2020-01-01'::timestamptz NOT NULL;

-- case: a default from arithmetic over random
ALTER TABLE orders ADD COLUMN dice integer DEFAULT (random() * 6)::integer;

-- case: a default that is null
ALTER TABLE orders ADD COLUMN maybe text DEFAULT NULL;

-- case: required with a default that is null
ALTER TABLE orders ADD COLUMN maybe text NOT NULL DEFAULT NULL;

-- case: a new column and its check in one statement
ALTER TABLE orders ADD COLUMN weight integer, ADD CONSTRAINT weight_positive CHECK (weight > 0);

-- case: a new column and its check, not validated
ALTER TABLE orders ADD COLUMN weight integer;
ALTER TABLE orders ADD CONSTRAINT weight_positive CHECK (weight > 0) NOT VALID;

-- case: a new column and its foreign key, not validated
ALTER TABLE order_line ADD COLUMN account_id bigint;
ALTER TABLE order_line ADD CONSTRAINT line_account FOREIGN KEY (account_id) REFERENCES account(id) NOT VALID;

-- case: a default set before not null
ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'none', ALTER COLUMN note SET NOT NULL;

-- case: a cast that says nothing
ALTER TABLE orders ALTER COLUMN extra TYPE varchar USING extra::varchar;

-- case: integer to bigint with a cast
ALTER TABLE orders ALTER COLUMN quantity TYPE bigint USING quantity::bigint;

-- case: an array of text
ALTER TABLE orders ALTER COLUMN extra TYPE text[] USING ARRAY[extra];

-- case: timestamp with fewer digits
ALTER TABLE account ALTER COLUMN seen_at TYPE timestamp(0);

-- case: numeric with another scale
ALTER TABLE account ALTER COLUMN score TYPE numeric(10,4);

-- case: several tables go
DROP TABLE booking, audit;

-- case: a view and what hangs on it go
DROP VIEW open_order CASCADE;

-- case: a table makes way for a new one of its name
DROP TABLE audit;
CREATE TABLE audit(entry bigint, said text);

-- case: a table is swapped for its copy
CREATE TABLE setting_copy (LIKE setting INCLUDING ALL);
ALTER TABLE setting RENAME TO setting_old;
ALTER TABLE setting_copy RENAME TO setting;

-- case: rows are changed where it is always true
UPDATE account SET points = 1 WHERE true;

-- case: rows are changed from a key on
UPDATE account SET points = 1 WHERE id > 0;

-- case: rows are changed by key or by name
UPDATE account SET points = 1 WHERE id = 7 OR name = 'name 7';

-- case: rows are changed by an array of keys
UPDATE account SET points = 1 WHERE id = ANY (ARRAY[1, 2, 3]);

-- case: rows are changed in a small batch by a common table
WITH batch AS (SELECT id FROM account ORDER BY id LIMIT 100) UPDATE account SET points = 1 FROM batch WHERE account.id = batch.id;

-- case: rows that are there twice go
DELETE FROM order_line a USING order_line b WHERE a.id < b.id AND a.sku = b.sku;

-- case: all rows go by a join
DELETE FROM audit USING account WHERE audit.entry = account.id;

-- case: rows are put in for every account
INSERT INTO setting SELECT 'k' || id, 'v', 'ops' FROM account ON CONFLICT DO NOTHING;

-- case: an index that is not unique, without a name
CREATE INDEX ON account(created_at);

-- case: an index over two columns, with others included
CREATE INDEX account_both ON account(country, created_at) INCLUDE (name);

-- case: an index with an operator class, concurrently
-- outside a transaction
CREATE INDEX CONCURRENTLY account_name_pattern ON account(name text_pattern_ops);

-- case: several indexes go
DROP INDEX account_phone, account_country;

-- case: the index of a constraint is renamed by ALTER TABLE
ALTER TABLE orders_placed_at RENAME TO orders_by_time;

-- case: a constraint is renamed, and a column not
ALTER TABLE account RENAME CONSTRAINT account_email_key TO one_email;

-- case: a trigger function is replaced
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'touched'; RETURN NEW; END $$;

-- case: a trigger that refuses every row
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER account_refuse BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION refuse();

-- case: a rule that swallows rows
CREATE RULE audit_off AS ON INSERT TO audit DO INSTEAD NOTHING;

-- case: a policy that only lets in what nobody writes
CREATE POLICY document_none ON document AS RESTRICTIVE FOR INSERT WITH CHECK (id < 0);

-- case: rights on a column are taken
REVOKE SELECT (phone) ON account FROM app;

-- case: every right on every table is taken
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app;

-- case: a role loses its right to log in
ALTER ROLE app NOLOGIN;

-- case: the owner's own search path
ALTER ROLE app SET search_path = archive;

-- case: a sequence starts again
ALTER SEQUENCE invoice_number RESTART WITH 1;

-- case: a sequence holds smaller numbers
ALTER SEQUENCE invoice_number AS smallint;

-- case: an extension goes
DROP EXTENSION pgcrypto;

-- case: a block guarded by a question adds a column
DO $$ BEGIN IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'account' AND column_name = 'nick') THEN ALTER TABLE account ADD COLUMN nick text; END IF; END $$;

-- case: a block guarded by a question drops a column
DO $$ BEGIN IF EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'account' AND column_name = 'profile') THEN ALTER TABLE account DROP COLUMN profile; END IF; END $$;

-- case: a block writes a constant statement
DO $$ BEGIN EXECUTE 'CREATE INDEX orders_due ON orders(due)'; END $$;

-- case: a statistics target for an expression index
ALTER INDEX account_country ALTER COLUMN 1 SET STATISTICS 500;

-- case: a table joins another's children
CREATE TABLE audit_2027(LIKE audit);
ALTER TABLE audit_2027 INHERIT audit;

-- case: a table becomes a partition of itself renamed
CREATE TABLE metric_new(region text NOT NULL, value integer) PARTITION BY LIST (region);
ALTER TABLE metric RENAME TO metric_old;
ALTER TABLE metric_new RENAME TO metric;

-- case: a materialized view gets an index
CREATE INDEX revenue_total ON revenue(total);

-- case: all sequences are advanced
SELECT setval('invoice_number', (SELECT max(id) FROM orders));

-- case: a lock, then a long look
LOCK TABLE orders IN SHARE MODE;
SELECT count(*) FROM orders;

-- case: a comment, and a table without a key
COMMENT ON TABLE account IS 'who buys';
CREATE TABLE note(said text);

-- case: an enum gets a value before another
ALTER TYPE order_state ADD VALUE 'held' BEFORE 'sent';

-- case: a column is encrypted in place
UPDATE account SET profile = encode(digest(profile, 'sha256'), 'hex') WHERE profile IS NOT NULL;

-- case: a foreign key made to cascade
ALTER TABLE orders DROP CONSTRAINT orders_account_id_fkey, ADD CONSTRAINT orders_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE NOT VALID;
