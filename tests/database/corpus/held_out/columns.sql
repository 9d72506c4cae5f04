-- Columns that change. Written from PostgreSQL's page on ALTER TABLE, before the rules.

-- case: a new default
ALTER TABLE orders ALTER COLUMN due SET DEFAULT CURRENT_DATE;

-- case: no default any more on a column that must be given
ALTER TABLE account ALTER COLUMN points DROP DEFAULT;

-- case: no default any more on a column that may be null
ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;

-- case: not null without more
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;

-- case: not null after a check that an earlier migration validated
-- earlier:
UPDATE orders SET quantity = 1 WHERE quantity IS NULL;
ALTER TABLE orders ADD CONSTRAINT quantity_given CHECK (quantity IS NOT NULL) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT quantity_given;
-- now:
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;

-- case: validating in the transaction that added the check
ALTER TABLE orders ADD CONSTRAINT id_positive CHECK (id > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT id_positive;

-- case: null is allowed again
ALTER TABLE account ALTER COLUMN country DROP NOT NULL;

-- case: an identity that goes
ALTER TABLE orders ALTER COLUMN id DROP IDENTITY;

-- case: an identity that becomes strict
ALTER TABLE orders ALTER COLUMN id SET GENERATED ALWAYS;

-- case: an identity that restarts
ALTER TABLE orders ALTER COLUMN id RESTART WITH 5000000;

-- case: a generated column becomes an ordinary one
ALTER TABLE orders ALTER COLUMN total_cents DROP EXPRESSION;

-- case: an attribute option
ALTER TABLE account ALTER COLUMN country SET (n_distinct = -0.5);

-- case: an attribute option back to its default
ALTER TABLE account ALTER COLUMN country RESET (n_distinct);

-- case: another compression
ALTER TABLE account ALTER COLUMN profile SET COMPRESSION pglz;

-- case: another storage
ALTER TABLE account ALTER COLUMN profile SET STORAGE EXTERNAL;

-- case: more statistics
ALTER TABLE account ALTER COLUMN country SET STATISTICS 1000;

-- case: a column that goes
ALTER TABLE account DROP COLUMN phone;

-- case: a column that goes, if it is there
ALTER TABLE account DROP COLUMN IF EXISTS fax;

-- case: a column with dependents that goes
ALTER TABLE account DROP COLUMN name CASCADE;

-- case: another name for a column
ALTER TABLE orders RENAME reference TO number;

-- case: another name for the column of a view
ALTER VIEW account_name RENAME COLUMN name TO full_name;
