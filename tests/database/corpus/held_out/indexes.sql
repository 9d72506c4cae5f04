-- Indexes. Written from PostgreSQL's pages on CREATE INDEX, ALTER INDEX, REINDEX, before the rules.

-- case: an index
CREATE INDEX orders_state ON orders(state);

-- case: an index on some rows
CREATE INDEX orders_open ON orders(account_id) WHERE state = 'new';

-- case: an index on an expression
CREATE INDEX account_lower ON account(lower(email));

-- case: an index of another kind
CREATE INDEX booking_during ON booking USING gist (during);

-- case: a unique index
CREATE UNIQUE INDEX account_one_phone ON account(phone);

-- case: a unique index, concurrently, which old writers break
-- outside a transaction
CREATE UNIQUE INDEX CONCURRENTLY account_one_phone ON account(phone);

-- case: an index, concurrently
-- outside a transaction
CREATE INDEX CONCURRENTLY orders_state ON orders(state);

-- case: an index concurrently, among others in one transaction
ALTER TABLE orders ADD COLUMN channel text;
CREATE INDEX CONCURRENTLY orders_channel ON orders(channel);

-- case: an index that is there already, with IF NOT EXISTS
CREATE INDEX IF NOT EXISTS orders_placed_at ON orders(placed_at);

-- case: an index on a small table
CREATE INDEX setting_owner ON setting(owner);

-- case: an index on a partitioned table
CREATE INDEX event_kind ON event(kind);

-- case: an index on a partitioned table alone
CREATE INDEX event_kind ON ONLY event(kind);

-- case: an index of a partition joins its parent
-- earlier:
CREATE INDEX event_kind ON ONLY event(kind);
CREATE INDEX event_2025_kind ON event_2025(kind);
-- now:
ALTER INDEX event_kind ATTACH PARTITION event_2025_kind;

-- case: an index on a table of the same migration
CREATE TABLE wish(id bigint PRIMARY KEY, said text);
CREATE INDEX wish_said ON wish(said);

-- case: an index that goes
DROP INDEX orders_placed_at;

-- case: an index that goes, concurrently
-- outside a transaction
DROP INDEX CONCURRENTLY orders_placed_at;

-- case: a unique index that goes, on which an upsert relies
DROP INDEX orders_reference;

-- case: an index gets another name
ALTER INDEX orders_placed_at RENAME TO orders_by_time;

-- case: an index gets another fill factor
ALTER INDEX orders_placed_at SET (fillfactor = 80);

-- case: an index moves to another tablespace
ALTER INDEX orders_placed_at SET TABLESPACE fast;

-- case: an index is built again
REINDEX INDEX orders_placed_at;

-- case: all indexes of a table are built again
REINDEX TABLE account;

-- case: all indexes of a table are built again, concurrently
-- outside a transaction
REINDEX TABLE CONCURRENTLY account;
