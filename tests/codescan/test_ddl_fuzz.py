"""No text makes the reader of SQL raise, and it finds the intact statements of a broken text."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.core.location import Location
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.migrations import Migrations
from agentctl.core.sql.tokens import tokens

_CONSTRUCTS = (Path(__file__).parents[1] / "support/constructs.sql").read_text()
_PIECES = [_CONSTRUCTS[token.start : token.end] for token in tokens(_CONSTRUCTS)]
_MARKS = [
    "'",
    '"',
    "$$",
    "$a$",
    "(",
    ")",
    "[",
    ";",
    "--",
    "/*",
    "*/",
    "\\",
    "\0",
    "E'",
    "\ud800",
    "é",
    ".",
    "*",
    "::",
]
_often = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def read(text: str) -> None:
    schema = Schema()
    for problem in schema.apply(text, file="fuzz.sql"):
        assert 1 <= problem.location.line <= text.count("\n") + 1
    catalog = schema.catalog()
    constraints = [one for table in catalog.tables for one in table.constraints]
    assert {one.kind for one in constraints if one.check} <= {"check"}
    for constraint in (one for one in constraints if one.kind == "check"):
        assert constraint.check
        constraint.check.holds(dict.fromkeys(constraint.columns, 1))


@_often
@given(st.text(max_size=200) | st.lists(st.sampled_from([*_PIECES, *_MARKS])).map(" ".join))
def test_reads_any_text(text: str) -> None:
    read(text)
    Migrations([("migrations/1.sql", text)])


@_often
@given(st.integers(0, len(_CONSTRUCTS)), st.integers(0, 3000))
def test_reads_any_part_of_a_file(start: int, length: int) -> None:
    read(_CONSTRUCTS[start : start + length])


@_often
@given(
    st.lists(
        st.tuples(st.integers(0, len(_PIECES) - 1), st.sampled_from([*_PIECES, *_MARKS, ""])), max_size=20
    )
)
def test_reads_a_file_with_broken_parts(changes: list[tuple[int, str]]) -> None:
    pieces = list(_PIECES)
    for place, piece in changes:
        pieces[place] = piece
    read(" ".join(pieces))


@_often
@given(st.integers(0, len(_CONSTRUCTS)))
def test_finds_statements_before_and_after_broken_ones(cut: int) -> None:
    schema = Schema()
    broken = (
        _CONSTRUCTS[:cut]
        .rpartition(";")[2]
        .replace("'", "")
        .replace('"', "")
        .replace("$", "")
        .replace("/*", "")
    )
    schema.apply(f"CREATE TABLE one (a int); {broken}\n; CREATE TABLE two (b int);", file="s.sql")
    assert schema.locate("one") == Location("s.sql", 1)
    assert schema.locate("two") is not None or "FUNCTION" in broken.upper() or "RULE" in broken.upper()


def test_reports_endlessly_nested_sql_without_crashing() -> None:
    deep = {
        "sum": f"CREATE VIEW v AS SELECT a{'::int' * 3000} FROM t",
        "joins": f"CREATE VIEW v AS SELECT * FROM t{' CROSS JOIN t' * 3000}",
        "long": f"CREATE VIEW v AS SELECT 1{' + 1' * 100_000}",
        "parentheses": f"CREATE TABLE v (a int CHECK ({'(' * 50_000}a{')' * 50_000} > 1))",
    }
    for text in deep.values():
        schema = Schema()
        assert len(schema.apply(f"CREATE TABLE t (a int); {text}; CREATE TABLE u (b int)", file="s.sql")) == 1
        assert schema.locate("u")
