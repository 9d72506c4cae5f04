-- What v3 will write. Nothing says a phase here: the statements do.
ALTER TABLE orders ADD COLUMN total_cents bigint;
ALTER TABLE orders ALTER COLUMN total DROP NOT NULL;
