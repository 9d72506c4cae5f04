-- Views, functions, triggers, sequences, types. Written from PostgreSQL's reference, before the rules.

-- case: a view with one more column
CREATE OR REPLACE VIEW open_order AS SELECT id, account_id, state, total FROM orders WHERE state <> 'sent';

-- case: a view with one column less
CREATE OR REPLACE VIEW open_order AS SELECT id, state FROM orders WHERE state <> 'sent';

-- case: a view made anew, without its rights
DROP VIEW open_order;
CREATE VIEW open_order AS SELECT id, account_id, state FROM orders;

-- case: a view made anew, with its rights
DROP VIEW open_order;
CREATE VIEW open_order AS SELECT id, account_id, state FROM orders;
GRANT SELECT ON open_order TO app;

-- case: a view that goes
DROP VIEW IF EXISTS account_name;

-- case: a view gets another name
ALTER VIEW open_order RENAME TO order_open;

-- case: a view asks with the reader's rights
ALTER VIEW account_name SET (security_invoker = true);

-- case: a materialized view
CREATE MATERIALIZED VIEW best_account AS SELECT account_id FROM orders WHERE total > 5;

-- case: a materialized view without rows
CREATE MATERIALIZED VIEW best_account AS SELECT account_id FROM orders WITH NO DATA;

-- case: a materialized view is made again
REFRESH MATERIALIZED VIEW revenue;

-- case: a materialized view of the same migration is made again
CREATE MATERIALIZED VIEW best_account AS SELECT account_id FROM orders WITH NO DATA;
REFRESH MATERIALIZED VIEW best_account;

-- case: a materialized view goes
DROP MATERIALIZED VIEW revenue;

-- case: a function
CREATE FUNCTION twice(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 2';

-- case: a function is replaced
CREATE OR REPLACE FUNCTION normalise(word text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(word)';

-- case: a function is replaced by one that answers another type
CREATE OR REPLACE FUNCTION normalise(word text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';

-- case: a function goes
DROP FUNCTION normalise(text);

-- case: a function gets another name
ALTER FUNCTION next_code() RENAME TO code_after;

-- case: a function gets a search path
ALTER FUNCTION next_code() SET search_path = public;

-- case: nobody but the owner may call a function
REVOKE EXECUTE ON FUNCTION next_code() FROM PUBLIC;

-- case: a procedure
CREATE PROCEDURE tidy() LANGUAGE sql AS 'DELETE FROM setting WHERE false';

-- case: a trigger
CREATE TRIGGER account_touch BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION touch();

-- case: a trigger is replaced
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION touch();

-- case: a trigger goes
DROP TRIGGER orders_touch ON orders;

-- case: a trigger is silent
ALTER TABLE orders DISABLE TRIGGER orders_touch;

-- case: a sequence
CREATE SEQUENCE ticket_number;

-- case: a sequence belongs to a column
ALTER SEQUENCE invoice_number OWNED BY orders.id;

-- case: a sequence ends later
ALTER SEQUENCE invoice_number MAXVALUE 999999999;

-- case: a sequence gets another name
ALTER SEQUENCE invoice_number RENAME TO invoice_numbers;

-- case: a sequence goes
DROP SEQUENCE invoice_number;

-- case: a value of an enum, if it is not there
ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'lost' AFTER 'sent';

-- case: a value of an enum, used in the same transaction
ALTER TYPE order_state ADD VALUE 'lost';
UPDATE orders SET state = 'lost' WHERE id = 1;

-- case: a value of an enum gets another name
ALTER TYPE order_state RENAME VALUE 'paid' TO 'settled';

-- case: an enum gets another name
ALTER TYPE order_state RENAME TO state_of_order;

-- case: an enum
CREATE TYPE channel AS ENUM ('web', 'phone');

-- case: an enum that columns have goes
DROP TYPE order_state;

-- case: a composite type grows
ALTER TYPE size_of_parcel ADD ATTRIBUTE depth integer;
