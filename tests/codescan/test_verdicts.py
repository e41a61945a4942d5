"""Literals that are reported as refused are refused: the server confirms every verdict.

The statements here are PostgREST's: json_to_record splits JSON by the columns' types, and a filter compares a
column with a text of unknown type.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, introspect
from agentctl.core.code_check.reading.uses import CodeLiteral, Use
from agentctl.core.database.connection import read_database_url
from support.marketplace import Connection, Database
from support.uses import IN_SQL, LIST, OBJECT, checked, compared, row, written

pytestmark = pytest.mark.every_postgres

TYPES = """
CREATE TYPE state AS ENUM ('pending', 'running', 'it''s', '12', 'true');
CREATE DOMAIN plan AS text CHECK (VALUE IN ('free', 'pro'));
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN short AS varchar(5);
CREATE DOMAIN rough AS numeric(4,1) CHECK (VALUE <= 1);
CREATE DOMAIN present AS text NOT NULL CHECK (VALUE <> '');
CREATE TYPE pair AS (a integer, b text);
"""
COLUMNS = {
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "numeric": "numeric",
    "numeric_4_2": "numeric(4,2)",
    "numeric_3_0": "numeric(3)",
    "real": "real",
    "double": "double precision",
    "boolean": "boolean",
    "uuid": "uuid",
    "text": "text",
    "varchar": "varchar",
    "varchar_5": "varchar(5)",
    "char_3": "char(3)",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz_3": "timestamptz(3)",
    "time": "time",
    "interval": "interval",
    "json": "json",
    "jsonb": "jsonb",
    "text_list": "text[]",
    "integer_list": "integer[]",
    "uuid_list": "uuid[]",
    "bytea": "bytea",
    "inet": "inet",
    "state": "state",
    "state_list": "state[]",
    "plan": "plan",
    "positive": "positive",
    "short": "short",
    "rough": "rough",
    "present": "present",
    "pair": "pair",
    "int_range": "int4range",
    "never_null": "text NOT NULL DEFAULT 'x'",
    "one_of": "text CHECK (one_of IN ('a', 'b c', '5'))",
    "not_one_of": "varchar(9) CHECK (not_one_of NOT IN ('a', 'b'))",
    "in_order": "numeric(5,1) CHECK (in_order BETWEEN 0 AND 10)",
    "over": "integer CHECK (over > 0 AND over <> 7)",
    "long": "text CHECK (length(long) >= 3)",
    "agreed": "boolean CHECK (agreed)",
    "lower_case": "text CHECK (lower_case = lower(lower_case))",
    "known_state": "state CHECK (known_state <> 'running')",
    "given": "text CHECK (given IS NOT NULL)",
    "like": "text CHECK (\"like\" ~ '^[a-z]+$')",
}
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
TEXTS = [
    *("", " ", "a", "b", "b c", "abc", "abcd", "abcde", "abcdef", "abc   ", "A", "free", "gold"),
    *("pending", "Pending", "it's", "null", "NULL", "true", "TRUE", "t", "f", "y", "n", "yes", "no"),
    *("on", "off", "o", "of", "0", "1", "2", "-1", "+1", " 12 ", "12", "007", "1.5", ".5", "5.", "."),
    *("1e3", "1e", "1e-3", "0x1F", "0b11", "1_000", "NaN", "nan", "inf", "Infinity", "-infinity"),
    *("32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775809", "99.994", "99.995", "100", "999.4", "9" * 400),
    *("1,5", "1 2", "--1", "a1", UUID, UUID.upper(), UUID.replace("-", ""), "{" + UUID + "}"),
    *("a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"),
    *(UUID[:-1], UUID + "1", "{" + UUID, " " + UUID, "a-" + UUID[1:], "g" + UUID[1:]),
    *("now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs", "soon", "January"),
    *("2024-01-01", "2024-13-45", "Jan 5 2024", "20240101", "2024-01-01T00:00:00Z", "12:30", "monday"),
    *("{}", "[]", "{a,b}", " {1,2}", "[1,2]", "{1", "[0:1]={1,2}", "(1,x)", '{"a": 1}', "[1,3)"),
    *("\\x00ff", "127.0.0.1", "1 day", "\u00e9t\u00e9", "\U0001f600" * 5, "\U0001f600" * 6, "a\tb", '"'),
]
NUMBERS = [
    *(0, 1, -1, 2, 5, 7, 10, 11, 12, 32767, 32768, -32769, 2**31 - 1, 2**31, -(2**31) - 1, 2**53),
    *(0.5, 1.0, 1.04, 1.05, 1.06, 9.94, 10.04, 10.06, 12.0, 99.99, 99.999, 100.5, -0.5, 1e20, 1e21, 1.5e300),
]
LITERALS = [None, True, False, *TEXTS, *NUMBERS, OBJECT, LIST]
VARYING = {"0x1F", "0b11", "1_000"}
"""Not every version takes them."""
JUDGED_WHOLLY = ("smallint", "integer", "bigint", "boolean", "uuid", "state")
"""Of these types nothing is left open, but how numbers are converted in SQL."""
_REFUSALS = (
    psycopg.errors.DataError,
    psycopg.errors.IntegrityError,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.FeatureNotSupported,
)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet="0123456789+-.eExXbo_ \t\n", max_size=6),
    st.text(alphabet="truefalsyno01 TRUE", max_size=5),
    st.text(alphabet="abcdefgnowtday{}[] ", max_size=8),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.text(alphabet="0123456789abcdefABCDEF-{}", min_size=30, max_size=40),
    st.builds("{}{}{}".format, st.sampled_from(["", "{"]), st.uuids(), st.sampled_from(["", "}"])),
    st.sampled_from([OBJECT, LIST]),
)


def as_json(value: Any) -> str:
    """Write a literal as JSON.stringify does."""
    if isinstance(value, CodeLiteral):
        return "{}" if value == OBJECT else "[]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value)


def takes(connection: Connection, statement: sql.Composed) -> bool:
    """Whether the server accepts a statement; an error in the statement itself raises."""
    try:
        connection.execute(statement)
    except _REFUSALS:
        return False
    return True


def of_column(name: str) -> sql.Composed:
    declared = COLUMNS[name].partition(" CHECK")[0].partition(" NOT NULL")[0]
    return sql.Composed([sql.SQL(declared)])


def through_postgrest(name: str, value: Any) -> sql.Composed:
    """Insert a value as PostgREST does."""
    body = f'{{"{name}": {as_json(value)}}}'
    return sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM json_to_record({2}) AS _ ({1} {3})").format(
        sql.Identifier("t_" + name), sql.Identifier(name), sql.Literal(body), of_column(name)
    )


def filtered(name: str, value: Any) -> sql.Composed:
    """Compare a column as PostgREST does."""
    text = value if isinstance(value, str) else as_json(value)
    return sql.SQL("SELECT FROM {} WHERE {} = {}").format(
        sql.Identifier("t_" + name), sql.Identifier(name), sql.SQL("'{}'").format(quoted(text))
    )


def quoted(text: str) -> sql.SQL:
    """Return a text as a literal of unknown type, as in a query's text."""
    return sql.SQL(text.replace("'", "''"))


