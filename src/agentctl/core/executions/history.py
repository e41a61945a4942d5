"""Reads executions back: pages by keyset, a stream of all, changes as they happen.

It works on any table that has the required columns; what an optional column would have told is None. It
writes nothing.
"""

import base64
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, cast
from uuid import UUID

from psycopg import sql

from agentctl.core.agents import agent_table
from agentctl.core.credits import ledger_reports
from agentctl.core.database.connection import Connection
from agentctl.core.database.row_values import read_amount, read_json, read_text, read_time
from agentctl.core.errors import UsageError
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.instants import EVERY_ZONE, bound
from agentctl.core.models import NO_STATUS, OPEN, Amount, Execution, Key, UserRef
from agentctl.core.times import AHEAD_OF_UTC, moment_of
from agentctl.core.webhook_url import without_secrets

# Where each column of a listed execution comes from: short ones, and those of any length.
_PLACES: Mapping[str, LiteralString] = {
    **{
        name: f"e.{name}"
        for name in (
            *("id", "user_id", "agent_id", "created_at", "started_at", "completed_at", "credits_used"),
            *("status", "workflow_id", "error", "inputs", "result"),
        )
    },
    "email": "u.email",
    "agent_name": "a.name",
    "agent_slug": "a.slug",
}
_FIXED = ("id", "user_id", "agent_id", "created_at", "started_at", "completed_at")
_UNBOUNDED = ("credits_used", "status", "workflow_id", "error", "email", "agent_name", "agent_slug")
_CONTENT = ("inputs", "result")
_NOTHING = sql.SQL("")
_LARGE = 4096  # bytes of a row that does not come with a thousand others
_GROUP = 4 * 1024 * 1024  # bytes of large rows that are read at once; a larger one comes alone
_STREAM_ROWS = 1000
_ID_TYPES: Mapping[str, Callable[[str], Key]] = {"uuid": UUID, "bigint": int, "integer": int, "smallint": int}
# Stands in a cursor for a time that Python has no calendar for; PostgreSQL prints some that it cannot read.
_OTHER_TIME = True
# A transaction that began earlier may commit later: a follower looks back this far for late rows.
_LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which executions are meant; what is None or empty does not restrict.

    Attributes:
        statuses: NO_STATUS for NULL.
        since: as created_at is shown; `until` likewise, and not included.
        perhaps_before: those that may have been created before, whatever zone their time is of.

    """

    agent: Key | None = None
    user: Key | None = None
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    perhaps_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some executions, newest first; `next_cursor` is None on the last page."""

    executions: tuple[Execution, ...]
    next_cursor: str | None


def list_executions(
    connection: Connection,
    market: Marketplace,
    filters: Filters,
    *,
    limit: int,
    cursor: str | None = None,
    content: bool = False,
) -> Page:
    """Return one page, newest first.

    Args:
        connection: any.
        market: the tables.
        filters: which executions.
        limit: how many at the most.
        cursor: `next_cursor` of the page before.
        content: whether inputs and results are wanted too.

    Raises:
        UsageError: the cursor is none of ours.
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    conditions = [*conditions_of(market, filters), *_after(market, cursor)]
    query = sql.SQL("{} LIMIT {}").format(_select(market, conditions, content=content), limit + 1)
    rows = connection.execute(query).fetchall()
    if not rows:
        market.executions.require_visible_rows()
    more = len(rows) > limit
    executions = _with_credits(connection, market, rows[:limit])
    return Page(executions, next_cursor=_cursor(executions[-1]) if more else None)


def stream_executions(
    connection: Connection, market: Marketplace, filters: Filters, *, content: bool
) -> Generator[Execution, None, None]:
    """Yield every execution, newest first, in constant memory, from one snapshot.

    PostgreSQL says how large each row is and sends only the small ones; the others are asked for in groups
    of a few megabytes. A thousand rows at once would take as much memory as whoever writes results wants.

    Raises:
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    query = _select_small(market, conditions_of(market, filters), content=content)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with connection.cursor(name="agentctl_history") as rows:
            rows.execute(query)
            while chunk := rows.fetchmany(_STREAM_ROWS):
                yield from _complete(connection, market, chunk, content=content)
            if rows.rownumber == 0:
                market.executions.require_visible_rows()


def _complete(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]], *, content: bool
) -> Iterator[Execution]:
    """Yield the executions of some rows, and read those that were too large to come with the others."""
    large = _read_large(connection, market, rows, content=content)
    executions = _with_credits(connection, market, rows)
    for row, execution in zip(rows, executions, strict=True):
        yield execution if row["bytes"] <= _LARGE else next(large, execution)


def _read_large(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]], *, content: bool
) -> Iterator[Execution]:
    """Yield the large ones among some rows in their order, a few megabytes of them at a time."""
    group: list[Key] = []
    held = 0
    for row in (row for row in rows if row["bytes"] > _LARGE):
        if group and held + row["bytes"] > _GROUP:
            yield from _whole(connection, market, group, content=content)
            group, held = [], 0
        group.append(row["id"])
        held += row["bytes"]
    yield from _whole(connection, market, group, content=content)


