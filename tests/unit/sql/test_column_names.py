"""The names that PostgreSQL gives to the columns of a query."""

import pytest
from pglast import ast

from agentctl.core.sql.column_names import NAMELESS, is_star, name_column
from agentctl.core.sql.parsing import parse_one


def first_value(expression: str) -> object:
    query = parse_one(f"SELECT {expression}", depth=0)
    assert isinstance(query, ast.SelectStmt)
    (target,) = query.targetList or ()
    return target.val


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("a.b", "b"),
        ("app.f(1)", "f"),
        ("1", NAMELESS),
        ("a + 1", NAMELESS),
        ("a IS NULL", NAMELESS),
        ("a::text", "a"),
        ("1::text", "text"),
        ("(CASE WHEN a THEN 1 END)::text", "text"),
        ("CASE WHEN a THEN 1 ELSE b END", "b"),
        ("CASE WHEN a THEN 1 END", "case"),
        ('a COLLATE "C"', "a"),
        ("(a).b", "b"),
        ("a[1]", "a"),
        ("coalesce(a, 1)", "coalesce"),
        ("greatest(a, 1)", "greatest"),
        ("nullif(a, 1)", "nullif"),
        ("ARRAY[1]", "array"),
        ("ARRAY(SELECT 1)", "array"),
        ("EXISTS (SELECT 1)", "exists"),
        ("(SELECT a FROM t)", "a"),
        ("(SELECT a AS b FROM t)", "b"),
        ("current_date", "current_date"),
        ("current_timestamp(3)", "current_timestamp"),
        ("session_user", "session_user"),
        ("xmlparse(DOCUMENT a)", None),
    ],
)
def test_a_column_without_a_name_gets_postgresqls(expression: str, name: str | None) -> None:
    assert name_column(first_value(expression)) == name


def test_a_star_is_all_columns_of_something() -> None:
    assert [is_star(first_value(text)) for text in ("*", "t.*", "(t).*", "t.a", "1")] == [
        True,
        True,
        True,
        False,
        False,
    ]
