-- Everything agentctl wants to know of a database, as one JSON value, in one message and one round trip.
-- It is filled with four values. schemas: where to look; null means the search path. also: and there.
-- everywhere: and in all others. visible: whether information_schema shows a column, or NULL where nobody asks.
-- It reads pg_catalog, which shows a column also to a role that may not use it (information_schema hides
-- those), and asks PostgreSQL itself what this role may do. It evaluates no expression of the database's.

-- The role's own path is kept, and the last statement's names are looked up in pg_catalog alone. A stock server
-- compiles a statement of its estimated cost for seconds, on every call; it runs for milliseconds.
SELECT set_config('agentctl.search_path', current_setting('search_path'), true),
       set_config('agentctl.schemas', current_schemas(false)::text, true);
SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true);

WITH RECURSIVE
printed AS MATERIALIZED (
    -- Every name of this statement has been looked up by now. Definitions are printed by the role's own path.
    SELECT set_config('search_path', current_setting('agentctl.search_path'), true) AS path
),
wanted AS MATERIALIZED (
    SELECT n.oid, n.nspname, path.position
    FROM printed CROSS JOIN pg_namespace n
    LEFT JOIN (
        SELECT given.nspname, min(given.position) AS position
        FROM unnest(coalesce({schemas}::text[], current_setting('agentctl.schemas')::text[]) || {also}::text[])
            WITH ORDINALITY AS given (nspname, position)
        GROUP BY given.nspname
    ) AS path ON path.nspname = n.nspname
    WHERE path.position IS NOT NULL
       OR {everywhere} AND n.nspname !~ '^pg_|^information_schema$' AND has_schema_privilege(n.oid, 'USAGE')
),
customers AS (
    -- Whom a customer's browser is to the database: everybody, and Supabase's two roles.
    SELECT 0::oid AS oid, 'public'::name AS rolname
    UNION ALL SELECT oid, rolname FROM pg_roles WHERE rolname = ANY ('{{anon,authenticated}}')
),
grantees AS (
    -- In each schema that customers may use: whose privileges they have, their own, everybody's or a group's.
    SELECT w.oid AS namespace, g.oid, g.rolname, json_agg(c.rolname ORDER BY c.rolname COLLATE pg_catalog."C") AS customers
    FROM wanted w
    JOIN customers c ON has_schema_privilege(c.rolname, w.oid, 'USAGE')
    JOIN (SELECT oid, rolname FROM pg_roles UNION ALL SELECT 0, 'public') AS g
      ON CASE WHEN c.oid = 0 OR g.oid = 0 THEN g.oid = 0 ELSE pg_has_role(c.oid, g.oid, 'USAGE') END
    GROUP BY w.oid, g.oid, g.rolname
),
relations AS (
    SELECT c.*, w.nspname
    FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace
    WHERE c.relkind = ANY ('{{r,p,v,m,f}}')
),
families AS (
    -- A table with every table below it.
    SELECT r.oid AS root, r.oid, r.relkind FROM relations r WHERE r.relkind = ANY ('{{r,p}}')
    UNION ALL
    SELECT f.root, c.oid, c.relkind
    FROM families f JOIN pg_inherits h ON h.inhparent = f.oid JOIN pg_class c ON c.oid = h.inhrelid
),
entangled AS (
    -- Whose index, CHECK or statistics names a function that is not PostgreSQL's own: planning may execute it.
    SELECT coalesce(i.indrelid, k.conrelid, s.stxrelid, d.objid) AS oid
    FROM pg_depend d
    LEFT JOIN pg_index i ON i.indexrelid = d.objid AND d.classid = 'pg_catalog.pg_class'::regclass
    LEFT JOIN pg_constraint k ON k.oid = d.objid AND d.classid = 'pg_catalog.pg_constraint'::regclass
    LEFT JOIN pg_statistic_ext s ON s.oid = d.objid AND d.classid = 'pg_catalog.pg_statistic_ext'::regclass
    WHERE d.refclassid = ANY ('{{pg_catalog.pg_proc,pg_catalog.pg_operator}}'::regclass[])
      AND d.classid = ANY ('{{pg_catalog.pg_class,pg_catalog.pg_constraint,pg_catalog.pg_statistic_ext}}'::regclass[])
),
inspectable AS (
    -- Tables whose rows can be read without executing anybody's code, and without asking another server.
    SELECT r.oid
    FROM relations r
    WHERE r.relkind = ANY ('{{r,p}}')
      AND NOT EXISTS (
          SELECT FROM families f
          WHERE f.root = r.oid AND (f.relkind = 'f' OR f.oid = ANY (SELECT e.oid FROM entangled e))
      )
),
types AS (
    -- The type of every column, followed through domains to the type below them.
    SELECT t.oid AS declared, t.oid, t.typbasetype, t.typnotnull
    FROM pg_type t
    WHERE t.oid = ANY (SELECT a.atttypid FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid)
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
        'visible', {visible},
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
            CASE WHEN a.attidentity <> '' OR starts_with(pg_get_expr(d.adbin, d.adrelid), 'nextval(')
                 THEN pg_get_serial_sequence(format('%I.%I', r.nspname, r.relname), a.attname) END,
            substring(pg_get_expr(d.adbin, d.adrelid) FROM $pattern$^nextval\('([^']+)'::regclass\)$$pattern$)
        ) AS name
    ) AS sequence ON true
    -- The key of a small table that others refer to and that lists words, as run_states does: each word is read
    -- with its key.
    LEFT JOIN LATERAL (
        SELECT replace(quote_ident(keyed.attname), '%', '%%') AS key
        FROM pg_constraint k
        JOIN pg_attribute keyed ON keyed.attrelid = k.conrelid AND keyed.attnum = k.conkey[1]
        WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND cardinality(k.conkey) = 1
          AND keyed.atttypid = ANY ('{{smallint,integer,bigint,uuid,text,varchar}}'::regtype[])
          AND r.relname ~* '(status|state|stage|phase|type|kind)(es|s|_?codes?|_?types?|_?values?)?$'
          AND r.oid = ANY (SELECT f.confrelid FROM pg_constraint f WHERE f.contype = 'f')
          AND (SELECT count(*) FROM pg_attribute other
               WHERE other.attrelid = a.attrelid AND other.attnum > 0 AND NOT other.attisdropped) <= 8
    ) AS listed ON true
    LEFT JOIN LATERAL (
        SELECT CASE WHEN listed.key IS NOT NULL AND t.oid = ANY ('{{text,varchar}}'::regtype[])
                     AND a.attname ~* '(name|code|label|slug|key|title|id|word|value|status|state|type|kind)$'
                    THEN 'pg_catalog.left(pg_catalog.concat(agentctl_key, pg_catalog.chr(31), %1$I), 126)'
                    WHEN t.oid = ANY ('{{text,varchar}}'::regtype[])
                     AND a.attname ~* '(status|state|stage|stat|phase|progress|condition|lifecycle|type|kind|class|nature|event|reason|action|operation)(_?code)?$'
                    THEN 'pg_catalog.left(%1$I, 63)'
                    WHEN t.oid = ANY ('{{integer,bigint,numeric}}'::regtype[])
                     AND (a.attname ~* '(amount|amt|delta|change|diff|difference|adjustment|movement|value|quantity|qty|credits|units|points|tokens|coins)$'
                          -- In a table of several kinds of rows that refers to others, but not by this column:
                          -- a ledger's amount is such.
                          OR (a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
                              AND a.attrelid = ANY (SELECT other.attrelid FROM pg_attribute other
                                                    WHERE other.attname ~* '(type|kind|category|event|action|reason|operation|source|code)$')
                              AND (SELECT bool_or(k.contype = 'f')
                                          AND NOT bool_or(a.attnum = ANY (k.conkey) AND k.contype = ANY ('{{p,u,f}}'))
                                   FROM pg_constraint k WHERE k.conrelid = a.attrelid)))
                    THEN $sign$CASE WHEN %1$I OPERATOR(pg_catalog.<) 0 THEN '-1'
                                    WHEN %1$I OPERATOR(pg_catalog.>) 0 THEN '1' ELSE '0' END$sign$
                    -- The addresses of n8n, Make and Zapier, of things that others refer to, as executions do to
                    -- agents; what the rows hold beyond that is not read.
                    WHEN t.oid = ANY ('{{text,varchar}}'::regtype[])
                     AND a.attrelid = ANY (SELECT k.confrelid FROM pg_constraint k WHERE k.contype = 'f')
                     AND a.attname ~* '(url|uri|link|endpoint|address|adresse|direccion|enlace|lien|hook|target|destination|handler|entry_?point|trigger)$'
                    THEN $address$CASE WHEN %1$I OPERATOR(pg_catalog.~) '^https?://([^?#]*/webhook/|hooks?[.][^?#]*/)'
                                       THEN 'webhook address' ELSE 'other' END$address$ END AS word,
               CASE WHEN t.oid = ANY ('{{text,varchar}}'::regtype[])
                     AND a.attname ~* '(url|uri|link|endpoint|address|adresse|direccion|enlace|lien|hook|target|destination|handler|entry_?point|trigger)$'
                    THEN 50 ELSE 1000 END AS most
    ) AS sampling ON true
    -- Nothing but rows tells what a free text or a plain number means: which words, which sign. ts_stat is
    -- PostgreSQL's one function that runs a query given as text: it counts words, and reads a thousand rows
    -- here. TABLESAMPLE refuses a view that has taken the table's place meanwhile.
    LEFT JOIN LATERAL (
        SELECT json_agg(seen.word ORDER BY seen.word COLLATE pg_catalog."C") AS found
        FROM ts_stat(format(
            'SELECT pg_catalog.array_to_tsvector(ARRAY[' || sampling.word || ']) FROM ('
            'SELECT ' || coalesce(listed.key || ' AS agentctl_key, ', '') || '%1$I FROM %2$I.%3$I TABLESAMPLE pg_catalog.system (100) LIMIT ' || sampling.most ||
            ') AS rows '  -- of them, not until there are so many
            'WHERE %1$I IS NOT NULL AND ' || sampling.word || $$ OPERATOR(pg_catalog.<>) ''$$,
            a.attname, r.nspname, r.relname
        )) AS seen
        WHERE sampling.word IS NOT NULL
          AND r.oid = ANY (SELECT oid FROM inspectable)
          AND NOT row_security_active(r.oid) AND has_table_privilege(r.oid, 'SELECT')
    ) AS sample ON true
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
),
constraints AS (
    SELECT k.conrelid, json_agg(json_build_object(
        'name', k.conname,
        'kind', CASE WHEN k.contype = 'p' THEN 'primary key' WHEN k.contype = 'u' THEN 'unique'
                     WHEN k.contype = 'f' THEN 'foreign key' WHEN k.contype = 'c' THEN 'check' END,
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
    WHERE k.contype = ANY ('{{p,u,f,c}}')
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
        'function', format('%I.%I', n.nspname, p.proname),
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
        WHERE given.privilege_type = ANY ('{{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}}')
        GROUP BY given.relation, given.column, g.rolname, g.customers::text
    ) AS held
    GROUP BY relation
),
policies AS (
    SELECT p.polrelid, json_agg(json_build_object(
        'name', p.polname,
        'command', CASE WHEN p.polcmd = 'r' THEN 'select' WHEN p.polcmd = 'a' THEN 'insert'
                        WHEN p.polcmd = 'w' THEN 'update' WHEN p.polcmd = 'd' THEN 'delete' ELSE 'all' END,
        'permissive', p.polpermissive,
        'applies', 0 = ANY (p.polroles) OR EXISTS (
            SELECT FROM unnest(p.polroles) AS member (oid) WHERE pg_has_role(member.oid, 'USAGE')),
        'roles', (SELECT json_agg(CASE WHEN member.oid = 0 THEN 'public' ELSE pg_get_userbyid(member.oid) END)
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
                'optional', coalesce(p.proargmodes[argument.position], 'i') = ANY ('{{i,b,v}}')
                            AND inputs.position > (p.pronargs - p.pronargdefaults)
            ) ORDER BY argument.position), '[]'::json)
            FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                WITH ORDINALITY AS argument (type, position)
            -- Defaults are counted among the input arguments only.
            CROSS JOIN LATERAL (
                SELECT count(*) AS position FROM generate_series(1, argument.position) AS earlier (n)
                WHERE coalesce(p.proargmodes[earlier.n], 'i') = ANY ('{{i,b,v}}')
            ) AS inputs
        ),
        'signature', pg_get_function_identity_arguments(p.oid),
        'returns', pg_get_function_result(p.oid),
        'security_definer', p.prosecdef,
        'settings', coalesce(to_json(p.proconfig), '[]'::json),
        -- What may say which column is the balance, and which argument the amount.
        'body', CASE WHEN source.text ~* $words$\m(update|insert)\M$words$ AND length(source.text) < 20000
                     THEN source.text END,
        'asks_who', source.text ~ $words$auth\.(uid|jwt|role)\s*\(|request\.jwt$words$,
        'executable', has_function_privilege(p.oid, 'EXECUTE'),
        'grants', (SELECT coalesce(json_agg(json_build_object(
                       'grantee', g.rolname, 'column', NULL, 'privileges', ARRAY['EXECUTE'], 'customers', g.customers
                   ) ORDER BY g.rolname), '[]'::json)
                   FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
                   JOIN grantees g ON g.namespace = p.pronamespace AND g.oid = acl.grantee),
        'public', coalesce((SELECT bool_or(acl.grantee = 0)
                            FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
                            WHERE acl.privilege_type = 'EXECUTE'), false)
    ) ORDER BY w.position, w.nspname, p.proname, pg_get_function_identity_arguments(p.oid) COLLATE pg_catalog."C") AS items
    FROM pg_proc p JOIN wanted w ON w.oid = p.pronamespace
    -- A body in BEGIN ATOMIC is kept as a tree, and has no source.
    CROSS JOIN LATERAL (SELECT coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS text) AS source
    WHERE p.prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT json_build_object(
    'server', json_build_object(
        'version', current_setting('server_version'),
        'version_number', current_setting('server_version_num')::integer,
        'database', current_database(),
        'role', current_user,
        'search_path', to_json(current_setting('agentctl.schemas')::text[]),
        'time_zone', current_setting('TimeZone'),
        'read_only', pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
        'bypasses_row_security', (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
    ),
    'tables', coalesce((
        SELECT json_agg(json_build_object(
            'schema', r.nspname,
            'name', r.relname,
            'kind', CASE WHEN r.relkind = 'r' THEN 'table' WHEN r.relkind = 'p' THEN 'partitioned table'
                         WHEN r.relkind = 'v' THEN 'view' WHEN r.relkind = 'm' THEN 'materialized view'
                         ELSE 'foreign table' END,
            'columns', coalesce(columns.items, '[]'::json),
            'constraints', coalesce(constraints.items, '[]'::json),
            'indexes', coalesce(indexes.items, '[]'::json),
            'triggers', coalesce(triggers.items, '[]'::json),
            'partition', r.relispartition,
            'inspectable', r.oid = ANY (SELECT oid FROM inspectable),
            'insertable', r.relkind = ANY ('{{r,p,f}}') OR pg_relation_is_updatable(r.oid, true) & 8 <> 0,
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
            JOIN pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            UNION ALL
            SELECT c.relname FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace WHERE c.relkind = 'S'
        ) AS other
    )
) AS catalog
