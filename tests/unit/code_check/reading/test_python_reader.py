"""SQL in the strings of Python: found, put together, placed; and what is left alone."""

import ast
import re
import textwrap
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.core.code_check.reading.python_reader import may_hold_sql, read_python
from agentctl.core.code_check.reading.uses import CodeReading
from support.code_uses import lines_of, placed_lines_of

AT_RUN_TIME = "unresolved: SQL that is built at run time"


def read(source: str) -> CodeReading:
    return read_python(textwrap.dedent(source).lstrip("\n"), file="app.py")


def uses(source: str) -> list[str]:
    return lines_of(read(source))


@pytest.mark.parametrize(
    "call",
    [
        'cur.execute("SELECT a FROM t")',
        'self.db.cursor().execute("SELECT a FROM t", (1,))',
        'cur.executemany("SELECT a FROM t", rows)',
        'await connection.fetch("SELECT a FROM t")',
        'connection.fetchrow("SELECT a FROM t")',
        'connection.fetchval("SELECT a FROM t")',
        'database.fetch_all(query="SELECT a FROM t")',
        'database.fetch_one("SELECT a FROM t")',
        'cur.mogrify("SELECT a FROM t")',
        'cur.copy("COPY (SELECT a FROM t) TO STDOUT")',
        'execute_values(cur, "SELECT a FROM t", rows)',
        'extras.execute_batch(cur, "SELECT a FROM t", rows)',
        'session.execute(text("SELECT a FROM t"))',
        'session.execute(sqlalchemy.text("SELECT a FROM t").bindparams(x=1))',
        'cur.execute(sql.SQL("SELECT a FROM t"))',
        'cur.execute("SELECT a " "FROM t")',
        'cur.execute("SELECT a " + "FROM " + "t")',
        'cur.execute(f"SELECT a FROM t")',
        'cur.execute(" /* x */ -- y\\n (SELECT a FROM t)")',
        'cur.execute("""\n  SELECT a FROM t\n""".strip())',
        'cur.execute(textwrap.dedent("""\n  SELECT a FROM t\n"""))',
        'cur.execute(query := "SELECT a FROM t")',
        'q = "SELECT a FROM t"\ncur.execute(q)',
        'q: str = "SELECT a "\nr = q + "FROM t"\ncur.execute(r)',
        'TABLE = "t"\ncur.execute(f"SELECT a FROM {TABLE}")',
        'def f():\n    q = "SELECT a FROM t"\n    return lambda: cur.execute(q)',
        'class R:\n    Q = "SELECT a FROM t"\n    def f(self):\n        cur.execute(self.Q)',
        'class R:\n    Q = "SELECT a FROM t"\n    @classmethod\n    def f(cls):\n        cur.execute(cls.Q)',
        'class R:\n    Q = "SELECT a FROM t"\ncur.execute(R.Q)',
        'class R:\n    Q = "SELECT a FROM t"\n    cur.execute(Q)',
        'if x:\n    with y as z:\n        for i in z:\n            cur.execute("SELECT a FROM t")',
    ],
)
def test_a_text_that_is_handed_to_a_database_is_read(call: str) -> None:
    assert sorted(uses(call)) == ["selected t.a", "table t"]


@pytest.mark.parametrize(
    "call",
    [
        'cur.execute(f"SELECT a FROM {table}")',
        'cur.execute(f"SELECT a FROM t WHERE b = {b!r}")',
        'cur.execute("SELECT a FROM t WHERE b = " + b)',
        'cur.execute("SELECT a FROM %s" % table)',
        'cur.execute("SELECT a FROM {}".format(table))',
        'cur.execute(sql.SQL("SELECT a FROM {}").format(sql.Identifier(table)))',
        'q = "SELECT a FROM t"\nq += " WHERE b"\ncur.execute(q)',
        'q = "SELECT a"\nif x:\n    q = "SELECT b"\ncur.execute(q)',
        'Q = "SELECT a"\ndef f():\n    cur.execute(Q + where)',
        'cur.execute("SELECT a FROM {}")',
    ],
)
def test_a_text_that_is_put_together_at_run_time_is_counted(call: str) -> None:
    assert uses(call) == [AT_RUN_TIME]


@pytest.mark.parametrize(
    "call",
    [
        "cur.execute(query)",
        'task.execute("run the job")',
        'requests.fetch(f"https://{host}/select")',
        'shutil.copy("a", "b")',
        'cur.execute(b"SELECT a FROM t")',
        'print("SELECT a FROM t")',
        'execute("SELECT a FROM t")',
        'q = "SELECT a FROM t"\ndef f(q):\n    cur.execute(q)',
        'def g():\n    q = "SELECT a FROM t"\ndef f():\n    cur.execute(q)',
        'class R:\n    q = "SELECT a FROM t"\n    def f(self):\n        cur.execute(q)',
        'class R:\n    Q = "TABLE t"\n    def f(self):\n        self.Q = x\n        c.execute(self.Q)',
        "q = q\ncur.execute(q)",
        "a = b\nb = a\ncur.execute(a + b)",
        "cur.execute(*args)",
        "cur.execute()",
    ],
)
def test_what_is_no_sql_for_certain_is_left_alone(call: str) -> None:
    assert uses(call) == []


