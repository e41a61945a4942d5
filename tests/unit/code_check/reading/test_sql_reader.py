"""SQL that code ships: what it uses, where that stands, and what is never guessed."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentctl.core.code_check.reading.sql_reader import read_sql
from agentctl.core.code_check.reading.uses import CallUse, CodeReading, ColumnUse, RowWrite
from support.code_uses import lines_of, placed_lines_of


def read(sql: str) -> CodeReading:
    return read_sql(sql, file="queries.sql")


def uses(sql: str) -> list[str]:
    return lines_of(read(sql))


def columns(sql: str) -> set[str]:
    """Return `table.column` of every column, without its purpose."""
    kinds = ("selected", "filtered", "ordered", "written")
    return {line.split(" ", 1)[1] for line in uses(sql) if line.startswith(kinds)}


QUERIES = {
    # Names that are certain
    "SELECT id FROM agents": {"agents.id"},
    "SELECT a.id, p.email FROM agents a JOIN profiles p ON p.id = a.owner": {
        "agents.id",
        "profiles.email",
        "profiles.id",
        "agents.owner",
    },
    "SELECT nme FROM agents, public.profiles": {"agents/public.profiles.nme"},
    "SELECT public.agents.name FROM public.agents": {"public.agents.name"},
    'SELECT "Full Name", NAME FROM agents': {"agents.Full Name", "agents.name"},
    "SELECT a.* FROM agents a": set(),
    "TABLE agents": set(),
    "SELECT count(*) FILTER (WHERE ok) OVER (PARTITION BY p ORDER BY o) FROM t": {"t.ok", "t.p", "t.o"},
    "SELECT 1 FROM t WINDOW w AS (ORDER BY o)": {"t.o"},
    "SELECT 1 FROM t GROUP BY ROLLUP (a, b) HAVING max(c) > 1 ORDER BY d LIMIT 1": {
        "t.a",
        "t.b",
        "t.c",
        "t.d",
    },
    "SELECT x FROM t AS t(y)": {"t.x"},
    "SELECT id FROM agents TABLESAMPLE system (1)": {"agents.id"},
    "SELECT a.x[1], (a.y).z FROM agents a": {"agents.x", "agents.y"},
    # Names that mean something else than a column of a table
    "SELECT 1 AS total FROM t GROUP BY total ORDER BY total, other": {"t.other"},
    "SELECT DISTINCT ON (d) 1 AS d FROM t": set(),
    "SELECT a, to_jsonb(a), (a).x FROM agents a": set(),
    "SELECT tableoid, xmin, a.ctid FROM agents a": set(),
    "SELECT u FROM t u": set(),
    "SELECT current_date, current_user, localtime": set(),
    "SELECT extract(epoch FROM created) FROM t": {"t.created"},
    "SELECT status FROM t UNION SELECT state FROM u ORDER BY status": {"t.status", "u.state"},
    "SELECT foo": set(),
    "SELECT x.foo FROM t": set(),
    "SELECT relname FROM pg_class, information_schema.columns c WHERE c.foo": set(),
    # Relations that have columns of their own
    "SELECT s.id, s.bad, own FROM (SELECT id, 1 AS own FROM t) s": {"t.id"},
    "SELECT own, star FROM (SELECT *, 1 AS own FROM t) s": {"t.star"},
    "SELECT e.star FROM (SELECT u.* FROM t, u) e": {"u.star"},
    "SELECT column1, x FROM (VALUES (1)) v, t": {"t.x"},
    "SELECT id, x FROM (VALUES (1)) v(id), t": {"t.x"},
    "SELECT lower, x FROM (SELECT lower(a) FROM t) s, u": {"t.a", "u.x"},
    "SELECT text, x FROM (SELECT 'a'::text) s, u": {"u.x"},
    "SELECT case, x FROM t": None,
    "SELECT value, key, x FROM t, jsonb_each(t.j)": {"t.x", "t.j"},
    "SELECT n, x FROM t, generate_series(1, 2) n": {"t.x"},
    "SELECT e.a, x FROM t, jsonb_to_recordset('[]') AS e(a int)": {"t.x"},
    "SELECT w.ordinality, t.x, y FROM t, my_rows() WITH ORDINALITY w": {"t.x"},
    "SELECT g, t.x FROM t, unnest(t.a) u": {"t.x", "t.a"},
    "SELECT id FROM t, XMLTABLE('/a' PASSING t.doc COLUMNS id int)": {"t.doc"},
    "SELECT id, t.x FROM t, JSON_TABLE(t.j, '$' COLUMNS (id int PATH '$'))": {"t.x", "t.j"},
    "SELECT j.z FROM (t JOIN u ON t.a = u.a) AS j": {"t/u.z", "t.a", "u.a"},
    "SELECT 1 FROM t JOIN u USING (a, b)": {"t.a", "u.a", "t.b", "u.b"},
    "SELECT score FROM t ORDER BY (f(t)).*, made": {"t.score", "t.made"},
    "SELECT (f(t)).* FROM t ORDER BY made": set(),
    # WITH
    "WITH t AS (SELECT id FROM u) SELECT t.id, t.bad, bad FROM t": {"u.id"},
    "WITH r AS (SELECT * FROM t) SELECT r.x, y FROM r": {"t.x", "t.y"},
    "WITH r(a) AS (SELECT b FROM t) SELECT a, c FROM r, u": {"t.b", "u.c"},
    "WITH t AS (SELECT * FROM t) SELECT t.x FROM t": {"t.x"},
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n, t.m FROM t": set(),
    "WITH RECURSIVE r AS (SELECT id, up FROM t UNION SELECT u.id, r.up FROM u, r) SELECT id, z FROM r, v": {
        "t.id",
        "t.up",
        "u.id",
        "v.z",
    },
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) CYCLE n SET is_cycle USING path "
    "SELECT is_cycle, path, x FROM r, t": {"t.x"},
    "WITH d AS (DELETE FROM t RETURNING id) SELECT id, d.bad, x FROM d, u": {"t.id", "u.x"},
    "WITH t AS (SELECT 1) SELECT x FROM public.t": {"public.t.x"},
    # Queries in queries
    "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.b AND c)": {"u.a", "t.b", "u/t.c"},
    "SELECT 1 FROM t, (SELECT x FROM u) s": {"u.x"},
    "SELECT 1 FROM t, LATERAL (SELECT x FROM u) s": {"u/t.x"},
    "SELECT (SELECT x FROM u) FROM my_rows() f": set(),
    "SELECT ARRAY(SELECT x FROM u), a IN (SELECT y FROM v) FROM t": {"u/t.x", "v/t.y", "t.a"},
}


@pytest.mark.parametrize(("sql", "expected"), QUERIES.items())
def test_a_query_uses_the_columns_that_are_certainly_a_tables(sql: str, expected: set[str] | None) -> None:
    found = columns(sql)
    if expected is None:
        assert read(sql).unparsed
    else:
        assert found == expected
        assert not read(sql).unparsed


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM t, public.u AS v", ["table t", "table public.u"]),
        ("WITH c AS (SELECT 1 FROM t) SELECT 1 FROM c, d", ["table t", "table d"]),
        ("WITH c AS (SELECT 1) INSERT INTO c DEFAULT VALUES", ["table c", "insert c()"]),
        ("SELECT 1 FROM pg_class, pg_temp.x, information_schema.tables, auth.users", ["table auth.users"]),
        ("CREATE TEMP TABLE mine (a int); SELECT a FROM mine; DELETE FROM mine WHERE b", []),
        ("SELECT id INTO TEMP mine FROM t; SELECT a FROM mine", ["selected t.id", "table t"]),
        ("CREATE TABLE mine AS SELECT id FROM t; UPDATE mine SET a = 1", ["selected t.id", "table t"]),
        ("ALTER TABLE t ADD COLUMN fresh int; UPDATE t SET fresh = 1", []),
        ("ALTER TABLE old RENAME TO mine; SELECT a FROM mine", []),
        ("CREATE TABLE public.x (a int)", []),
        ("TRUNCATE t; GRANT SELECT ON t TO r; DO $$ BEGIN DELETE FROM t; END $$", []),
        ("EXPLAIN ANALYZE SELECT 1 FROM t", ["table t"]),
        ("PREPARE p (int) AS DELETE FROM t", ["table t"]),
        ("DECLARE c CURSOR FOR SELECT 1 FROM t", ["table t"]),
    ],
)
def test_a_table_is_used_unless_it_is_no_table_of_the_live_database(sql: str, expected: list[str]) -> None:
    assert uses(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO t (a, b) VALUES (1, 'x'), (-2.5, NULL)", "insert t(a=1|-2.5, b='x'|None)"),
        ("INSERT INTO t (a) VALUES (true), (1), (1)", "insert t(a=True|1)"),
        ("INSERT INTO t (a, b) VALUES ($1, now())", "insert t(a, b)"),
        ("INSERT INTO t (a, b) VALUES (1, 2), (1)", "insert t(a=1, b=2)"),
        ("INSERT INTO t VALUES (1)", "insert t(...)"),
        ("INSERT INTO t SELECT 1", "insert t(...)"),
        ("INSERT INTO t DEFAULT VALUES", "insert t()"),
        ("INSERT INTO t (a, b) SELECT 'x', c FROM u", "insert t(a='x', b)"),
        ("INSERT INTO t (a, b) SELECT *, 1 FROM u", "insert t(a, b)"),
        ("INSERT INTO t (a) SELECT 'x' UNION SELECT 'y'", "insert t(a)"),
        ("INSERT INTO t (a, b) VALUES (DEFAULT, 1)", "insert t(b=1)"),
        ("INSERT INTO t (a) VALUES (DEFAULT), (1)", "insert t(a?=1)"),
        ("INSERT INTO t (a[1], b.c) VALUES (1, 2)", "insert t(a, b)"),
        ("UPDATE t SET a = 'x', b = c", "update t(a='x', b)"),
        ("UPDATE t SET (a, b) = (1, 'y')", "update t(a=1, b='y')"),
        ("UPDATE t SET (a, b) = (SELECT 1, 2)", "update t(a, b)"),
        ("UPDATE t SET a = DEFAULT, b = 1", "update t(b=1)"),
        ("COPY t (a, b) FROM STDIN", "insert t(a, b)"),
        ("COPY t FROM STDIN", "insert t(...)"),
    ],
)
def test_a_row_is_written_with_the_literals_that_are_visible(sql: str, expected: str) -> None:
    assert [line for line in uses(sql) if line.startswith(("insert", "update"))] == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'x'::status", "'x'"),
        ("'x'::public.status", "'x'"),
        ("'x'::text", "'x'"),
        ("CAST('x' AS text)", "'x'"),
        ("5::numeric", "5"),
        ("NULL::int", "None"),
        ("E'a\\nb'", "'a\\nb'"),
        ("$$x$$", "'x'"),
        ("9223372036854775807", "9223372036854775807"),
        ("99999999999999999999", None),
        ("1e400", None),
        ("'abcd'::varchar(2)", None),
        ("'{a}'::text[]", None),
        ("'1 day'::interval", None),
        ("'{}'::jsonb", None),
        ("5.5::int", None),
        ("'{{ value }}'", None),
        ("'100%%'", None),
        ("B'101'", None),
        (":'variable'", None),
    ],
)
def test_a_cast_leaves_a_literal_only_if_it_does_not_change_it(value: str, expected: str | None) -> None:
    written = f"a={expected}" if expected else "a"
    assert f"update t({written})" in uses(f"UPDATE t SET a = {value}")


def test_a_default_names_its_column_but_writes_nothing_into_it() -> None:
    assert "written t.a" in uses("INSERT INTO t (a) VALUES (DEFAULT)")
    assert "written t.a" in uses("UPDATE t SET a = DEFAULT")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE t AS x SET a = b FROM u WHERE x.c = u.d AND e", {"t/u.b", "t.c", "u.d", "t/u.e"}),
        ("DELETE FROM t USING u WHERE t.a = u.b RETURNING c", {"t.a", "u.b", "t/u.c"}),
        ("INSERT INTO t (a) SELECT b FROM u RETURNING c, old.d, new.e", {"u.b", "t.c", "t.d", "t.e"}),
        ("UPDATE t SET a = 1 RETURNING WITH (OLD AS o) o.b, new.*", {"t.b"}),
        (
            "INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (b) WHERE c DO UPDATE SET a = excluded.d WHERE e",
            {"t.b", "t.c", "t.d", "t.e"},
        ),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING RETURNING excluded", {"t.excluded"}),
        ("SELECT excluded FROM t", {"t.excluded"}),
        (
            "MERGE INTO t USING (SELECT a s FROM u) v ON b = s WHEN MATCHED AND c THEN DELETE RETURNING t.f",
            {"u.a", "t.b", "t.c", "t.f"},
        ),
        ("COPY t (a, b) TO STDOUT", {"t.a", "t.b"}),
        ("COPY (SELECT a FROM t) TO STDOUT", {"t.a"}),
    ],
)
def test_what_writes_reads_columns_too(sql: str, expected: set[str]) -> None:
    assert columns(sql) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("(a, b)", ["conflict t(a, b)"]),
        ("(a, lower(b))", []),
        ("(a) WHERE b", []),
        ("(a COLLATE x)", []),
        ("ON CONSTRAINT t_pkey", []),
        ("", []),
    ],
)
def test_an_upsert_names_its_conflict_where_plain_columns_decide(target: str, expected: list[str]) -> None:
    found = uses(f"INSERT INTO t (a) VALUES (1) ON CONFLICT {target} DO NOTHING")
    assert [line for line in found if line.startswith("conflict")] == expected


def test_an_upsert_is_an_insert_and_an_update() -> None:
    found = uses("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = 'x'")
    assert "insert t(a=1, b=2)" in found
    assert "update t(b='x')" in found


def test_a_merge_inserts_and_updates() -> None:
    found = uses(
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 'x' "
        "WHEN NOT MATCHED THEN INSERT (a, c) VALUES (u.a, DEFAULT) WHEN NOT MATCHED BY SOURCE THEN DELETE"
    )
    assert "update t(b='x')" in found
    assert "insert t(a)" in found
    assert "written t.c" in found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a = 'x'", "filtered t.a='x'"),
        ("'x' <> a", "filtered t.a='x'"),
        ("a != 'x'", "filtered t.a='x'"),
        ("t.a IN ('x', 'y')", "filtered t.a='x'|'y'"),
        ("a NOT IN ('x')", "filtered t.a='x'"),
        ("a = 'x'::status", "filtered t.a='x'"),
        ("a IN ('x', $1)", "filtered t.a"),
        ("a = 5", "filtered t.a"),
        ("a > 'x'", "filtered t.a"),
        ("a = ANY('{x}')", "filtered t.a"),
        ("a LIKE 'x'", "filtered t.a"),
        ("a IS DISTINCT FROM 'x'", "filtered t.a"),
        ("lower(a) = 'x'", "filtered t.a"),
        ("a::text = 'x'", "filtered t.a"),
        ("a ->> 'k' = 'x'", "filtered t.a"),
        ("(a).b = 'x'", "filtered t.a"),
    ],
)
def test_a_column_is_compared_with_the_texts_that_take_its_type(condition: str, expected: str) -> None:
    assert uses(f"SELECT 1 FROM t WHERE {condition}") == ["table t", expected]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT f(p_id => 1, p_kind => 'x')", ["call f(p_id=1, p_kind='x')"]),
        ("SELECT app.f(p_id := $1)", ["call app.f(p_id)"]),
        ("SELECT f(1, p_kind => 'x')", ["call f(p_kind='x', ...)"]),
        ("SELECT * FROM f(p_id => 1) r", ["call f(p_id=1)"]),
        ("SELECT f(1), app.g(), count(*)", []),
        ("SELECT make_interval(days => 1), jsonb_set(target => '{}'), pg_catalog.f(a => 1)", []),
        ("CALL p(a => 1)", []),
    ],
)
def test_a_function_is_called_if_its_arguments_have_names(sql: str, expected: list[str]) -> None:
    assert uses(sql) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "a = :name AND b = :other",
        "a = :name::uuid AND b::text = 'x'",
        "a = @name AND b = @other",
        "a=@name AND b>@other",
        "a = $name AND b = $1",
        "a = %s AND b=%(name)s",
        "a = ? AND b IN (?, ?)",
        "a=? AND b=?1",
        "a IN :names AND b IN %s",
        "a IN :name! AND b = :other!",
        "a IN (:...names) AND b = ANY(:other::uuid[])",
        "a BETWEEN ? AND ? AND b LIKE ?",
        "a = ARRAY[:x, :y] AND b[1:2] = c[:n]",
        "a ? 'key' AND b ?| array['x'] AND c ?& ARRAY[?]",
        "a @> '{}' AND b <@ '{}' AND c @? '$.a' AND d @@ '$.b'",
        "a % 2 = 0 AND b %2 = 1",
        "a = ':name' AND b = '@name %s ? $x'",
        "a = $$ :name $$ AND b = $q$ ? $q$ -- :name ?\n /* ? */",
        """a = "b" AND "c" = ':d' AND "d" = '?'""",
        "a = :'text' AND b = :\"name\"",
        "a AT TIME ZONE ? = b LIMIT ? OFFSET :n",
    ],
)
def test_a_placeholder_is_a_value_and_no_column(condition: str) -> None:
    found = read(f"SELECT 1 FROM t WHERE {condition}")
    assert not found.unparsed
    named = {one.column for one in found.uses if isinstance(one, ColumnUse)}
    assert {"a", "b"} <= named <= {"a", "b", "c", "d"}


def test_the_bounds_of_a_slice_are_columns_where_they_cannot_be_placeholders() -> None:
    assert columns("SELECT a[1:n] FROM t") == {"t.a", "t.n"}
    assert columns("SELECT a[:n] FROM t") == {"t.a"}


def test_the_arguments_of_sqlc_are_no_columns() -> None:
    assert columns("SELECT sqlc.embed(t), a FROM t WHERE b = sqlc.arg(name) AND c = sqlc.narg('x')") == {
        "t.a",
        "t.b",
        "t.c",
    }


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM {table}", ["unresolved: SQL that is built at run time"]),
        (
            "SELECT {{ a }}, '{' FROM t; SELECT 1 FROM u",
            ["table u", "unresolved: SQL that is built at run time"],
        ),
        ("SELECT 1 {% if it's %} FROM t", ["unresolved: SQL that is built at run time"]),
        ('SELECT "{a}" FROM t', ["unresolved: SQL that is built at run time"]),
        ("DELETE FROM ${table}", ["unresolved: SQL that is built at run time"]),
        ("SELECT a FROM :table", ["unresolved: a table that is named at run time"]),
        (
            "UPDATE t SET :column = 1",
            ["table t", "update t(...)", "unresolved: a column that is named at run time"],
        ),
        (
            "SET search_path TO tenant; SELECT a FROM t; SELECT b FROM app.t",
            [
                "selected app.t.b",
                "table app.t",
                "unresolved: tables behind a search path that the code sets itself",
            ],
        ),
        (
            "SELECT set_config('search_path', 'x', true)",
            ["unresolved: tables behind a search path that the code sets itself"],
        ),
        ("SET search_path = public; SELECT 1 FROM t", ["table t"]),
    ],
)
def test_what_is_put_in_at_run_time_is_counted(sql: str, expected: list[str]) -> None:
    assert uses(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT nme FROM agents", ["1:8 selected agents.nme", "1:17 table agents"]),
        ("\n  SELECT a .\n b FROM t a", ["3:2 selected t.b", "3:9 table t"]),
        ("SELECT 'ü😀', ä.é FROM ä", ["1:16 selected ä.é", "1:23 table ä"]),
        ("SELECT 1;\r\nSELECT a FROM t", ["2:8 selected t.a", "2:15 table t"]),
        ('SELECT "a b"."c" FROM public."a b"', ["1:14 selected public.a b.c", "1:30 table public.a b"]),
        ("UPDATE t SET a = :x, b = :y WHERE c", ["1:8 table t", "1:8 update t(a, b)", "1:35 filtered t.c"]),
        (
            "SELECT 1 FROM a JOIN b USING (\n  c)",
            ["1:15 table a", "1:22 table b", "2:3 filtered a.c", "2:3 filtered b.c"],
        ),
        ("SELECT x.f(a => 1)", ["1:10 call x.f(a=1)"]),
        ("SELECT 1;\n  SELEC 2", ['2:3 unparsed: syntax error at or near "SELEC"']),
        ("SELECT 1;\nSELECT a FROM {t}", ["2:15 unresolved: SQL that is built at run time"]),
        (
            "INSERT INTO t (a) VALUES (1) ON CONFLICT (b, c) DO NOTHING",
            ["1:13 table t", "1:13 insert t(a=1)", "1:43 conflict t(b, c)"],
        ),
    ],
)
def test_a_use_stands_where_its_name_does(sql: str, expected: list[str]) -> None:
    assert placed_lines_of(read(sql)) == expected


def test_a_written_column_and_an_argument_stand_where_their_names_do() -> None:
    _, row = read("INSERT INTO t\n  (a, é, b) VALUES (1, 2, 3)").uses
    (call,) = read("SELECT f(\n a => 1,\n  b => 2)").uses
    assert isinstance(row, RowWrite)
    assert isinstance(call, CallUse)
    assert [(one.location.line, one.location.column) for one in row.written] == [(2, 4), (2, 7), (2, 10)]
    assert [(one.location.line, one.location.column) for one in call.arguments] == [(2, 2), (3, 3)]


@pytest.mark.parametrize(
    "sql",
    [
        "\\set x 1\nSELECT a FROM t;\n\\echo it's done\n",
        "SELECT a FROM t \\gset\n",
        "\\copy u from 'x.csv'\nSELECT a FROM t",
        "COPY pg_temp.x FROM STDIN;\n1\tit's; SELECT b FROM u;\n\\.\nSELECT a FROM t;",
        "/* ; /* nested ' */ ; */ -- ; '\nSELECT a FROM t",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE x WHEN 1 THEN 2 END; END; SELECT a FROM t",
        "CREATE RULE r AS ON INSERT TO u DO (DELETE FROM v; DELETE FROM w); SELECT a FROM t",
        "CREATE FUNCTION f() RETURNS int AS $x$ SELECT b FROM u; $x$ LANGUAGE sql; SELECT a FROM t",
        "\ufeffSELECT a FROM t",
        ";;SELECT a FROM t;;",
    ],
)
def test_what_is_no_statement_does_not_disturb_those_around_it(sql: str) -> None:
    assert uses(sql) == ["selected t.a", "table t"]


def test_a_statement_that_is_not_understood_leaves_the_others_alone() -> None:
    found = read("SELEC 1; SELECT (1; SELECT a FROM t; SELECT b FROM u WHERE c = 'open; SELECT 1")
    assert lines_of(CodeReading(found.uses)) == ["selected t.a", "table t"]
    assert [one.location.column for one in found.unparsed] == [1, 10, 64]


def test_tables_that_the_code_makes_itself_are_not_used() -> None:
    made = "CREATE TABLE IF NOT EXISTS app.mine (a int); CREATE VIEW v AS SELECT 1; SELECT 1 FROM t"
    found = read_sql(f"SELECT a FROM mine; SELECT b FROM t; SELECT c FROM v; {made}", file="x.sql")
    assert lines_of(found) == ["selected t.b", "table t", "table t"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "+".join(["1"] * 100_000),
        "SELECT 1" + " UNION SELECT 1, 2" * 50_000,
        "SELECT 1" + "::int" * 100_000,
        "SELECT 1" + "+1, 2" * 3 + " + 1" * 100_000,
        "SELECT " + "(" * 100_000,
        "SELECT " + "(SELECT " * 5000 + "1" + ")" * 5000,
        "SELECT " + "(" * 200 + "1" + ("+1" * 900 + ", 2)") * 200,
        "SELECT 1 FROM a" + " CROSS JOIN b" * 900,
        "SELECT " + "(SELECT " * 900 + "1" + ")" * 900,
        "SELECT \0 1",
        "SELECT '\ud800'",
    ],
    ids=range(11),
)
def test_what_would_overflow_the_parser_is_not_parsed(sql: str) -> None:
    (only,) = read(sql).unparsed
    assert only.location.line == 1


def test_a_long_list_is_no_deep_tree() -> None:
    rows = ", ".join(f"({number}, f({number} + 1), 'x')" for number in range(5000))
    assert not read(f"INSERT INTO t (a, b, c) VALUES {rows}").unparsed


STATEMENTS = [
    *QUERIES,
    "INSERT INTO t AS x (a, b) VALUES (1, 'x'::s), (2, :y) ON CONFLICT (a) DO UPDATE SET b = 1",
    "UPDATE t SET (a, b) = (SELECT 1, 2), c[1] = f(p => 'q') FROM u WHERE t.a IN (?, %s) AND $$ x $$ = E'n'",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN DO NOTHING",
    'COPY t (a) FROM STDIN;\n1\n\\.\n\\gset\n/* a /* b */ c */ SELECT {x}, "y" -- z',
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; WITH RECURSIVE r AS (TABLE t) TABLE r",
]
shuffled = st.lists(st.sampled_from(re.findall(r"\w+|\W", " ".join(STATEMENTS))), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), shuffled))
@example("'")
@example("$a$")
@example(":'")
def test_any_text_is_read(text: str) -> None:
    assert_sound(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_that_is_cut_or_has_something_left_out_is_read(
    statement: str, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(statement)))
    last = data.draw(st.integers(first, len(statement)))
    assert_sound(statement[first:last])
    assert_sound(statement[:first] + statement[last:])


def assert_sound(text: str) -> None:
    """Read a text, and look whether every place is in it."""
    found = read(text)
    lines = text.split("\n")
    for one in (*found.uses, *found.unresolved, *found.unparsed):
        assert 1 <= one.location.line <= len(lines)
        assert 1 <= one.location.column <= len(lines[one.location.line - 1]) + 1
