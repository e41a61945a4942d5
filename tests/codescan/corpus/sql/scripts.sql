\set ON_ERROR_STOP on
CREATE TEMPORARY TABLE import_rows (name text, cost integer);
\copy import_rows FROM 'agents.csv' CSV HEADER
INSERT INTO agents (name, credit_cost) SELECT name, cost FROM import_rows;
DROP TABLE import_rows;

CREATE FUNCTION pg_temp.twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2';

DO $$
BEGIN
    PERFORM 1 FROM not_looked_into WHERE nothing = 1;
END
$$;
