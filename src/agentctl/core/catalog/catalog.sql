-- Everything agentctl wants to know of a database, as one JSON value, in one message and one round trip.
-- It is filled with four values. schemas: where to look; null means the search path. also: and there.
-- everywhere: and in all others. visible: whether information_schema shows a column, or NULL where nobody asks.
-- It reads pg_catalog, which shows a column also to a role that may not use it (information_schema hides
-- those), and asks PostgreSQL itself what this role may do. It evaluates no expression of the database's.
-- Each thing is a JSON array of its fields, in the order of its type in introspection.py: with their names, a
-- database of 500 tables is twice as long.

-- The role's own path is kept, and the last statement's names are looked up in pg_catalog alone, temporary tables
-- last; so it is sent as it is written. A stock server compiles a statement of its estimated cost for seconds, on
-- every call; it runs for milliseconds.
SELECT pg_catalog.set_config('agentctl.search_path', pg_catalog.current_setting('search_path'), true),
       pg_catalog.set_config('agentctl.schemas', pg_catalog.current_schemas(false)::pg_catalog.text, true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('jit', 'off', true);

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
relations AS MATERIALIZED (
    -- With what this role may do to every column; of the others, single columns are asked about.
    SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.relacl, c.relispartition, c.relrowsecurity, c.reltuples,
           w.nspname, w.position,
           c.relname ~* '(status|state|stage|phase|type|kind)(es|s|_?codes?|_?types?|_?values?)?$' AS says_list,
           has_table_privilege(c.oid, 'SELECT') AS readable,
           has_table_privilege(c.oid, 'INSERT') AS insertable,
           has_table_privilege(c.oid, 'UPDATE') AS updatable
    FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace
    WHERE c.relkind = ANY ('{{r,p,v,m,f}}')
),
families AS (
    -- A table with every table below it.
    SELECT r.oid AS root, r.oid, r.relkind, r.reltuples FROM relations r WHERE r.relkind = ANY ('{{r,p}}')
    UNION ALL
    SELECT f.root, c.oid, c.relkind, c.reltuples
    FROM families f JOIN pg_inherits h ON h.inhparent = f.oid JOIN pg_class c ON c.oid = h.inhrelid
),
estimates AS MATERIALIZED (
    -- Of all rows of a table, those below it included: autovacuum estimates none of a partitioned table itself.
    SELECT f.root, CASE WHEN max(f.reltuples) >= 0 THEN sum(greatest(f.reltuples, 0)) ELSE -1 END AS rows
    FROM families f WHERE f.relkind <> 'p' GROUP BY f.root
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
attributes AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity, a.atthasdef,
           a.attgenerated, a.attacl, pg_get_expr(d.adbin, d.adrelid) AS "default", r.says_list
    FROM pg_attribute a
    JOIN relations r ON r.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
types AS (
    -- The type of every column, followed through domains to the type below them.
    SELECT t.oid AS declared, t.oid, t.typbasetype, t.typnotnull, t.typtype
    FROM (SELECT DISTINCT a.atttypid AS oid FROM attributes a) AS used JOIN pg_type t ON t.oid = used.oid
    UNION ALL
    SELECT types.declared, t.oid, t.typbasetype, types.typnotnull OR t.typnotnull, t.typtype
    FROM types JOIN pg_type t ON t.oid = types.typbasetype
),
base_types AS MATERIALIZED (
    SELECT t.declared, t.oid, t.typnotnull, format_type(t.oid, NULL) AS name,
           CASE WHEN t.typtype = 'e' THEN (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                                           FROM pg_enum e WHERE e.enumtypid = t.oid) END AS enum_labels,
           (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]'::json)
            FROM pg_constraint k WHERE k.contypid = t.declared AND k.contype = 'c') AS checks
    FROM types t
    WHERE t.typbasetype = 0
),
names AS MATERIALIZED (
    -- What the names of columns say, each looked at once: many tables have the same.
    SELECT n.attname,
           n.attname ~* '(status|state|stage|stat|phase|progress|condition|lifecycle|type|kind|class|nature|event|reason|action|operation)(_?code)?$' AS says_state,
           n.attname ~* '(name|code|label|slug|key|title|id|word|value|status|state|type|kind)$' AS says_word,
           n.attname ~* '(url|uri|link|endpoint|address|adresse|direccion|enlace|lien|hook|target|destination|handler|entry_?point|trigger)$' AS says_address,
           n.attname ~* '(amount|amt|delta|change|diff|difference|adjustment|movement|value|quantity|qty|credits|units|points|tokens|coins)$' AS says_amount,
           n.attname ~* '(type|kind|category|event|action|reason|operation|source|code)$' AS says_kind
    FROM (SELECT DISTINCT attname FROM attributes) AS n
),
referred AS MATERIALIZED (
    SELECT DISTINCT k.confrelid AS oid FROM pg_constraint k WHERE k.contype = 'f'
),
keyed AS MATERIALIZED (
    -- Of each table, the columns of its keys, the one that is its primary key, and whether one refers to another table.
    SELECT k.conrelid AS oid, array_agg(key.attnum) AS columns, bool_or(k.contype = 'f') AS refers,
           min(key.attnum) FILTER (WHERE k.contype = 'p' AND cardinality(k.conkey) = 1) AS own
    FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid CROSS JOIN unnest(k.conkey) AS key (attnum)
    WHERE k.contype = ANY ('{{p,u,f}}')
    GROUP BY k.conrelid
),
of_kinds AS MATERIALIZED (
    -- Tables of several kinds of rows that refer to others, as a ledger's do.
    SELECT k.oid, k.columns
    FROM keyed k
    WHERE k.refers AND k.oid = ANY (SELECT a.attrelid FROM attributes a JOIN names n ON n.attname = a.attname AND n.says_kind)
),
lists AS MATERIALIZED (
    -- Small tables that others refer to and that list words, as run_states does, with their key if it can be read.
    -- All their columns are counted in one pass: a look into attributes for each table would read it as often.
    SELECT a.attrelid AS oid,
           max(quote_ident(a.attname)) FILTER (
               WHERE a.attnum = k.own
                 AND a.atttypid = ANY ('{{smallint,integer,bigint,uuid,text,varchar}}'::regtype[])
           ) AS key
    FROM attributes a JOIN referred ON referred.oid = a.attrelid JOIN keyed k ON k.oid = a.attrelid
    WHERE a.says_list
    GROUP BY a.attrelid
    HAVING count(*) <= 8
),
sampling AS MATERIALIZED (
    -- Nothing but rows tells what a free text or a plain number means: which words, which sign. For each column, an
    -- expression of SQL that is NULL or a short text, and the number of rows that are read.
    SELECT c.attrelid, c.attnum, c.attname, c.nspname, c.relname, c.key, c.most,
           format(c.expression, c.attname) AS expression
    FROM (
        SELECT a.attrelid, a.attnum, a.attname, r.nspname, r.relname, l.key,
               CASE WHEN n.says_address THEN 50 ELSE 1000 END AS most,
               CASE WHEN t.oid = ANY ('{{text,varchar}}'::regtype[]) THEN
                   CASE WHEN l.key IS NOT NULL AND (n.says_word OR a.attnotnull)
                        -- Each word is read with its key.
                        THEN 'pg_catalog.left(pg_catalog.concat(agentctl_key, pg_catalog.chr(31), %1$I), 126)'
                        WHEN n.says_state THEN 'pg_catalog.left(%1$I, 63)'
                        -- The addresses of n8n, Make and Zapier, of things that others refer to, as executions do
                        -- to agents; what the rows hold beyond that is not read.
                        WHEN n.says_address AND a.attrelid = ANY (SELECT oid FROM referred)
                        THEN $address$CASE WHEN %1$I OPERATOR(pg_catalog.~) '^https?://([^?#]*/webhook/|hooks?[.][^?#]*/)'
                                           THEN 'webhook address' WHEN %1$I OPERATOR(pg_catalog.<>) '' THEN 'other' END$address$ END
               WHEN t.oid = ANY ('{{integer,bigint,numeric}}'::regtype[])
                AND (n.says_amount
                     -- What every row of several kinds has, and refers to nothing: a ledger's amount is such.
                     OR a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attnum <> ALL (o.columns))
               THEN $sign$CASE WHEN %1$I OPERATOR(pg_catalog.<) 0 THEN '-1'
                               WHEN %1$I OPERATOR(pg_catalog.>) 0 THEN '1'
                               WHEN %1$I OPERATOR(pg_catalog.=) 0 THEN '0' END$sign$ END AS expression
        FROM attributes a
        JOIN names n ON n.attname = a.attname
        JOIN base_types t ON t.declared = a.atttypid
        JOIN relations r ON r.oid = a.attrelid
        LEFT JOIN lists l ON l.oid = a.attrelid
        LEFT JOIN of_kinds o ON o.oid = a.attrelid
        WHERE r.readable AND r.oid = ANY (SELECT oid FROM inspectable) AND NOT row_security_active(r.oid)
          AND (r.relkind = 'p' OR pg_relation_size(r.oid) > 0)
    ) AS c
    WHERE c.expression IS NOT NULL
),
samples AS MATERIALIZED (
    -- ts_stat is PostgreSQL's one function that runs a query given as text: it counts words, here those of all
    -- columns of a table at once, each behind its column's number. TABLESAMPLE refuses a view that has taken the
    -- table's place meanwhile.
    SELECT seen.attrelid, seen.attnum, json_agg(seen.word ORDER BY seen.word COLLATE pg_catalog."C") AS words
    FROM (
        SELECT s.attrelid, split_part(stat.word, chr(31), 1)::smallint AS attnum,
               substr(stat.word, strpos(stat.word, chr(31)) + 1) AS word
        FROM (
            SELECT attrelid, nspname, relname, most,
                   string_agg(format('%L OPERATOR(pg_catalog.||) (%s)', attnum || chr(31), expression), ', ') AS words,
                   string_agg(quote_ident(attname), ', ') || coalesce(', ' || key || ' AS agentctl_key', '') AS columns
            FROM sampling GROUP BY attrelid, nspname, relname, most, key
        ) AS s
        CROSS JOIN LATERAL ts_stat(format(
            'SELECT pg_catalog.array_to_tsvector(pg_catalog.array_remove(ARRAY[%s], NULL)) FROM ('
            'SELECT %s FROM %I.%I TABLESAMPLE pg_catalog.system (100) LIMIT %s) AS rows',
            s.words, s.columns, s.nspname, s.relname, s.most
        )) AS stat
    ) AS seen
    WHERE seen.word <> ''
    GROUP BY seen.attrelid, seen.attnum
),
columns AS MATERIALIZED (
    SELECT a.attrelid, json_agg(json_build_array(
        a.attname,
        format_type(a.atttypid, a.atttypmod),
        t.name,
        NOT (a.attnotnull OR t.typnotnull),
        a.default,
        a.attgenerated <> '' OR a.attidentity = 'a',
        t.enum_labels,
        r.readable OR has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
        r.insertable OR has_column_privilege(a.attrelid, a.attnum, 'INSERT'),
        r.updatable OR has_column_privilege(a.attrelid, a.attnum, 'UPDATE'),
        sequence.name,
        has_sequence_privilege(to_regclass(sequence.name), 'USAGE'),
        t.checks,
        samples.words,
        {visible}
    ) ORDER BY a.attnum) AS items
    FROM attributes a
    JOIN relations r ON r.oid = a.attrelid
    JOIN base_types t ON t.declared = a.atttypid
    LEFT JOIN samples ON samples.attrelid = a.attrelid AND samples.attnum = a.attnum
    LEFT JOIN LATERAL (
        SELECT CASE WHEN a.attidentity <> '' OR starts_with(a.default, 'nextval(') THEN coalesce(
            pg_get_serial_sequence(format('%I.%I', r.nspname, r.relname), a.attname),
            substring(a.default FROM $pattern$^nextval\('([^']+)'::regclass\)$$pattern$)
        ) END AS name
    ) AS sequence ON true
    GROUP BY a.attrelid
),
key_columns AS MATERIALIZED (
    -- The names of a key's columns, here and, of a foreign key, where it leads.
    SELECT k.oid, key.foreign, json_agg(a.attname ORDER BY key.position) AS names
    FROM pg_constraint k
    JOIN relations r ON r.oid = k.conrelid
    CROSS JOIN LATERAL (
        SELECT k.conrelid AS relation, false AS foreign, own.attnum, own.position
        FROM unnest(k.conkey) WITH ORDINALITY AS own (attnum, position)
        UNION ALL
        SELECT k.confrelid, true, other.attnum, other.position
        FROM unnest(k.confkey) WITH ORDINALITY AS other (attnum, position)
    ) AS key
    JOIN pg_attribute a ON a.attrelid = key.relation AND a.attnum = key.attnum
    GROUP BY k.oid, key.foreign
),
constraints AS MATERIALIZED (
    SELECT k.conrelid, json_agg(json_build_array(
        k.conname,
        CASE WHEN k.contype = 'p' THEN 'primary key' WHEN k.contype = 'u' THEN 'unique'
             WHEN k.contype = 'f' THEN 'foreign key' WHEN k.contype = 'c' THEN 'check' END,
        coalesce(own.names, '[]'::json),
        n.nspname,
        f.relname,
        other.names,
        pg_get_constraintdef(k.oid),
        k.convalidated,
        CASE WHEN k.contype = 'c' THEN pg_get_constraintdef(k.oid) END
    ) ORDER BY k.conname) AS items
    FROM pg_constraint k
    JOIN relations r ON r.oid = k.conrelid
    LEFT JOIN key_columns own ON own.oid = k.oid AND NOT own.foreign
    LEFT JOIN key_columns other ON other.oid = k.oid AND other.foreign
    LEFT JOIN pg_class f ON f.oid = k.confrelid
    LEFT JOIN pg_namespace n ON n.oid = f.relnamespace
    WHERE k.contype = ANY ('{{p,u,f,c}}')
    GROUP BY k.conrelid
),
indexes AS MATERIALIZED (
    SELECT i.indrelid, json_agg(json_build_array(
        ic.relname,
        am.amname,
        (SELECT json_agg(pg_get_indexdef(i.indexrelid, key.position::integer, true) ORDER BY key.position)
         FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS key (attnum, position)
         WHERE key.position <= i.indnkeyatts),
        i.indisunique,
        i.indisvalid AND i.indisready,
        i.indpred IS NOT NULL,
        pg_get_indexdef(i.indexrelid)
    ) ORDER BY ic.relname) AS items
    FROM pg_index i
    JOIN relations r ON r.oid = i.indrelid
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_am am ON am.oid = ic.relam
    GROUP BY i.indrelid
),
triggers AS MATERIALIZED (
    SELECT g.tgrelid, json_agg(json_build_array(
        g.tgname,
        format('%I.%I', n.nspname, p.proname),
        pg_get_triggerdef(g.oid)
    ) ORDER BY g.tgname) AS items
    FROM pg_trigger g
    JOIN relations r ON r.oid = g.tgrelid
    JOIN pg_proc p ON p.oid = g.tgfoid
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
    GROUP BY g.tgrelid
),
grants AS MATERIALIZED (
    SELECT relation, json_agg(json_build_array(rolname, "column", privileges, customers) ORDER BY rolname, "column") AS items
    FROM (
        SELECT given.relation, given.column, g.rolname, g.customers::text::json AS customers,
               json_agg(given.privilege_type ORDER BY given.privilege_type) AS privileges
        FROM (
            SELECT r.oid AS relation, r.relnamespace AS namespace, NULL AS column, acl.grantee, acl.privilege_type
            FROM relations r CROSS JOIN aclexplode(r.relacl) AS acl
            UNION ALL
            SELECT r.oid, r.relnamespace, a.attname, acl.grantee, acl.privilege_type
            FROM attributes a JOIN relations r ON r.oid = a.attrelid CROSS JOIN aclexplode(a.attacl) AS acl
            WHERE a.attacl IS NOT NULL
        ) AS given
        JOIN grantees g ON g.namespace = given.namespace AND g.oid = given.grantee
        WHERE given.privilege_type = ANY ('{{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}}')
        GROUP BY given.relation, given.column, g.rolname, g.customers::text
    ) AS held
    GROUP BY relation
),
policies AS MATERIALIZED (
    SELECT p.polrelid, json_agg(json_build_array(
        p.polname,
        CASE WHEN p.polcmd = 'r' THEN 'select' WHEN p.polcmd = 'a' THEN 'insert'
                        WHEN p.polcmd = 'w' THEN 'update' WHEN p.polcmd = 'd' THEN 'delete' ELSE 'all' END,
        p.polpermissive,
        0 = ANY (p.polroles) OR EXISTS (
            SELECT FROM unnest(p.polroles) AS member (oid) WHERE pg_has_role(member.oid, 'USAGE')),
        pg_get_expr(p.polqual, p.polrelid),
        pg_get_expr(p.polwithcheck, p.polrelid),
        (SELECT json_agg(CASE WHEN member.oid = 0 THEN 'public' ELSE pg_get_userbyid(member.oid) END)
                  FROM unnest(p.polroles) AS member (oid)),
        (SELECT coalesce(json_agg(c.rolname), '[]'::json) FROM customers c
                      WHERE 0 = ANY (p.polroles) OR c.oid <> 0 AND EXISTS (
                          SELECT FROM unnest(p.polroles) AS member (oid)
                          WHERE pg_has_role(c.oid, member.oid, 'USAGE')))
    ) ORDER BY p.polname) AS items
    FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
    GROUP BY p.polrelid
),
functions AS MATERIALIZED (
    SELECT json_agg(json_build_array(
        w.nspname,
        p.proname,
        (
            SELECT coalesce(json_agg(json_build_array(
                coalesce(p.proargnames[argument.position], ''),
                format_type(argument.type, NULL),
                argument.mode,
                argument.takes AND argument.inputs > (p.pronargs - p.pronargdefaults)
            ) ORDER BY argument.position), '[]'::json)
            FROM (
                -- Defaults are counted among the input arguments only.
                SELECT moded.*, count(*) FILTER (WHERE moded.takes) OVER (ORDER BY moded.position) AS inputs
                FROM (
                    SELECT given.type, given.position, coalesce(p.proargmodes[given.position], 'i') AS mode,
                           coalesce(p.proargmodes[given.position], 'i') = ANY ('{{i,b,v}}') AS takes
                    FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                        WITH ORDINALITY AS given (type, position)
                ) AS moded
            ) AS argument
        ),
        pg_get_function_identity_arguments(p.oid),
        pg_get_function_result(p.oid),
        p.prosecdef,
        coalesce(to_json(p.proconfig), '[]'::json),
        has_function_privilege(p.oid, 'EXECUTE'),
        coalesce((SELECT bool_or(acl.grantee = 0)
                  FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
                  WHERE acl.privilege_type = 'EXECUTE'), false),
        source.text ~ $words$auth\.(uid|jwt|role)\s*\(|request\.jwt$words$,
        (SELECT coalesce(json_agg(json_build_array(g.rolname, NULL, ARRAY['EXECUTE'], g.customers)
                                  ORDER BY g.rolname), '[]'::json)
         FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl
         JOIN grantees g ON g.namespace = p.pronamespace AND g.oid = acl.grantee),
        -- What may say which column is the balance, and which argument the amount.
        CASE WHEN source.text ~* $words$\m(update|insert)\M$words$ AND length(source.text) < 20000
             THEN source.text END
    ) ORDER BY w.position, w.nspname, p.proname, pg_get_function_identity_arguments(p.oid) COLLATE pg_catalog."C") AS items
    FROM pg_proc p JOIN wanted w ON w.oid = p.pronamespace
    -- A body in BEGIN ATOMIC is kept as a tree, and has no source.
    CROSS JOIN LATERAL (SELECT coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS text) AS source
    WHERE p.prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT json_build_array(
    json_build_array(
        current_setting('server_version'),
        current_setting('server_version_num')::integer,
        current_database(),
        current_user,
        to_json(current_setting('agentctl.schemas')::text[]),
        pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean,
        (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user),
        current_setting('TimeZone')
    ),
    coalesce((
        SELECT json_agg(json_build_array(
            r.nspname,
            r.relname,
            CASE WHEN r.relkind = 'r' THEN 'table' WHEN r.relkind = 'p' THEN 'partitioned table'
                 WHEN r.relkind = 'v' THEN 'view' WHEN r.relkind = 'm' THEN 'materialized view'
                 ELSE 'foreign table' END,
            coalesce(columns.items, '[]'::json),
            coalesce(constraints.items, '[]'::json),
            coalesce(indexes.items, '[]'::json),
            json_build_array(r.relrowsecurity, row_security_active(r.oid), coalesce(policies.items, '[]'::json)),
            coalesce(estimates.rows, r.reltuples)::bigint,
            coalesce(triggers.items, '[]'::json),
            r.relkind = ANY ('{{r,p,f}}') OR pg_relation_is_updatable(r.oid, true) & 8 <> 0,
            coalesce(grants.items, '[]'::json),
            r.oid = ANY (SELECT oid FROM inspectable),
            r.relispartition
        ) ORDER BY r.position, r.nspname, r.relname)
        FROM relations r
        LEFT JOIN estimates ON estimates.root = r.oid
        LEFT JOIN columns ON columns.attrelid = r.oid
        LEFT JOIN constraints ON constraints.conrelid = r.oid
        LEFT JOIN indexes ON indexes.indrelid = r.oid
        LEFT JOIN triggers ON triggers.tgrelid = r.oid
        LEFT JOIN policies ON policies.polrelid = r.oid
        LEFT JOIN grants ON grants.relation = r.oid
    ), '[]'::json),
    coalesce((SELECT items FROM functions), '[]'::json),
    -- What is there besides: sequences, and the functions of extensions.
    (
        SELECT coalesce(json_agg(DISTINCT other.name), '[]'::json)
        FROM (
            SELECT p.proname AS name
            FROM pg_proc p JOIN wanted w ON w.oid = p.pronamespace
            JOIN pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
            UNION ALL
            SELECT c.relname FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace WHERE c.relkind = 'S'
        ) AS other
    )
)::text AS catalog
