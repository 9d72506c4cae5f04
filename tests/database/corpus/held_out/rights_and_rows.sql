-- Rights, rows, and everything else. Written from PostgreSQL's reference, before the rules.

-- case: row security where no policy is
ALTER TABLE account ENABLE ROW LEVEL SECURITY;

-- case: row security after a policy that lets everybody in
CREATE POLICY account_all ON account USING (true) WITH CHECK (true);
ALTER TABLE account ENABLE ROW LEVEL SECURITY;

-- case: row security goes
ALTER TABLE document DISABLE ROW LEVEL SECURITY;

-- case: row security for the owner too
ALTER TABLE document FORCE ROW LEVEL SECURITY;

-- case: the only policy goes
DROP POLICY document_all ON document;

-- case: a second policy
CREATE POLICY document_new ON document FOR INSERT WITH CHECK (id > 0);

-- case: a right is given
GRANT SELECT, INSERT ON orders TO PUBLIC;

-- case: a right of the app is taken
REVOKE INSERT ON orders FROM app;

-- case: the schema is closed to the app
REVOKE USAGE ON SCHEMA archive FROM app;

-- case: rights of tables to come
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;

-- case: a remark
COMMENT ON COLUMN orders.note IS 'what the customer said';

-- case: a publication
CREATE PUBLICATION shop_orders FOR TABLE orders, account;

-- case: statistics over columns
CREATE STATISTICS orders_both (dependencies) ON account_id, state FROM orders;

-- case: a collation
CREATE COLLATION plain (provider = libc, locale = 'C');

-- case: an extension, if it is not there
CREATE EXTENSION IF NOT EXISTS pgcrypto;

-- case: statistics are taken
ANALYZE orders;

-- case: a time limit for locks
SET lock_timeout = '2s';

-- case: a sequence is set by a question
SELECT setval('invoice_number', 5000, false);

-- case: rows are counted
SELECT count(*) FROM orders;

-- case: every row is changed
UPDATE account SET points = points + 1;

-- case: rows are changed by what another table says
UPDATE orders SET note = a.name FROM account a WHERE a.id = orders.account_id;

-- case: rows that lack a value get it
UPDATE orders SET placed_at = '2026-01-01' WHERE quantity IS NOT NULL;

-- case: most rows, by their state
UPDATE orders SET note = 'gone' WHERE state = 'sent';

-- case: one batch by key
UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 1000;

-- case: one batch by a limited subquery
UPDATE orders SET note = 'x' WHERE id IN (SELECT id FROM orders WHERE note IS NOT NULL ORDER BY id LIMIT 500);

-- case: a few rows by key
UPDATE account SET points = 0 WHERE id IN (1, 2, 3);

-- case: one row by its unique column
UPDATE account SET name = 'A' WHERE email = 'u7@shop.test';

-- case: every row of a small table
UPDATE setting SET owner = 'ops';

-- case: rows of a table of the same migration
CREATE TABLE wish AS SELECT id, note FROM orders;
UPDATE wish SET note = 'x';

-- case: old rows go
DELETE FROM orders WHERE placed_at < now() + interval '1 day';

-- case: one row goes
DELETE FROM setting WHERE name = 'key1';

-- case: rows go by a subquery
DELETE FROM order_line WHERE order_id IN (SELECT id FROM orders);

-- case: rows move in one statement
WITH gone AS (DELETE FROM audit RETURNING *) INSERT INTO audit SELECT entry, said FROM gone;

-- case: rows come by a question
INSERT INTO archive.old_order SELECT id + 100000, note FROM orders;

-- case: a row comes, or is changed
INSERT INTO setting(name, value) VALUES ('key1', 'w') ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- case: rows are merged
MERGE INTO account a USING orders o ON a.id = o.account_id WHEN MATCHED THEN UPDATE SET points = o.quantity;

-- case: a table is emptied
TRUNCATE order_line;

-- case: a table of the same migration is emptied
CREATE TABLE wish(id bigint);
TRUNCATE wish;

-- case: a block that only speaks
DO $$ BEGIN RAISE NOTICE 'begun'; END $$;

-- case: a block that makes a type, or leaves it
DO $$ BEGIN CREATE TYPE order_state AS ENUM ('new'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;

-- case: a block that adds a foreign key, or leaves it
DO $$ BEGIN ALTER TABLE order_line ADD CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders(id); EXCEPTION WHEN duplicate_object THEN NULL; END $$;

-- case: a block that writes its statement itself
DO $$ DECLARE one text; BEGIN FOREACH one IN ARRAY ARRAY['booking'] LOOP EXECUTE format('DROP TABLE %I', one); END LOOP; END $$;

-- case: a block that changes rows in one loop
DO $$ DECLARE one record; BEGIN FOR one IN SELECT id FROM orders LOOP UPDATE orders SET note = 'x' WHERE id = one.id; END LOOP; END $$;

-- case: a function that changes rows is called
-- earlier:
CREATE FUNCTION renumber() RETURNS void LANGUAGE sql AS 'UPDATE account SET points = id::int';
-- now:
SELECT renumber();
