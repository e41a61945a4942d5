-- What a migration must know of one table beyond the catalog: what stands below it, what its columns' comments
-- say and what depends on them, and the query of a view.
WITH RECURSIVE
target AS (
    SELECT c.oid, c.relkind, c.relispartition FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = %(table)s
),
family AS (
    SELECT i.inhrelid AS oid, i.inhparent AS parent, 1 AS depth
    FROM pg_inherits i JOIN target ON target.oid = i.inhparent
    UNION ALL
    SELECT i.inhrelid, i.inhparent, family.depth + 1
    FROM pg_inherits i JOIN family ON family.oid = i.inhparent
),
relations AS (
    SELECT oid, NULL::oid AS parent, 0 AS depth FROM target
    UNION ALL SELECT oid, parent, depth FROM family
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
        'definition', pg_get_indexdef(i.indexrelid),
        'parent', (SELECT pc.relname FROM pg_inherits h JOIN pg_class pc ON pc.oid = h.inhparent
                   WHERE h.inhrelid = i.indexrelid)
    ) ORDER BY ic.relname) AS items
    FROM pg_index i
    JOIN relations r ON r.oid = i.indrelid
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_am am ON am.oid = ic.relam
    GROUP BY i.indrelid
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'number', a.attnum,
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'comment', col_description(a.attrelid, a.attnum),
        -- Views, policies, generated columns: what a column cannot be dropped under.
        'needed_by', (SELECT coalesce(json_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)), '[]'::json)
                      FROM pg_depend d
                      WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid
                        AND d.refobjsubid = a.attnum AND d.deptype = 'n')
    ) ORDER BY a.attnum) AS items
    FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
)
SELECT json_build_object(
    'is_partition', (SELECT relispartition FROM target),
    'view', (SELECT CASE WHEN relkind = ANY ('{v,m}') THEN pg_get_viewdef(oid, true) END FROM target),
    'members', (
        SELECT json_agg(json_build_object(
            'schema', n.nspname,
            'name', c.relname,
            'kind', CASE WHEN c.relkind = 'r' THEN 'table' WHEN c.relkind = 'p' THEN 'partitioned table'
                         WHEN c.relkind = 'f' THEN 'foreign table' ELSE 'other' END,
            'parent', (SELECT json_build_array(pn.nspname, pc.relname)
                       FROM pg_class pc JOIN pg_namespace pn ON pn.oid = pc.relnamespace WHERE pc.oid = r.parent),
            'is_partition', c.relispartition,
            'columns', coalesce(columns.items, '[]'::json),
            'indexes', coalesce(indexes.items, '[]'::json)
        ) ORDER BY r.depth, n.nspname, c.relname)
        FROM relations r
        JOIN pg_class c ON c.oid = r.oid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN indexes ON indexes.indrelid = r.oid
        LEFT JOIN columns ON columns.attrelid = r.oid
    )
) AS survey
