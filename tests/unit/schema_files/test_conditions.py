"""CHECKs as they were written: what is printed for them, and that nothing is judged that is not certain."""

import pytest

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Constraint
from agentctl.core.schema_files.ddl import Schema

COLUMNS = (
    "kind text, short varchar(9), code char(3), n int, price numeric(6,2), rate real, flag boolean,"
    " at timestamptz, id uuid, data jsonb, tags text[], mood mood, other extension_type, name citext"
)


def read(condition: str) -> Constraint:
    schema = Schema()
    schema.apply("CREATE TYPE mood AS ENUM ('good', 'bad')", file="s.sql")
    assert schema.apply(f"CREATE TABLE t ({COLUMNS}, CHECK ({condition}))", file="s.sql") == []
    (only,) = schema.catalog().tables[0].constraints
    return only


def printed(condition: str) -> str:
    return read(condition).definition.removeprefix("CHECK (").removesuffix(")")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("kind IN ('a', 'it''s')", "(kind = ANY (ARRAY['a'::text, 'it''s'::text]))"),
        ("short NOT IN ('a')", "(short <> ALL (ARRAY['a'::character varying]))"),
        ("n BETWEEN 1 AND 5", "((n >= 1) AND (n <= 5))"),
        ("n NOT BETWEEN 1 AND -5", "((n < 1) OR (n > (-5)))"),
        ("n > '5'", "(n > '5'::integer)"),
        ("NOT flag OR flag IS NOT FALSE", "((NOT flag) OR (flag IS NOT FALSE))"),
        ("mood = 'good'", "(mood = 'good'::mood)"),
        ("mood::text = 'good'", "((mood)::text = 'good'::text)"),
        ("trim(kind) <> ''", "(btrim(kind) <> ''::text)"),
        ("at > '2025-01-01'", "((at)::timestamp with time zone > (?))"),
        ("at IS NULL OR data IS NOT NULL", "((at IS NULL) OR (data IS NOT NULL))"),
        ("price >= .5 AND price < 1e3", "((price >= 0.5) AND (price < 1E+3))"),
        ("coalesce(n, 0) + abs(n) * 2 >= 1", "((COALESCE(n, 0) + (abs(n) * 2)) >= 1)"),
        ("kind IS DISTINCT FROM 'a'", "(kind IS DISTINCT FROM 'a'::text)"),
        ("t.n > 0", "(n > 0)"),
        ("kind LIKE 'a%'", "(?)"),
        ("kind = ANY ('{a,b}'::text[])", "(?)"),
        ("data->>'type' = 'a'", "((?) = (?))"),
        ("CASE WHEN flag THEN n > 1 END", "(?)"),
        ("n / 2 > 1", "((?) > 1)"),
        ("tags = '{a}'", "((?) = (?))"),
        ("other = 'a'", "((?) = (?))"),
        ("n > 0x1F", "(n > 31)"),
    ],
)
def test_a_condition_is_printed_as_postgresql_does_or_said_to_be_unknown(written: str, expected: str) -> None:
    assert printed(written) == expected


@pytest.mark.parametrize(
    ("written", "row"),
    [
        ("name IN ('A')", {"name": "a"}),
        ("other = 'a'", {"other": "b"}),
        ("tags = '{a}'", {"tags": "{ a }"}),
        ("id <> 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", {"id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}),
        ("at = '2025-01-01'", {"at": "20250101"}),
        ("at::text = '2025-01-01'", {"at": "20250101"}),
        ("code = 'ab '", {"code": "ab"}),
        ("rate <> 0.1", {"rate": 1}),
        ("data = '{}'", {"data": "{ }"}),
        ("lower(kind) = 'ä'", {"kind": "Ä"}),
        ("my.lower(kind) = 'a'", {"kind": "b"}),
        ("kind OPERATOR(my.=) 'a'", {"kind": "b"}),
        ("kind COLLATE \"loose\" = 'a'", {"kind": "A"}),
        ("kind::varchar(1) = 'a'", {"kind": "ab"}),
        ("n IN (SELECT 1)", {"n": 2}),
        ("strange(n)", {"n": 2}),
        (f"{'NOT ' * 2000} n > 0", {"n": 0}),
        (f"n {'+ 1' * 2000} < 0", {"n": 0}),
    ],
)
def test_what_is_not_certain_is_not_judged(written: str, row: dict[str, object]) -> None:
    check = read(written).check
    assert check
    assert check.holds(row) is None
    assert Check(check.definition).holds(row) is None


def test_a_column_that_is_called_like_a_keyword_is_not_taken_for_it() -> None:
    schema = Schema()
    columns = '"true" text, "null" text, "VALUE" int'
    condition = """"true" = 'a' AND "null" = 'b' AND "VALUE" > 1"""
    schema.apply(f"CREATE TABLE t ({columns}, CHECK ({condition}))", file="s")
    check = schema.catalog().tables[0].constraints[0].check
    assert check
    assert check.columns == {"true", "null", "VALUE"}
    assert check.holds({"true": "a", "null": "b", "VALUE": 2}) is True
    assert check.holds({"true": "b"}) is False