def in_sql(name: str, value: Any) -> sql.Composed:
    """Insert a literal as SQL writes it."""
    literal = sql.SQL("'{}'").format(quoted(value)) if isinstance(value, str) else sql.SQL(as_json(value))
    return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier("t_" + name), sql.Identifier(name), literal
    )


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Connect to a database that has a table for each type."""
    with database.connect() as made:
        made.execute(TYPES.encode())
        for name, declared in COLUMNS.items():
            table, column = sql.Identifier("t_" + name), sql.Identifier(name)
            made.execute(sql.SQL("CREATE TABLE {} ({} {})").format(table, column, sql.SQL(declared)))
        made.execute("SET standard_conforming_strings TO on")
        yield made


def introspected(database: Database) -> Catalog:
    with read_database_url(database.url, source="a test").connect() as connection:
        return introspect(connection)


def is_found(catalog: Catalog, use: Use) -> bool:
    return "code-value-refused" in {one.id for one in checked(catalog, use).findings}


def verdicts(
    connection: Connection, catalog: Catalog, name: str, value: Any
) -> Iterator[tuple[str, bool, bool]]:
    """Yield, for each use of a literal, whether agentctl reports it and whether the server accepts it."""
    table = "t_" + name
    inserted = row(table, written(name, value), complete=False)
    yield "insert", is_found(catalog, inserted), takes(connection, through_postgrest(name, value))
    if not isinstance(value, CodeLiteral):
        sql_row = row(table, written(name, value, place=IN_SQL), complete=False, place=IN_SQL)
        yield "sql", is_found(catalog, sql_row), takes(connection, in_sql(name, value))
    if not isinstance(value, CodeLiteral) and value is not None and name != "json":
        filter_ = compared(table, name, value)
        yield "filter", is_found(catalog, filter_), takes(connection, filtered(name, value))


def test_the_server_refuses_every_literal_that_is_reported(
    connection: Connection, database: Database
) -> None:
    catalog = introspected(database)
    found_right, found_wrong, missed = 0, [], set()
    for name, value in itertools.product(COLUMNS, LITERALS):
        for way, found, taken in verdicts(connection, catalog, name, value):
            found_right += found and not taken
            found_wrong += [(name, value, way)] if found and taken else []
            missed |= {(name, way)} if not found and not taken and value not in VARYING else set()
    assert found_wrong == []
    assert found_right > 7000
    assert not {(name, way) for name in JUDGED_WHOLLY for way in ("insert", "filter")} & missed


@pytest.mark.parametrize("name", [*JUDGED_WHOLLY, "numeric_4_2", "timestamptz_3", "varchar_5", "text_list"])
def test_the_server_refuses_random_literals_that_are_reported(
    connection: Connection, database: Database, name: str
) -> None:
    catalog = introspected(database)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(value=literals)
    def judged_alike(value: Any) -> None:
        for way, found, taken in verdicts(connection, catalog, name, value):
            assert not (found and taken), way

    judged_alike()
