"""Counts executions by status and by day, and how long they took where the columns allow it.

It only reads, in one snapshot.
"""

from collections.abc import Mapping
from datetime import date
from typing import LiteralString

from msgspec import Struct
from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.executions.filters import Filters, join_conditions, list_conditions
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.instants import find_instant, in_utc, is_certain
from agentctl.core.models import NO_STATUS, Status


class Day(Struct, frozen=True):
    """One day: in UTC, or in the zone of times whose zone nobody knows."""

    day: date
    executions: int
    failed: int


class Stats(Struct, frozen=True):
    """Figures over some executions.

    Attributes:
        p50_ms: the median duration in milliseconds; None where start or completion is not recorded.
        p95_ms: the duration that 95 % do not exceed, or None.
        days: days with executions, oldest first.
        is_in_utc: whether these are days in UTC, because the zone of the times is known.

    """

    by_status: Mapping[str, int]
    p50_ms: int | None
    p95_ms: int | None
    days: tuple[Day, ...]
    is_in_utc: bool = True

    @property
    def total(self) -> int:
        """The number of executions."""
        return sum(self.by_status.values())

    @property
    def success_rate(self) -> float | None:
        """The share of successes among the executions with an outcome, from 0 to 1; None without any."""
        good = self.by_status.get(Status.SUCCESS, 0)
        ended = good + self.by_status.get(Status.FAILED, 0)
        return good / ended if ended else None


def compute_stats(connection: Connection, market: Marketplace, filters: Filters) -> Stats:
    """Count the executions that match the filters.

    Raises:
        PermissionDenied: there is nothing to count because row level security hides every row.

    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        by_status = _count_by_status(connection, market, filters)
        if not by_status:
            market.executions.require_visible_rows()
        p50, p95 = _compute_durations(connection, market, filters)
        return Stats(
            by_status=by_status,
            p50_ms=p50,
            p95_ms=p95,
            days=_count_by_day(connection, market, filters),
            is_in_utc=is_certain(market.executions),
        )


def _count_by_status(connection: Connection, market: Marketplace, filters: Filters) -> dict[str, int]:
    query = compose(
        "SELECT coalesce(status, {none}) AS word, count(*) AS executions FROM {executions} AS e "
        "WHERE {conditions} GROUP BY 1 ORDER BY 1",
        executions=market.executions.rows,
        none=sql.Literal(NO_STATUS),
        conditions=join_conditions(list_conditions(market, filters)),
    )
    return {str(row["word"]): row["executions"] for row in connection.execute(query).fetchall()}


def _compute_durations(
    connection: Connection, market: Marketplace, filters: Filters
) -> tuple[int | None, int | None]:
    executions = market.executions
    if "started_at" not in executions or "completed_at" not in executions:
        return None, None
    begun, ended = find_instant(executions, "started_at"), find_instant(executions, "completed_at")
    if begun is None or ended is None:
        return None, None
    query = compose(
        "SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP ("
        "ORDER BY extract(epoch FROM {ended} - {begun})::float8 * 1000) AS ms "
        "FROM {executions} AS e WHERE {conditions} AND {started} AND {completed}",
        executions=executions.rows,
        begun=begun,
        ended=ended,
        started=_in_calendar("started_at"),
        completed=_in_calendar("completed_at"),
        conditions=join_conditions(list_conditions(market, filters)),
    )
    p50, p95 = connection.read_value(query) or (None, None)
    return _round_duration(p50), _round_duration(p95)


def _round_duration(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)


def _count_by_day(connection: Connection, market: Marketplace, filters: Filters) -> tuple[Day, ...]:
    query = compose(
        "SELECT {in_utc}::date AS day, count(*) AS executions, "
        "count(*) FILTER (WHERE status = 'failed') AS failed "
        "FROM {executions} AS e WHERE {conditions} AND {created} GROUP BY 1 ORDER BY 1",
        executions=market.executions.rows,
        in_utc=in_utc(market.executions, sql.Identifier("created_at")),
        created=_in_calendar("created_at"),
        conditions=join_conditions(list_conditions(market, filters)),
    )
    return tuple(Day(**row) for row in connection.execute(query).fetchall())


def _in_calendar(column: LiteralString) -> sql.SQL:
    """Return the condition that a time can be computed with: no infinity, no far year."""
    return sql.SQL(f"({column} > '0001-01-02' AND {column} < '9999-12-31')")