def test_a_name_that_a_function_declares_global_is_not_known() -> None:
    assert (
        uses('Q = "SELECT a FROM t"\ndef f():\n    global Q\n    Q = x\ndef g():\n    cur.execute(Q)') == []
    )


@pytest.mark.parametrize(
    ("imports", "is_read"),
    [
        ("import psycopg", True),
        ("import os", True),
        ("import sqlite3", False),
        ("import aiosqlite as db", False),
        ("from mysql.connector import connect", False),
        ("from google.cloud import bigquery", False),
        ("from google.cloud import storage", True),
        ("import sqlite3, psycopg2.extras", True),
        ("from . import sqlite3", True),
        ("from alembic import op\nimport psycopg", False),
        ("from django.db import migrations", False),
        ("from django.db import connection", True),
        ("try:\n    import duckdb\nexcept ImportError:\n    pass", False),
    ],
)
def test_a_file_for_another_database_is_not_read(imports: str, *, is_read: bool) -> None:
    found = uses(f'{imports}\ncur.execute("SELECT a FROM t")')
    assert found == (["selected t.a", "table t"] if is_read else [])


def test_sql_that_postgresql_does_not_understand_is_counted() -> None:
    (only,) = uses('cur.execute("SELECT TOP 5 a FROM [t]")')
    assert only.startswith("unresolved: SQL that PostgreSQL does not understand: syntax error")


def test_tables_that_one_call_makes_are_none_of_the_live_database_in_another() -> None:
    assert uses('cur.execute("SELECT a FROM mine")\ncur.execute("CREATE TEMP TABLE mine (a int)")') == []
    assert uses('cur.execute("CREATE VIEW mine AS SELECT 1")\ncur.execute("SELECT a FROM mine")') == []


def test_tables_behind_a_search_path_that_the_file_sets_are_counted() -> None:
    found = uses('cur.execute(f"SET search_path TO {tenant}")\ncur.execute("SELECT a, x.b FROM t, app.x")')
    assert found == [
        "selected app.x.b",
        "table app.x",
        "unresolved: tables behind a search path that the code sets itself",
    ]


def test_a_text_that_is_used_twice_is_read_once() -> None:
    assert uses('Q = "SELECT a FROM t"\ncur.execute(Q)\ncur.execute(Q)\ncur.execute(Q + " LIMIT 1")') == [
        "selected t.a",
        "table t",
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('cur.execute("SELECT a FROM t")', ["1:21 selected t.a", "1:28 table t"]),
        ('é = cur.execute("SELECT ü, a FROM t")', ["1:25 selected t.ü", "1:28 selected t.a", "1:35 table t"]),
        (
            'cur.execute(\n    """\n    SELECT a,\n      b FROM t\n    """)',
            ["3:12 selected t.a", "4:7 selected t.b", "4:14 table t"],
        ),
        (
            'cur.execute("SELECT a, "  # one\n    r"b "\\\n  f"FROM t")',
            ["1:21 selected t.a", "2:7 selected t.b", "3:10 table t"],
        ),
        ('cur.execute(rb"" or R"""SELECT a FROM t""")', []),
        ('cur.execute(R"""SELECT a FROM t""")', ["1:24 selected t.a", "1:31 table t"]),
        ("cur.execute('''\\\nSELECT a FROM t''')", ["2:8 selected t.a", "2:15 table t"]),
        ('cur.execute("SELECT \\"a\\" FROM t")', ["1:13 table t", "1:13 selected t.a"]),
        (
            'cur.execute("SELECT 1,\\n"\n "a FROM t")',
            ["2:3 selected t.a", "2:10 table t"],
        ),
        ('Q = "SELECT a "\ncur.execute(Q + "FROM t")', ["1:13 selected t.a", "2:23 table t"]),
        ('T = "t"\ncur.execute(f"SELECT a FROM {T}")', ["2:13 table t", "2:13 selected t.a"]),
        ("cur.execute(f\"SELECT a, '{{}}' FROM t\")", ["1:13 table t", "1:13 selected t.a"]),
        ('x = 1\r\ncur.execute("""SELECT\r\n a FROM t""")', ["3:2 selected t.a", "3:9 table t"]),
        ('\ufeffcur.execute("SELECT a FROM t")', ["1:21 selected t.a", "1:28 table t"]),
        ('cur.execute(f"SELECT a FROM {t}")', [f"1:13 {AT_RUN_TIME}"]),
        (
            'cur.execute("SELEC T")\ncur.execute("SELECT a b c")',
            ['2:25 unresolved: SQL that PostgreSQL does not understand: syntax error at or near "c"'],
        ),
    ],
)
def test_a_use_stands_where_its_name_does_or_where_its_literal_begins(
    source: str, expected: list[str]
) -> None:
    assert placed_lines_of(read_python(source, file="app.py")) == expected


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ndef f(:\n", 2),
        ("x = 'a\n", 1),
        ("x = \0", 1),
        ("x = '\ud800'", 1),
        ("x = " + "(" * 1000, 1),
        ("x = " + "-" * 100_000 + "1", 1),
        ("x = " + "+".join(["1"] * 100_000), 1),
    ],
    ids=range(7),
)
def test_a_syntax_error_is_reported_once(source: str, line: int) -> None:
    (only,) = read_python(source, file="app.py").unparsed
    assert only.location.line == line


