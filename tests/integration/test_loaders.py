"""A connection returns every value that PostgreSQL prints: exactly, or as the printed text."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from agentctl.core.database.connection import read_database_url
from agentctl.core.database.row_values import read_amount, read_time
from agentctl.core.models import Verbatim
from support.marketplace import Database

WHOLE = "9" * 131_072

TYPES_SQL: LiteralString = """
CREATE TYPE mood AS ENUM ('sad', 'o''k, {"');
CREATE TYPE pair AS (left_half int, right_half text);
CREATE DOMAIN thing AS text;
"""
ODD: tuple[tuple[LiteralString, object], ...] = (
    ("'infinity'::timestamptz", Verbatim("infinity")),
    ("'-infinity'::timestamp", Verbatim("-infinity")),
    ("'infinity'::date", Verbatim("infinity")),
    ("'0044-03-15 12:00 BC'::timestamp", Verbatim("0044-03-15 12:00:00 BC")),
    ("'4713-01-01 BC'::date", Verbatim("4713-01-01 BC")),
    ("'294276-12-31 23:59:59.999999'::timestamp", Verbatim("294276-12-31 23:59:59.999999")),
    ("'5874897-12-31'::date", Verbatim("5874897-12-31")),
    ("'2026-11-01'::date", date(2026, 11, 1)),
    ("'24:00'::time", "24:00:00"),
    ("'24:00-15:59'::timetz", "24:00:00-15:59"),
    ("interval '1 day'", timedelta(days=1)),
    ("'NaN'::numeric", Verbatim("NaN")),
    ("'NaN'::float8", Verbatim("NaN")),
    ("'-Infinity'::float4", Verbatim("-Infinity")),
    ("0.1::float8", Decimal("0.1")),
    ("1234567890123456789.012345678901234567890", Decimal("1234567890123456789.012345678901234567890")),
    ("repeat('9', 131072)::numeric", Decimal(WHOLE)),
    ("to_jsonb(repeat('9', 131072)::numeric)", WHOLE),
    ("'[1e400]'::json", ["1e400"]),
    (r"""'["\ud800"]'::json""", ["\ud800"]),
    ("""'{"a": 1, "a": 2}'::json""", {"a": 2}),
    ("(repeat('[', 5000) || repeat(']', 5000))::json", "[" * 5000 + "]" * 5000),
    (r"'\xdeadbeef'::bytea", r"\xdeadbeef"),
    ("'10.0.0.0/8'::cidr", "10.0.0.0/8"),
    ("'::1'::inet", "::1"),
    ("int4range(1, 5)", "[1,5)"),
    ("tsrange('-infinity', 'infinity')", "[-infinity,infinity)"),
    ("ARRAY['infinity'::timestamptz, NULL]", [Verbatim("infinity"), None]),
    ("ARRAY[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    ("'[0:1]={NaN,1}'::numeric[]", [Verbatim("NaN"), Decimal(1)]),
    ("ROW(1, 'a', NULL)", "(1,a,)"),
    ("ROW(1, 'a')::pair", "(1,a)"),
    ("'o''k, {\"'::mood", "o'k, {\""),
    ("ARRAY['sad']::mood[]", "{sad}"),
    ("'x'::thing", "x"),
    ("B'101'", "101"),
    ("'1'::money::text IS NOT NULL", True),
    ("NULL::timestamptz", None),
)  # fmt: skip


def test_loads_every_value_of_every_type(database: Database) -> None:
    database.execute(TYPES_SQL)
    columns = sql.SQL(", ").join(
        sql.SQL(expression) + sql.SQL(" AS ") + sql.Identifier(str(number))
        for number, (expression, _) in enumerate(ODD)
    )

    with read_database_url(database.url, source="test").connect() as connection:
        row = connection.execute(sql.SQL("SELECT ") + columns).fetchone()

    assert row is not None
    assert list(row.values()) == [value for _, value in ODD]


def test_an_infinite_number_is_not_an_amount(database: Database) -> None:
    with read_database_url(database.url, source="test").connect() as connection:
        row = connection.execute("SELECT '-Infinity'::numeric AS amount").fetchone()

    assert row is not None
    assert read_amount(row["amount"]) == Verbatim("-Infinity")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "UTC", "Europe/Amsterdam"])
def test_an_instant_at_the_ends_of_the_calendar_is_a_datetime_or_text(database: Database, zone: str) -> None:
    texts = ["0001-01-01 00:00+00", "0001-01-02 00:00+00", "9999-12-31 23:59:59+00", "9999-12-30 00:00+00"]
    with read_database_url(database.url, source="test").connect() as connection:
        connection.execute(sql.SQL("SET TimeZone = {}").format(sql.Literal(zone)))
        rows = connection.execute(
            "SELECT value::timestamptz AS at FROM unnest(%(texts)s::text[]) AS value", {"texts": texts}
        ).fetchall()

    times = [read_time(row["at"]) for row in rows]

    assert times[1] == datetime(1, 1, 2, tzinfo=UTC)
    assert times[3] == datetime(9999, 12, 30, tzinfo=UTC)
    assert all(isinstance(time, datetime | Verbatim) for time in times)


def test_shows_undecodable_bytes_by_their_codes(database: Database) -> None:
    name = f"{database.name}_ascii"
    create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
    with database.connect() as connection:
        connection.execute(sql.SQL(create).format(sql.Identifier(name)))
        try:
            with read_database_url(database.server.url(name), source="test").connect() as other:
                row = other.execute(
                    r"SELECT E'a\xff\x80z' AS text, ARRAY[E'\xff'] AS texts, to_json(E'\xff'::text) AS json"
                ).fetchone()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    assert row == {"text": r"a\xff\x80z", "texts": [r"\xff"], "json": '"\N{REPLACEMENT CHARACTER}"'}


def test_psycopg_without_these_loaders_raises_for_infinity(database: Database) -> None:
    """Otherwise none of the above would be needed."""
    with database.connect() as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT 'infinity'::timestamptz").fetchone()
