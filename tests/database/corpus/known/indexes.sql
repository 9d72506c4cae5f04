-- Indexes: the statements of appendix A that were known when the rules were written.

-- case: CREATE INDEX k ON t(e)
CREATE INDEX k ON t(e);

-- case: CREATE INDEX k ON nn(id) (after CREATE TABLE nn(id int))
CREATE TABLE nn(id int);
CREATE INDEX k ON nn(id);

-- case: DROP INDEX t_a
DROP INDEX t_a;

-- case: REINDEX INDEX t_a
REINDEX INDEX t_a;

-- case: REINDEX TABLE t
REINDEX TABLE t;

-- case: CLUSTER t USING t_pkey
CLUSTER t USING t_pkey;
