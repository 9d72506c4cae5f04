-- Types of columns. Written from PostgreSQL's page on ALTER TABLE, before the rules.

-- case: a wider varchar
ALTER TABLE account ALTER COLUMN phone TYPE varchar(60);

-- case: varchar without a limit
ALTER TABLE account ALTER COLUMN name TYPE varchar;

-- case: varchar to text
ALTER TABLE account ALTER COLUMN phone SET DATA TYPE text;

-- case: a narrower varchar
ALTER TABLE account ALTER COLUMN phone TYPE varchar(12);

-- case: text to varchar without a limit
ALTER TABLE account ALTER COLUMN profile TYPE varchar;

-- case: text to varchar with a limit
ALTER TABLE account ALTER COLUMN profile TYPE varchar(1000);

-- case: char to text
ALTER TABLE account ALTER COLUMN country TYPE text;

-- case: smallint to integer
ALTER TABLE account ALTER COLUMN age TYPE integer;

-- case: integer to smallint
ALTER TABLE account ALTER COLUMN points TYPE smallint;

-- case: numeric without limits
ALTER TABLE account ALTER COLUMN score TYPE numeric;

-- case: more digits
ALTER TABLE account ALTER COLUMN score TYPE numeric(12,2);

-- case: fewer digits
ALTER TABLE account ALTER COLUMN score TYPE numeric(6,2);

-- case: cidr to inet
ALTER TABLE account ALTER COLUMN network TYPE inet;

-- case: date to timestamp
ALTER TABLE orders ALTER COLUMN due TYPE timestamp;

-- case: timestamptz to timestamp in UTC
SET LOCAL timezone = 'UTC';
ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamp;

-- case: timestamp to timestamptz elsewhere
SET LOCAL timezone = 'Asia/Tokyo';
ALTER TABLE account ALTER COLUMN seen_at TYPE timestamptz;

-- case: text to integer without a word how
ALTER TABLE orders ALTER COLUMN extra TYPE integer;

-- case: text to jsonb
ALTER TABLE orders ALTER COLUMN extra TYPE jsonb USING extra::jsonb;

-- case: integer to text
ALTER TABLE order_line ALTER COLUMN amount TYPE text;

-- case: one type changes, another stays
ALTER TABLE orders ALTER COLUMN extra TYPE text, ALTER COLUMN quantity TYPE bigint;

-- case: a domain to its base type
ALTER TABLE account ALTER COLUMN contact TYPE text;

-- case: text to a domain with a check
ALTER TABLE account ALTER COLUMN email TYPE email_address;

-- case: text to a domain without a check
ALTER TABLE account ALTER COLUMN profile TYPE short_text;

-- case: another collation where no index is
ALTER TABLE orders ALTER COLUMN note TYPE text COLLATE "C";

-- case: the type it has
ALTER TABLE orders ALTER COLUMN quantity TYPE integer;
