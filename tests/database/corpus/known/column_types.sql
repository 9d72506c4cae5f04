-- Column types: the statements of appendix A that were known when the rules were written.

-- case: ALTER TABLE t ALTER COLUMN n TYPE bigint
ALTER TABLE t ALTER COLUMN n TYPE bigint;

-- case: ALTER TABLE t ALTER COLUMN b TYPE varchar(40)
ALTER TABLE t ALTER COLUMN b TYPE varchar(40);

-- case: ALTER TABLE t ALTER COLUMN b TYPE text
ALTER TABLE t ALTER COLUMN b TYPE text;

-- case: ALTER TABLE t ALTER COLUMN b TYPE varchar(15)
ALTER TABLE t ALTER COLUMN b TYPE varchar(15);

-- case: ALTER TABLE t ALTER COLUMN status TYPE varchar(50)
ALTER TABLE t ALTER COLUMN status TYPE varchar(50);

-- case: ALTER TABLE t ALTER COLUMN num TYPE numeric(14,2)
ALTER TABLE t ALTER COLUMN num TYPE numeric(14,2);

-- case: ALTER TABLE t ALTER COLUMN num TYPE numeric(14,4)
ALTER TABLE t ALTER COLUMN num TYPE numeric(14,4);

-- case: ALTER TABLE t ALTER COLUMN ts TYPE timestamptz (after SET timezone='Europe/Berlin')
SET timezone='Europe/Berlin';
ALTER TABLE t ALTER COLUMN ts TYPE timestamptz;

-- case: ALTER TABLE t ALTER COLUMN ts TYPE timestamptz (after SET timezone='UTC')
SET timezone='UTC';
ALTER TABLE t ALTER COLUMN ts TYPE timestamptz;

-- case: ALTER TABLE t ALTER COLUMN j TYPE jsonb
ALTER TABLE t ALTER COLUMN j TYPE jsonb;

-- case: ALTER TABLE c ALTER COLUMN m TYPE mood USING m::mood (after ALTER TABLE c ADD COLUMN m text)
ALTER TABLE c ADD COLUMN m text;
ALTER TABLE c ALTER COLUMN m TYPE mood USING m::mood;
