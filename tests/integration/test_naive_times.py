"""PostgreSQL and Python read a time without a zone alike, around every change of the clocks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest
from psycopg import sql

from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.mapping.instants import before, earliest_in_utc, in_utc, instant, latest_in_utc, since
from agentctl.core.mapping.table_role import TableRole
from agentctl.core.mapping.zones import find_zone
from agentctl.core.times import Moment, moment_of
from support.catalogs import column, table
from support.marketplace import Database

ZONES = (
    *("America/Los_Angeles", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("Asia/Kolkata", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"),
)
COLUMN = sql.Identifier("created_at")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with read_database_url(database.url, source="test").connect() as connected:
        connected.execute("SET TimeZone = 'Asia/Tokyo'")  # it must not matter
        yield connected


def naive(kind: str, zone: str) -> TableRole:
    executions = table("executions", column("created_at", kind))
    return TableRole(executions, {"created_at": "created_at"}, sql.SQL("").format(), zone=find_zone(zone))


def read_all(connection: Connection, role: TableRole, values: LiteralString) -> list[dict[str, datetime]]:
    """Return each value with what SQL makes of it."""
    query = sql.SQL(
        "SELECT created_at, {earliest} AS earliest, {latest} AS latest, {shown} AS shown, "
        "{certain} AS certain FROM ({values}) AS e (created_at)"
    ).format(
        earliest=earliest_in_utc(role, COLUMN),
        latest=latest_in_utc(role, COLUMN),
        shown=in_utc(role, COLUMN),
        certain=instant(role, COLUMN),
        values=sql.SQL(values),
    )
    return connection.execute(query).fetchall()


def moment(row: dict[str, datetime], role: TableRole) -> Moment:
    read = moment_of(row["created_at"], role.zone)
    assert read is not None
    return read


@pytest.mark.parametrize("zone", ZONES)
def test_postgresql_and_python_read_the_same_instants(connection: Connection, zone: str) -> None:
    role = naive("timestamp without time zone", zone)

    rows = read_all(
        connection,
        role,
        "SELECT generate_series('2026-01-01 00:07'::timestamp, '2027-01-01', interval '15 minutes')",
    )

    assert len(rows) > 35_000
    for row in rows:
        expected = moment(row, role)
        assert row["latest"].replace(tzinfo=UTC) == expected.latest, row
        assert expected.shown == expected.latest
        assert row["shown"].replace(tzinfo=UTC) == expected.shown, row
        assert row["earliest"].replace(tzinfo=UTC) == expected.earliest, row
        assert row["certain"] == (expected.latest if expected.is_instant else None), row


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_read_alike(connection: Connection, zone: str) -> None:
    role = naive("date", zone)

    rows = read_all(
        connection, role, "SELECT generate_series('2026-01-01'::date, '2027-01-01', interval '1 day')::date"
    )

    for row in rows:
        expected = moment(row, role)
        assert row["latest"].replace(tzinfo=UTC) == expected.latest, row
        assert row["earliest"].replace(tzinfo=UTC) == expected.earliest, row
        assert row["certain"] is None


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati", "UTC"])
def test_filters_compare_what_is_shown(connection: Connection, zone: str) -> None:
    role = naive("timestamp without time zone", zone)
    limits = [datetime(2026, 11, 1, 6, tzinfo=UTC) + timedelta(minutes=30) * step for step in range(12)]
    limits += [datetime(2026, 3, 8, 9, tzinfo=UTC) + timedelta(minutes=30) * step for step in range(6)]
    series = sql.SQL(
        "generate_series('2026-03-07'::timestamp, '2026-03-10', interval '15 minutes') AS e (created_at)"
    )
    autumn = sql.SQL(
        "generate_series('2026-10-31'::timestamp, '2026-11-03', interval '15 minutes') AS e (created_at)"
    )
    for limit in limits:
        times = series if limit.month == 3 else autumn
        query = sql.SQL("SELECT created_at, {} AS since, {} AS before FROM {}").format(
            since(role, COLUMN, limit), before(role, COLUMN, limit), times
        )
        for row in connection.execute(query).fetchall():
            shown = moment(row, role).shown
            assert shown is not None
            assert (row["since"], row["before"]) == (shown >= limit, shown < limit), (row, limit)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_no_time_of_a_customers_ends_a_statement(connection: Connection, zone: str) -> None:
    role = naive("timestamp without time zone", zone)

    rows = read_all(
        connection,
        role,
        "VALUES ('infinity'::timestamp), ('-infinity'), ('4713-01-01 BC'), ('294276-12-31 23:59'), (NULL)",
    )

    assert [row["latest"] is None for row in rows] == [False, False, False, False, True]