def test_a_long_sum_of_texts_and_a_name_that_doubles_are_read_in_no_time() -> None:
    parts = " + ".join(['" OR a"'] * 400)
    assert len(uses(f'cur.execute("SELECT a FROM t WHERE a" + {parts})')) > 10
    doubling = "".join(f"a{n + 1} = a{n} + a{n}\n" for n in range(40))
    assert uses(f'a0 = "SELECT a "\n{doubling}cur.execute(a40)') == []


def test_warnings_of_the_code_that_is_read_are_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "table t" in uses('x = "\\d"\ncur.execute("SELECT \'\\d\' FROM t")')


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("cur.execute('select 1')", True),
        ("q = '''INSERT\n INTO t'''\nexecute_values (cur, q)", True),
        ("cur.execute('UPDATE t SET a = 1')", True),
        ("cur.execute('DELETE FROM t')", True),
        ("cur.copy('COPY t FROM STDIN')", True),
        ("cur.execute('WITH a AS (SELECT 1) TABLE a')", True),
        ("cur.execute(q)  # with values of the table", False),
        ("db.cursor()  # select one", False),
        ("x = 'SELECT a'", False),
        ("", False),
    ],
)
def test_a_file_is_worth_reading_if_it_calls_and_has_a_verb(source: str, *, expected: bool) -> None:
    assert may_hold_sql(source.encode()) is expected


SOURCE = '''
import psycopg
Q = "SELECT a, 'ü' " \\
    f"FROM t"  # x
class R:
    FIND = """
      SELECT \\"b\\" FROM u
    """
    def f(self, x, *y):
        cur.execute(self.FIND + Q + f"{x} {Q}")
        q = 'é' if (z := Q) else R.FIND
        for cur.execute(r"SELECT 1") in execute_values(cur, "INSERT INTO t (a) VALUES %s" % x, [lambda: Q]):
            global Q; cur.fetch(text(q).strip().format(1))
'''
pieces = st.lists(st.sampled_from(re.findall(r"\w+|\s+|[^\w\s]", SOURCE)), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), pieces))
def test_any_text_is_read(source: str) -> None:
    assert_sound(source)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_that_is_cut_or_has_something_left_out_is_read(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(SOURCE)))
    last = data.draw(st.integers(first, min(len(SOURCE), first + 30)))
    assert_sound(SOURCE[:first])
    assert_sound(SOURCE[:first] + SOURCE[last:])


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="aé😀 ", max_size=8),
    st.text(alphabet="aé😀 \n\\\"'{}", max_size=8),
    st.sampled_from(["", "r", "f", "R", "u"]),
    st.sampled_from(['"', "'", '"""', "'''"]),
)
def test_a_location_in_a_literal_is_exact_or_its_beginning(
    before: str, within: str, prefix: str, quote: str
) -> None:
    source = f"x = '{before}'; cur.execute({prefix}{quote}SELECT '{within}', nme FROM t{quote})"
    if not _is_python(source):
        return
    for use in read_python(source, file="app.py").uses[:1]:
        line = source.split("\n")[use.location.line - 1]
        # A quote in the text may end the literal and begin another beside it, in which other names stand.
        others = ("t", '"', "a", "é", "😀")
        assert line[use.location.column - 1 :].startswith(("nme", prefix + quote, quote, *others))


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError:
            return False
    return True


def assert_sound(source: str) -> None:
    """Read a text, and look whether every place is in it."""
    found = read_python(source, file="app.py")
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for one in (*found.uses, *found.unresolved):
        assert 1 <= one.location.line <= len(lines)
        assert 1 <= one.location.column <= len(lines[one.location.line - 1]) + 1


def test_a_number_in_an_f_string_can_be_no_name() -> None:
    numbered = 'import psycopg\nc.execute(f"SELECT title FROM agents LIMIT {limit:d} OFFSET {skip:03d}")'
    anything = 'import psycopg\nc.execute(f"SELECT title FROM agents LIMIT {limit:>5}")'
    assert "title" in "".join(lines_of(read_python(numbered, file="app.py")))
    assert not read_python(anything, file="app.py").uses