def list_matching(
    connection: Connection,
    market: Marketplace,
    condition: sql.Composable,
    *,
    limit: int,
    content: bool = True,
) -> tuple[Execution, ...]:
    """Return executions, newest first, that fit a condition on the executions' table `e`."""
    query = sql.SQL("{} LIMIT {}").format(_select(market, [condition], content=content), limit)
    return _with_credits(connection, market, connection.execute(query).fetchall())


def follow_executions(
    connection: Connection, market: Marketplace, filters: Filters, *, limit: int, pause: Callable[[], None]
) -> Iterator[Execution]:
    """Yield the latest executions, then those that appear or change their status; never ends by itself.

    Args:
        connection: in autocommit mode, so that every look is a new snapshot.
        market: the tables.
        filters: which executions; the status is the one at the time of the look.
        limit: how many of those that are there already.
        pause: waits between two looks.

    Raises:
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    looked = clock(connection)
    # What is there is known before the first is shown: nothing that comes between the two is missed.
    known = _states(connection, market, filters, since=looked - _LATE)
    start = list_executions(connection, market, filters, limit=limit, content=True)
    known |= {execution.id: execution.status for execution in start.executions}
    yield from reversed(start.executions)
    while True:
        pause()
        since, looked = looked - _LATE, clock(connection)
        unsettled = [key for key, status in known.items() if status is None or status in OPEN]
        states = _states(connection, market, filters, since=since, also=unsettled)
        changed = _whole(connection, market, [key for key, _ in states.items() - known.items()])
        known = states | {execution.id: execution.status for execution in changed}
        for execution in reversed(changed):
            if not filters.statuses or (execution.status or NO_STATUS) in filters.statuses:
                yield execution


def _states(
    connection: Connection,
    market: Marketplace,
    filters: Filters,
    *,
    since: datetime,
    also: Sequence[Key] = (),
) -> dict[Key, str | None]:
    """Return the status of the executions that are recent or unsettled, and of those named; any status."""
    query = sql.SQL(
        "SELECT e.id, e.status FROM {executions} AS e WHERE {conditions} "
        "AND (e.created_at >= {since} OR e.created_at IS NULL "
        "OR e.word = ANY ({open}) OR e.word IS NULL OR e.id = ANY ({also}))"
    ).format(
        executions=market.executions.rows,
        conditions=_all_of(conditions_of(market, replace(filters, statuses=()))),
        since=bound(market.executions, since, slack=-EVERY_ZONE),
        open=sql.Literal(market.executions.open_words),
        also=sql.Literal(list(also)),
    )
    return {row["id"]: row["status"] for row in connection.execute(query).fetchall()}


def _whole(
    connection: Connection, market: Marketplace, keys: Sequence[Key], *, content: bool = True
) -> tuple[Execution, ...]:
    if not keys:
        return ()
    condition = sql.SQL("e.id = ANY ({})").format(sql.Literal(list(keys)))
    return list_matching(connection, market, condition, limit=len(keys), content=content)


def clock(connection: Connection) -> datetime:
    """Return the database's time."""
    row = connection.execute("SELECT now() AS at").fetchone()
    return cast("datetime", row["at"]) if row else datetime.now(UTC)


def _select(market: Marketplace, conditions: Sequence[sql.Composable], *, content: bool) -> sql.Composed:
    names = (*_FIXED, *_UNBOUNDED, *(_CONTENT if content else ()))
    columns = sql.SQL(", ").join(sql.SQL(f"{_PLACES[name]} AS {name}") for name in names)
    return _selection(market, conditions, columns)


def _select_small(
    market: Marketplace, conditions: Sequence[sql.Composable], *, content: bool
) -> sql.Composed:
    """Return the same with a column `bytes`; of large rows comes only what cannot be large."""
    unbounded = (*_UNBOUNDED, *(_CONTENT if content else ()))
    lengths = [sql.SQL(f"coalesce(octet_length({_PLACES[name]}::text), 0)::bigint") for name in unbounded]
    measured = sql.SQL("CROSS JOIN LATERAL (SELECT {} AS bytes OFFSET 0) AS s").format(
        sql.SQL(" + ").join(lengths)  # OFFSET keeps PostgreSQL from measuring anew for each column
    )
    small = [
        sql.SQL(f"CASE WHEN s.bytes <= {{}} THEN {_PLACES[name]} END AS {name}").format(_LARGE)
        for name in unbounded
    ]
    fixed = [sql.SQL(f"{_PLACES[name]} AS {name}") for name in _FIXED]
    return _selection(market, conditions, sql.SQL(", ").join([sql.SQL("s.bytes"), *fixed, *small]), measured)


