"""Counts executions by status and by day, and how long they took where the columns allow it.

It only reads, each execution once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, LiteralString

from msgspec import Struct
from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.executions.filters import Filters, join_conditions, list_conditions
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.instants import find_instant, in_utc, is_certain
from agentctl.core.models import NO_STATUS, Status

_COUNTS: LiteralString = (
    "SELECT word, day, count(*) AS executions, NULL::float8[] AS durations FROM matching GROUP BY 1, 2"
)
_DURATIONS: LiteralString = (
    " UNION ALL SELECT NULL, NULL, 0, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration) "
    "FROM matching"
)


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
    """Count the executions that match the filters, in one statement that reads each of them once.

    Raises:
        PermissionDenied: there is nothing to count because row level security hides every row.

    """
    rows = connection.execute(_compose_query(market, filters)).fetchall()
    counted = [row for row in rows if row["word"] is not None]
    if not counted:
        market.executions.require_visible_rows()
    by_status: Counter[str] = Counter()
    for row in counted:
        by_status[str(row["word"])] += row["executions"]
    durations = next((row["durations"] for row in rows if row["durations"] is not None), (None, None))
    p50, p95 = map(_round_duration, durations)
    return Stats(
        by_status=dict(sorted(by_status.items())),
        p50_ms=p50,
        p95_ms=p95,
        days=_list_days(counted),
        is_in_utc=is_certain(market.executions),
    )


def _list_days(counted: Sequence[dict[str, Any]]) -> tuple[Day, ...]:
    every: Counter[date] = Counter()
    failed: Counter[date] = Counter()
    for row in counted:
        if row["day"] is not None:
            every[row["day"]] += row["executions"]
            failed[row["day"]] += row["executions"] if row["word"] == Status.FAILED else 0
    return tuple(Day(day, every[day], failed[day]) for day in sorted(every))


def _round_duration(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)


def _compose_query(market: Marketplace, filters: Filters) -> sql.Composed:
    """Return the query for the executions of each status and day, with a row for the durations of all.

    What both rows are made of is read once, with the filters, so that an index serves the range of time.
    """
    executions, duration = market.executions, _compose_duration(market)
    matching = compose(
        "SELECT coalesce(e.status, {none}) AS word, CASE WHEN {dated} THEN {in_utc}::date END AS day, "
        "{duration} AS duration FROM {executions} AS e WHERE {conditions}",
        none=sql.Literal(NO_STATUS),
        dated=_in_calendar("created_at"),
        in_utc=in_utc(executions, sql.Identifier("created_at")),
        duration=duration or sql.SQL("NULL::float8"),
        executions=executions.rows,
        conditions=join_conditions(list_conditions(market, filters)),
    )
    query = sql.SQL(_COUNTS if duration is None else _COUNTS + _DURATIONS)
    return compose("WITH matching AS ({}) {}", matching, query)


def _compose_duration(market: Marketplace) -> sql.Composable | None:
    """Return how many milliseconds an execution took; None where the columns do not say."""
    executions = market.executions
    if "started_at" not in executions or "completed_at" not in executions:
        return None
    begun, ended = find_instant(executions, "started_at"), find_instant(executions, "completed_at")
    if begun is None or ended is None:
        return None
    return compose(
        # extract would compute in decimals, which takes four times as long.
        "CASE WHEN {started} AND {completed} THEN (date_part('epoch', {ended} - {begun}) * 1000) END",
        begun=begun,
        ended=ended,
        started=_in_calendar("started_at"),
        completed=_in_calendar("completed_at"),
    )


def _in_calendar(column: LiteralString) -> sql.SQL:
    """Return the condition that a time can be computed with: no infinity, no far year."""
    return sql.SQL(f"({column} > '0001-01-02' AND {column} < '9999-12-31')")
