-- Puts operators into a schema for every name and every combination of two types, and functions for every name
-- with as many arguments as PostgreSQL's own have. Each, once called, counts, and fails.
CREATE PROCEDURE pg_temp.cast_shadows(target text, functions text[], operators text[])
LANGUAGE plpgsql AS $procedure$
DECLARE
    -- What columns, parameters and literals of a marketplace can be, and what PostgreSQL's own functions give.
    types CONSTANT text[] := ARRAY[
        'text', 'varchar', 'name', '"char"', 'uuid', 'integer', 'bigint', 'numeric', 'boolean', 'timestamptz',
        'timestamp', 'interval', 'oid', 'json', 'jsonb', 'text[]'
    ];
    body CONSTANT text := format($body$
        BEGIN
            PERFORM pg_catalog.nextval('%I.sprung');  -- no rollback undoes it
            RAISE EXCEPTION 'sprung';
        END
    $body$, target);
    one text; two text; named text; signature text;
BEGIN
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', target);
    EXECUTE format('CREATE SEQUENCE %I.sprung', target);
    FOREACH one IN ARRAY types LOOP
        CALL pg_temp.cast_function(target, 'trap', one, 'boolean', body);
        FOREACH two IN ARRAY types LOOP
            CALL pg_temp.cast_function(target, 'trap', one || ', ' || two, 'boolean', body);
            FOREACH named IN ARRAY operators LOOP
                EXECUTE format('CREATE OPERATOR %I.%s (FUNCTION = %I.trap, LEFTARG = %s, RIGHTARG = %s)',
                               target, named, target, one, two);
            END LOOP;
        END LOOP;
    END LOOP;
    FOREACH named IN ARRAY functions LOOP
        FOREACH one IN ARRAY types LOOP
            CALL pg_temp.cast_function(target, named, one, 'text', body);
            CALL pg_temp.cast_function(target, named, one || ', ' || one, 'text', body);
            CALL pg_temp.cast_function(target, named, 'text, ' || one, 'text', body);
        END LOOP;
        CALL pg_temp.cast_function(target, named, '', 'text', body);
        CALL pg_temp.cast_function(target, named, 'text, name, name', 'text', body);
        FOR signature IN
            SELECT DISTINCT replace(pg_get_function_identity_arguments(oid), ' ORDER BY ', ', ') FROM pg_proc
            WHERE proname = named AND pronamespace = 'pg_catalog'::regnamespace AND pronargs > 1 AND proargmodes IS NULL
              AND NOT proargtypes::oid[] && '{2276,2281,2275}'::oid[]  -- "any", internal, cstring
        LOOP
            CALL pg_temp.cast_function(target, named, signature, 'text', body);
        END LOOP;
    END LOOP;
END
$procedure$;

CREATE PROCEDURE pg_temp.cast_function(target text, named text, arguments text, returns text, body text)
LANGUAGE plpgsql AS $procedure$
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
                   target, named, arguments, returns, body);
END
$procedure$