def _selection(
    market: Marketplace,
    conditions: Sequence[sql.Composable],
    columns: sql.Composable,
    measured: sql.Composable = _NOTHING,
) -> sql.Composed:
    return sql.SQL(
        "SELECT {columns} FROM {executions} AS e LEFT JOIN {users} AS u ON u.id = e.user_id "
        "LEFT JOIN {agents} AS a ON a.id = e.agent_id {measured} "
        "WHERE {conditions} ORDER BY e.created_at DESC, e.id DESC"
    ).format(
        columns=columns,
        executions=market.executions.rows,
        users=market.users.rows,
        agents=market.agents.rows,
        measured=measured,
        conditions=_all_of(conditions),
    )


def _all_of(conditions: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(" AND ").join([sql.SQL("TRUE"), *conditions])


def conditions_of(market: Marketplace, filters: Filters) -> list[sql.Composed]:
    """Return the filters as SQL conditions on the executions' table `e`."""
    executions, conditions = market.executions, []
    if filters.agent is not None:
        conditions.append(sql.SQL("e.agent_id = {}").format(sql.Literal(filters.agent)))
    if filters.user is not None:
        conditions.append(sql.SQL("e.user_id = {}").format(sql.Literal(filters.user)))
    if filters.statuses:
        words = market.executions.statuses.raw(*filters.statuses)
        fits = "(e.word = ANY ({words}) OR e.word IS NULL AND {none} = ANY ({words}))"
        conditions.append(sql.SQL(fits).format(words=sql.Literal(words), none=sql.Literal(NO_STATUS)))
    if filters.since is not None:
        conditions.append(sql.SQL("e.created_at >= {}").format(bound(executions, filters.since)))
    if filters.until is not None:
        conditions.append(sql.SQL("e.created_at < {}").format(bound(executions, filters.until)))
    if filters.perhaps_before is not None:
        limit = bound(executions, filters.perhaps_before, slack=AHEAD_OF_UTC)
        conditions.append(sql.SQL("e.created_at < {}").format(limit))
    return conditions


def _after(market: Marketplace, cursor: str | None) -> list[sql.Composed]:
    """Return the condition for the rows behind a cursor; rows without a time sort before all others."""
    if cursor is None:
        return []
    created_at, key = _read_cursor(cursor, id_type=market.executions.base_type("id"))
    place = {"at": sql.Literal(created_at), "key": sql.Literal(key), "executions": market.executions.rows}
    if created_at is None:
        text = "((e.created_at IS NULL AND e.id < {key}) OR e.created_at IS NOT NULL)"
        return [sql.SQL(text).format(**place)]
    if created_at is _OTHER_TIME:
        last = "(SELECT c.created_at, c.id FROM {executions} AS c WHERE c.id = {key})"
        return [sql.SQL(f"(e.created_at, e.id) < {last}").format(**place)]
    return [sql.SQL("(e.created_at, e.id) < ({at}, {key})").format(**place)]


def _cursor(last: Execution) -> str:
    at = last.created_at
    place = [at.isoformat() if isinstance(at, datetime) else at and _OTHER_TIME, str(last.id)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, *, id_type: str) -> tuple[str | bool | None, Key]:
    try:
        created_at, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if created_at is not None and created_at is not _OTHER_TIME:
            datetime.fromisoformat(created_at)
        return created_at, _ID_TYPES.get(id_type, str)(key)
    except (ValueError, TypeError, AttributeError):
        msg = "agentctl did not issue that cursor for this table."
        raise UsageError(msg, hint="Use the complete next_cursor of the previous page.") from None


def _with_credits(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]]
) -> tuple[Execution, ...]:
    ledger = market.ledger
    if ledger is None or not ledger.is_linked:
        kept = "credits_used" in market.executions
        return tuple(
            _read_execution(row, charged=read_amount(row["credits_used"]) if kept else None, refunded=None)
            for row in rows
        )
    moved = ledger_reports.sums(connection, ledger, [row["id"] for row in rows]) if rows else {}
    executions = []
    for row in rows:
        charged, refunded = moved.get(row["id"], (0, 0))
        executions.append(_read_execution(row, charged=charged, refunded=refunded))
    return tuple(executions)


def _read_execution(row: dict[str, Any], *, charged: Amount | None, refunded: Amount | None) -> Execution:
    return Execution(
        id=row["id"],
        agent=agent_table.ref(row),
        user=UserRef(id=row["user_id"], email=read_text(row["email"])),
        status=read_text(row["status"]),
        created_at=read_time(row["created_at"]),
        charged=charged,
        refunded=refunded,
        workflow_id=_read_url(row["workflow_id"]),
        inputs=read_json(row.get("inputs")),
        result=read_json(row.get("result")),
        error=read_text(row["error"]),
        credits_used=read_amount(row["credits_used"]),
        started_at=read_time(row["started_at"]),
        completed_at=read_time(row["completed_at"]),
        creation=moment_of(row["created_at"]),
    )


def _read_url(value: object) -> str | None:
    """Return the webhook that was called; older versions, and other programs, recorded its secrets, too."""
    url = read_text(value)
    return None if url is None else without_secrets(url)
