-- Tables and partitions. Written from PostgreSQL's pages on CREATE, ALTER, DROP TABLE, before the rules.

-- case: a table that is there already, with IF NOT EXISTS
CREATE TABLE IF NOT EXISTS account(id bigint PRIMARY KEY);

-- case: an unlogged table
CREATE UNLOGGED TABLE scratch(id bigint);

-- case: a temporary table with what it should hold
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS SELECT id FROM account;

-- case: a table by SELECT INTO
SELECT id, email INTO account_copy FROM account;

-- case: a table with a foreign key to a large one
CREATE TABLE invoice(id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders(id), paid boolean DEFAULT false);

-- case: a foreign key of a new table, added after it
CREATE TABLE invoice(id bigint PRIMARY KEY, order_id bigint NOT NULL);
ALTER TABLE invoice ADD CONSTRAINT invoice_order FOREIGN KEY (order_id) REFERENCES orders(id);

-- case: a table that inherits
CREATE TABLE audit_extra(more text) INHERITS (audit);

-- case: a partitioned table
CREATE TABLE visit(id bigint, at date NOT NULL) PARTITION BY RANGE (at);

-- case: a partition beside others
CREATE TABLE event_2028 PARTITION OF event FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');

-- case: a partition where the default one has rows
CREATE TABLE metric_eu PARTITION OF metric FOR VALUES IN ('eu');

-- case: a default partition
CREATE TABLE event_rest PARTITION OF event DEFAULT;

-- case: a partition that is attached
ALTER TABLE event ATTACH PARTITION event_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- case: a partition that is attached after a check that an earlier migration validated
-- earlier:
ALTER TABLE event_2027 ADD CONSTRAINT in_2027 CHECK (at >= '2027-01-01' AND at < '2028-01-01') NOT VALID;
ALTER TABLE event_2027 VALIDATE CONSTRAINT in_2027;
-- now:
ALTER TABLE event ATTACH PARTITION event_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- case: a table of the same migration is attached
CREATE TABLE event_2028(id bigint not null, at date not null, kind text);
ALTER TABLE event ATTACH PARTITION event_2028 FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');

-- case: a partition that is detached
ALTER TABLE event DETACH PARTITION event_2026;

-- case: a partition that is detached, concurrently
-- outside a transaction
ALTER TABLE event DETACH PARTITION event_2026 CONCURRENTLY;

-- case: a table that goes
DROP TABLE booking;

-- case: a table that goes, if it is there
DROP TABLE IF EXISTS nobody_made_this;

-- case: a table of the same migration goes
CREATE TABLE chosen(id bigint);
DROP TABLE chosen;

-- case: a partition goes
DROP TABLE event_2025;

-- case: another name for a table
ALTER TABLE audit RENAME TO audit_log;

-- case: a view under the old name of a table, with its rights
ALTER TABLE setting RENAME TO settings;
CREATE VIEW setting AS SELECT * FROM settings;
GRANT SELECT, INSERT, UPDATE, DELETE ON setting TO app;

-- case: a table moves to another schema
ALTER TABLE setting SET SCHEMA archive;

-- case: a schema with what is in it goes
DROP SCHEMA archive CASCADE;

-- case: a schema
CREATE SCHEMA reporting;

-- case: a table moves to another tablespace
ALTER TABLE orders SET TABLESPACE fast;

-- case: a table that is not logged any more
ALTER TABLE audit SET UNLOGGED;

-- case: a table in the order of an index
CLUSTER orders USING orders_placed_at;

-- case: a table is marked for clustering
ALTER TABLE orders CLUSTER ON orders_placed_at;

-- case: a table is packed
-- outside a transaction
VACUUM FULL account;

-- case: a table is vacuumed
-- outside a transaction
VACUUM (ANALYZE) account;

-- case: storage parameters
ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = true);

-- case: storage parameters back to their defaults
ALTER TABLE orders RESET (fillfactor);

-- case: a replica identity by an index
ALTER TABLE account REPLICA IDENTITY USING INDEX account_email_key;

-- case: another owner
ALTER TABLE orders OWNER TO pg_database_owner;

-- case: a lock that lets readers in
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;
