-- Everything agentctl wants to know of a database, in one statement and one round trip, as one JSON value.
-- schemas: where to look; null means the search path. also: and there. everywhere: and in all others.
-- It reads pg_catalog, which shows a column also to a role that may not read it (information_schema hides
-- those), and asks PostgreSQL itself what this role may do.
WITH RECURSIVE
wanted AS (
    SELECT n.oid, n.nspname, path.position
    FROM pg_namespace n
    LEFT JOIN (
        SELECT given.nspname, min(given.position) AS position
        FROM unnest(coalesce(%(schemas)s::text[], current_schemas(false)::text[]) || %(also)s::text[])
            WITH ORDINALITY AS given (nspname, position)
        GROUP BY given.nspname
    ) AS path USING (nspname)
    WHERE path.position IS NOT NULL
       OR %(everywhere)s AND n.nspname !~ '^pg_|^information_schema$' AND has_schema_privilege(n.oid, 'USAGE')
),
customers AS (
    -- Whom a customer's browser is to the database: everybody, and Supabase's two roles.
    SELECT 0::oid AS oid, 'public'::name AS rolname
    UNION ALL SELECT oid, rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
),
grantees AS (
    -- In each schema that customers may use: whose privileges they have, their own, everybody's or a group's.
    SELECT w.oid AS namespace, g.oid, g.rolname, json_agg(c.rolname ORDER BY c.rolname COLLATE "C") AS customers
    FROM wanted w
    JOIN customers c ON has_schema_privilege(c.rolname, w.oid, 'USAGE')
    JOIN (SELECT oid, rolname FROM pg_roles UNION ALL SELECT 0, 'public') AS g
      ON CASE WHEN c.oid = 0 OR g.oid = 0 THEN g.oid = 0 ELSE pg_has_role(c.oid, g.oid, 'USAGE') END
    GROUP BY w.oid, g.oid, g.rolname
),
relations AS (
    SELECT c.*, w.nspname
    FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
),
types AS (
    -- The type of every column, followed through domains to the type below them.
    SELECT t.oid AS declared, t.oid, t.typbasetype, t.typnotnull
    FROM pg_type t
    WHERE t.oid IN (SELECT a.atttypid FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid)
    UNION ALL
    SELECT types.declared, t.oid, t.typbasetype, types.typnotnull OR t.typnotnull
    FROM types JOIN pg_type t ON t.oid = types.typbasetype
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'base_type', format_type(t.oid, NULL),
        'nullable', NOT (a.attnotnull OR t.typnotnull),
        'default', pg_get_expr(d.adbin, d.adrelid),
        'generated', a.attgenerated <> '' OR a.attidentity = 'a',
        'enum_labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                        FROM pg_enum e WHERE e.enumtypid = t.oid),
        'readable', has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
        'insertable', has_column_privilege(a.attrelid, a.attnum, 'INSERT'),
        'updatable', has_column_privilege(a.attrelid, a.attnum, 'UPDATE'),
        'sequence', sequence.name,
        'sequence_usable', has_sequence_privilege(to_regclass(sequence.name), 'USAGE'),
        'domain_checks', (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]'::json)
                          FROM pg_constraint k WHERE k.contypid = a.atttypid AND k.contype = 'c'),
        'sample', sample.found
    ) ORDER BY a.attnum) AS items
    FROM pg_attribute a
    JOIN relations r ON r.oid = a.attrelid
    JOIN types t ON t.declared = a.atttypid AND t.typbasetype = 0
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN LATERAL (
        SELECT coalesce(
            CASE WHEN a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%'
                 THEN pg_get_serial_sequence(format('%%I.%%I', r.nspname, r.relname), a.attname) END,
            substring(pg_get_expr(d.adbin, d.adrelid) FROM $pattern$^nextval\('([^']+)'::regclass\)$$pattern$)
        ) AS name
    ) AS sequence ON true
    -- Nothing but rows tells what a free text or a plain number means: which words, which sign. ts_stat is
    -- PostgreSQL's one function that runs a query given as text: it counts words, and reads a thousand rows here.
    LEFT JOIN LATERAL (
        SELECT CASE WHEN format_type(t.oid, NULL) IN ('text', 'character varying')
                    THEN 'left(%%1$I, 63)'
                    ELSE $sign$CASE WHEN %%1$I < 0 THEN '-1' WHEN %%1$I > 0 THEN '1' ELSE '0' END$sign$ END AS word
        WHERE CASE r.relkind WHEN 'r' THEN true WHEN 'p' THEN true
                             WHEN 'v' THEN pg_relation_is_updatable(r.oid, true) & 8 <> 0 END
          AND NOT row_security_active(r.oid) AND has_table_privilege(r.oid, 'SELECT')
          -- What stands on another server may not answer.
          AND NOT (r.relhassubclass AND EXISTS (
              SELECT FROM pg_inherits h JOIN pg_class part ON part.oid = h.inhrelid
              WHERE h.inhparent = r.oid AND part.relkind = 'f'))
          AND CASE WHEN format_type(t.oid, NULL) IN ('text', 'character varying')
                   THEN a.attname ~* '(status|state|type|kind)$'
                   ELSE format_type(t.oid, NULL) IN ('integer', 'bigint', 'numeric')
                        AND a.attname ~* '(amount|delta|change|credits)$' END
    ) AS sampling ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(seen.word ORDER BY seen.word COLLATE "C") AS found
        FROM ts_stat(format(
            'SELECT array_to_tsvector(ARRAY[' || sampling.word || ']) FROM ('
            'SELECT %%1$I FROM %%2$I.%%3$I LIMIT 1000) AS rows '  -- of them, not until there are so many
            'WHERE %%1$I IS NOT NULL AND ' || sampling.word || $$ <> ''$$,
            a.attname, r.nspname, r.relname
        )) AS seen
        WHERE sampling.word IS NOT NULL
    ) AS sample ON true
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
),
constraints AS (
    SELECT k.conrelid, json_agg(json_build_object(
        'name', k.conname,
        'kind', CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                               WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' END,
        'columns', (SELECT coalesce(json_agg(a.attname ORDER BY key.position), '[]'::json)
                    FROM unnest(k.conkey) WITH ORDINALITY AS key (attnum, position)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.attnum),
        'foreign_schema', (SELECT n.nspname FROM pg_class f JOIN pg_namespace n ON n.oid = f.relnamespace
                           WHERE f.oid = k.confrelid),
        'foreign_table', (SELECT f.relname FROM pg_class f WHERE f.oid = k.confrelid),
        'foreign_columns', (SELECT json_agg(a.attname ORDER BY key.position)
                            FROM unnest(k.confkey) WITH ORDINALITY AS key (attnum, position)
                            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = key.attnum),
        'definition', pg_get_constraintdef(k.oid),
        'validated', k.convalidated
    ) ORDER BY k.conname) AS items
    FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c')
    GROUP BY k.conrelid
),
indexes AS (
    SELECT i.indrelid, json_agg(json_build_object(
        'name', ic.relname,
        'method', am.amname,
        'columns', (SELECT json_agg(pg_get_indexdef(i.indexrelid, position, true) ORDER BY position)
                    FROM generate_series(1, i.indnkeyatts) AS position),
        'unique', i.indisunique,
        'valid', i.indisvalid AND i.indisready,
        'partial', i.indpred IS NOT NULL,
        'definition', pg_get_indexdef(i.indexrelid)
    ) ORDER BY ic.relname) AS items
    FROM pg_index i
    JOIN relations r ON r.oid = i.indrelid
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_am am ON am.oid = ic.relam
    GROUP BY i.indrelid
),
triggers AS (
    SELECT g.tgrelid, json_agg(json_build_object(
        'name', g.tgname,
        'function', format('%%I.%%I', n.nspname, p.proname),
        'definition', pg_get_triggerdef(g.oid)
    ) ORDER BY g.tgname) AS items
    FROM pg_trigger g
    JOIN relations r ON r.oid = g.tgrelid
    JOIN pg_proc p ON p.oid = g.tgfoid
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
    GROUP BY g.tgrelid
),
grants AS (
    SELECT relation, json_agg(json_build_object(
        'grantee', rolname, 'column', "column", 'privileges', privileges, 'customers', customers
    ) ORDER BY rolname, "column") AS items
    FROM (
        SELECT given.relation, given.column, g.rolname, g.customers::text::json AS customers,
               json_agg(given.privilege_type ORDER BY given.privilege_type) AS privileges
        FROM (
            SELECT r.oid AS relation, r.relnamespace AS namespace, NULL AS column, acl.grantee, acl.privilege_type
            FROM relations r CROSS JOIN aclexplode(r.relacl) AS acl
            UNION ALL
            SELECT r.oid, r.relnamespace, a.attname, acl.grantee, acl.privilege_type
            FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid CROSS JOIN aclexplode(a.attacl) AS acl
        ) AS given
        JOIN grantees g ON g.namespace = given.namespace AND g.oid = given.grantee
        WHERE given.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
        GROUP BY given.relation, given.column, g.rolname, g.customers::text
    ) AS held
    GROUP BY relation
),
policies AS (
    SELECT p.polrelid, json_agg(json_build_object(
        'name', p.polname,
        'command', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                                 WHEN 'd' THEN 'delete' ELSE 'all' END,
        'permissive', p.polpermissive,
        'applies', 0 = ANY (p.polroles) OR EXISTS (
            SELECT FROM unnest(p.polroles) AS member (oid) WHERE pg_has_role(member.oid, 'USAGE')),
        'roles', (SELECT json_agg(CASE member.oid WHEN 0 THEN 'public' ELSE pg_get_userbyid(member.oid) END)
                  FROM unnest(p.polroles) AS member (oid)),
        'customers', (SELECT coalesce(json_agg(c.rolname), '[]'::json) FROM customers c
                      WHERE 0 = ANY (p.polroles) OR c.oid <> 0 AND EXISTS (
                          SELECT FROM unnest(p.polroles) AS member (oid)
                          WHERE pg_has_role(c.oid, member.oid, 'USAGE'))),
        'using', pg_get_expr(p.polqual, p.polrelid),
        'with_check', pg_get_expr(p.polwithcheck, p.polrelid)
    ) ORDER BY p.polname) AS items
    FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
    GROUP BY p.polrelid
),
functions AS (
    SELECT json_agg(json_build_object(
        'schema', w.nspname,
        'name', p.proname,
        'arguments', (
            SELECT coalesce(json_agg(json_build_object(
                'name', coalesce(p.proargnames[argument.position], ''),
                'type', format_type(argument.type, NULL),
                'mode', coalesce(p.proargmodes[argument.position], 'i'),
                'optional', coalesce(p.proargmodes[argument.position], 'i') IN ('i', 'b', 'v')
                            AND inputs.position > p.pronargs - p.pronargdefaults
            ) ORDER BY argument.position), '[]'::json)
            FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                WITH ORDINALITY AS argument (type, position)
            -- Defaults are counted among the input arguments only.
            CROSS JOIN LATERAL (
                SELECT count(*) AS position FROM generate_series(1, argument.position) AS earlier (n)
                WHERE coalesce(p.proargmodes[earlier.n], 'i') IN ('i', 'b', 'v')
            ) AS inputs
        ),
        'signature', pg_get_function_identity_arguments(p.oid),
        'returns', pg_get_function_result(p.oid),
        'security_definer', p.prosecdef,
        'settings', coalesce(to_json(p.proconfig), '[]'::json),
        'asks_who', p.prosrc ~ $words$auth\.(uid|jwt|role)\s*\(|request\.jwt$words$,
        'executable', has_function_privilege(p.oid, 'EXECUTE'),
        'grants', (SELECT coalesce(json_agg(json_build_object(
                       'grantee', g.rolname, 'column', NULL, 'privileges', ARRAY['EXECUTE'], 'customers', g.customers
                   ) ORDER BY g.rolname), '[]'::json)
                   FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
                   JOIN grantees g ON g.namespace = p.pronamespace AND g.oid = acl.grantee),
        'public', coalesce((SELECT bool_or(acl.grantee = 0)
                            FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
                            WHERE acl.privilege_type = 'EXECUTE'), false)
    ) ORDER BY w.position, w.nspname, p.proname, pg_get_function_identity_arguments(p.oid) COLLATE "C") AS items
    FROM pg_proc p JOIN wanted w ON w.oid = p.pronamespace
    WHERE p.prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT json_build_object(
    'server', json_build_object(
        'version', current_setting('server_version'),
        'version_number', current_setting('server_version_num')::integer,
        'database', current_database(),
        'role', current_user,
        'search_path', to_json(current_schemas(false)::text[]),
        'read_only', pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
        'bypasses_row_security', (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
    ),
    'tables', coalesce((
        SELECT json_agg(json_build_object(
            'schema', r.nspname,
            'name', r.relname,
            'kind', CASE r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                                   WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END,
            'columns', coalesce(columns.items, '[]'::json),
            'constraints', coalesce(constraints.items, '[]'::json),
            'indexes', coalesce(indexes.items, '[]'::json),
            'triggers', coalesce(triggers.items, '[]'::json),
            'insertable', r.relkind IN ('r', 'p', 'f') OR pg_relation_is_updatable(r.oid, true) & 8 <> 0,
            'row_security', json_build_object(
                'enabled', r.relrowsecurity,
                'active', row_security_active(r.oid),
                'policies', coalesce(policies.items, '[]'::json)
            ),
            'grants', coalesce(grants.items, '[]'::json),
            'estimated_rows', r.reltuples::bigint
        ) ORDER BY w.position, r.nspname, r.relname)
        FROM relations r
        JOIN wanted w ON w.oid = r.relnamespace
        LEFT JOIN columns ON columns.attrelid = r.oid
        LEFT JOIN constraints ON constraints.conrelid = r.oid
        LEFT JOIN indexes ON indexes.indrelid = r.oid
        LEFT JOIN triggers ON triggers.tgrelid = r.oid
        LEFT JOIN policies ON policies.polrelid = r.oid
        LEFT JOIN grants ON grants.relation = r.oid
    ), '[]'::json),
    'functions', coalesce((SELECT items FROM functions), '[]'::json),
    -- What is there besides: sequences, and the functions of extensions.
    'unlisted', (
        SELECT coalesce(json_agg(DISTINCT other.name), '[]'::json)
        FROM (
            SELECT p.proname AS name
            FROM pg_proc p JOIN wanted w ON w.oid = p.pronamespace
            JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            UNION ALL
            SELECT c.relname FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace WHERE c.relkind = 'S'
        ) AS other
    )
) AS catalog
