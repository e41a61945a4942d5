"""Reads executions back: pages by keyset, a stream of all, changes as they happen.

It works on any table that has the required columns; an optional column that is missing reads as None. It
writes nothing.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql

from agentctl.core.agents import agent_table
from agentctl.core.credits import ledger_reports
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_json, read_text, read_time
from agentctl.core.database.statements import Statement
from agentctl.core.executions.cursor import list_conditions_after, write_cursor
from agentctl.core.executions.filters import Filters, join_conditions, list_conditions
from agentctl.core.executions.selection import LARGE_ROW, select, select_small
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.instants import EVERY_ZONE, bound
from agentctl.core.models import NO_STATUS, OPEN, Amount, Execution, Key, UserRef
from agentctl.core.times import moment_of
from agentctl.core.webhook_url import without_secrets

_GROUP = 4 * 1024 * 1024  # bytes of large rows that are read at once; a larger one comes alone
_STREAM_ROWS = 1000
CLOCK = Statement(compose("SELECT now() AS at"))
"""Asks the database's time."""
# A transaction that began earlier may commit later: a follower looks back this far for late rows.
_LATE = timedelta(minutes=1)


class Page(Struct, frozen=True):
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
        limit: the maximum number of executions.
        cursor: `next_cursor` of the previous page.
        content: whether to read inputs and results too.

    Raises:
        UsageError: agentctl did not issue the cursor.
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    conditions = [*list_conditions(market, filters), *list_conditions_after(market, cursor)]
    executions = _read_page(connection, market, conditions, limit=limit + 1, content=content)
    if not executions:
        market.executions.require_visible_rows()
    more = len(executions) > limit
    executions = executions[:limit]
    return Page(executions, next_cursor=write_cursor(executions[-1]) if more else None)


def _read_page(
    connection: Connection,
    market: Marketplace,
    conditions: Sequence[sql.Composable],
    *,
    limit: int,
    content: bool,
) -> tuple[Execution, ...]:
    """Return executions with what they cost, in one flight."""
    page = compose("{} LIMIT {}", select(market, conditions, content=content), sql.Literal(limit))
    return _read_with_cost(connection, market, page)


def list_all(connection: Connection, market: Marketplace, filters: Filters) -> tuple[Execution, ...]:
    """Return every execution without its inputs and its result, newest first.

    Raises:
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    executions = _read_with_cost(connection, market, _select_all(market, filters))
    if not executions:
        market.executions.require_visible_rows()
    return executions


def compose_list(market: Marketplace, filters: Filters) -> Statement:
    """Return the statement that `list_all` asks."""
    return _compose_with_cost(market, _select_all(market, filters))


def select_users(market: Marketplace, filters: Filters) -> sql.Composed:
    """Return the query for the users of executions."""
    conditions = join_conditions(list_conditions(market, filters))
    return compose("SELECT e.user_id FROM {} AS e WHERE {}", market.executions.rows, conditions)


def _select_all(market: Marketplace, filters: Filters) -> sql.Composed:
    return select(market, list_conditions(market, filters), content=False)


def _read_with_cost(connection: Connection, market: Marketplace, page: sql.Composed) -> tuple[Execution, ...]:
    rows = connection.run(_compose_with_cost(market, page)).fetchall()
    ledger = market.ledger if _sums_with_page(market) else None
    if ledger is None:
        return _add_credits(connection, market, rows)
    return _read_executions(market, rows, ledger_reports.read_sums(ledger, rows) if rows else {})


def _compose_with_cost(market: Marketplace, page: sql.Composed) -> Statement:
    """Return a page's query with what its executions cost, where one statement can read both."""
    ledger = market.ledger
    if ledger is None or not _sums_with_page(market):
        return Statement(page)
    query = compose(
        "WITH page AS MATERIALIZED ({page}), moved AS ({sums}) SELECT * FROM page LEFT JOIN moved "
        "ON moved.execution = page.id ORDER BY page.created_at DESC, page.id DESC",
        page=page,
        sums=ledger_reports.select_sums(ledger, sql.SQL("ARRAY(SELECT id FROM page)")),
    )
    return Statement(query)


def _sums_with_page(market: Marketplace) -> bool:
    ledger = market.ledger
    parts = [ledger.column(part) for part in ("execution", "amount")] if ledger else []
    return ledger is not None and ledger.is_linked and all(part and part.readable for part in parts)


def stream_executions(
    connection: Connection, market: Marketplace, filters: Filters, *, content: bool
) -> Generator[Execution, None, None]:
    """Yield every execution, newest first, in constant memory, from one snapshot.

    PostgreSQL says how large each row is and sends only the small ones; the others are read in groups of a
    few megabytes. A thousand rows at once would take as much memory as whoever writes results wants.

    Raises:
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    query = select_small(market, list_conditions(market, filters), content=content)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with connection.cursor(name="agentctl_history") as rows:
            rows.execute(query)
            while chunk := rows.fetchmany(_STREAM_ROWS):
                yield from _complete_rows(connection, market, chunk, content=content)
            if rows.rownumber == 0:
                market.executions.require_visible_rows()


def _complete_rows(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]], *, content: bool
) -> Iterator[Execution]:
    """Yield the executions of some rows, after reading those that were too large to come with the others."""
    large = _read_large(connection, market, rows, content=content)
    executions = _add_credits(connection, market, rows)
    for row, execution in zip(rows, executions, strict=True):
        yield execution if row["bytes"] <= LARGE_ROW else next(large, execution)


def _read_large(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]], *, content: bool
) -> Iterator[Execution]:
    """Yield the large executions among some rows in their order, a few megabytes of them at a time."""
    group: list[Key] = []
    held = 0
    for row in (row for row in rows if row["bytes"] > LARGE_ROW):
        if group and held + row["bytes"] > _GROUP:
            yield from _read_whole(connection, market, group, content=content)
            group, held = [], 0
        group.append(row["id"])
        held += row["bytes"]
    yield from _read_whole(connection, market, group, content=content)


def list_matching(
    connection: Connection,
    market: Marketplace,
    condition: sql.Composable,
    *,
    limit: int,
    content: bool = True,
) -> tuple[Execution, ...]:
    """Return the executions that meet a condition on the executions' table `e`, newest first."""
    return _read_page(connection, market, [condition], limit=limit, content=content)


def follow_executions(
    connection: Connection, market: Marketplace, filters: Filters, *, limit: int, pause: Callable[[], None]
) -> Iterator[Execution]:
    """Yield the latest executions, then those that appear or change their status; never ends by itself.

    Args:
        connection: in autocommit mode, so that every look is a new snapshot.
        market: the tables.
        filters: which executions, by their status at the time.
        limit: the maximum number of executions to begin with.
        pause: waits between two looks.

    Raises:
        PermissionDenied: there is nothing to see because row level security hides every row.

    """
    looked = clock(connection)
    # What exists is read before the first is shown, so that nothing in between is missed.
    known = _read_statuses(connection, market, filters, since=looked - _LATE)
    start = list_executions(connection, market, filters, limit=limit, content=True)
    known |= {execution.id: execution.status for execution in start.executions}
    yield from reversed(start.executions)
    while True:
        pause()
        since, looked = looked - _LATE, clock(connection)
        unsettled = [key for key, status in known.items() if status is None or status in OPEN]
        states = _read_statuses(connection, market, filters, since=since, also=unsettled)
        changed = _read_whole(connection, market, [key for key, _ in states.items() - known.items()])
        known = states | {execution.id: execution.status for execution in changed}
        for execution in reversed(changed):
            if not filters.statuses or (execution.status or NO_STATUS) in filters.statuses:
                yield execution


def _read_statuses(
    connection: Connection,
    market: Marketplace,
    filters: Filters,
    *,
    since: datetime,
    also: Sequence[Key] = (),
) -> dict[Key, str | None]:
    """Return the status of every execution that is recent, unsettled or in `also`, whatever it is."""
    query = compose(
        "SELECT e.id, e.status FROM {executions} AS e WHERE {conditions} "
        "AND (e.created_at >= {since} OR e.created_at IS NULL "
        "OR e.word = ANY ({open}) OR e.word IS NULL OR e.id = ANY ({also}))",
        executions=market.executions.rows,
        conditions=join_conditions(list_conditions(market, replace(filters, statuses=()))),
        since=bound(market.executions, since, slack=-EVERY_ZONE),
        open=sql.Literal(market.executions.open_words),
        also=sql.Literal(list(also)),
    )
    return {row["id"]: row["status"] for row in connection.execute(query).fetchall()}


def _read_whole(
    connection: Connection, market: Marketplace, keys: Sequence[Key], *, content: bool = True
) -> tuple[Execution, ...]:
    if not keys:
        return ()
    condition = compose("e.id = ANY ({})", sql.Literal(list(keys)))
    return list_matching(connection, market, condition, limit=len(keys), content=content)


def clock(connection: Connection) -> datetime:
    """Return the database's time."""
    row = connection.run(CLOCK).fetchone()
    return cast("datetime", row and row["at"])


def _add_credits(
    connection: Connection, market: Marketplace, rows: Sequence[dict[str, Any]]
) -> tuple[Execution, ...]:
    ledger, zone = market.ledger, market.executions.zone
    if ledger is None or not ledger.is_linked:
        kept = "credits_used" in market.executions
        return tuple(
            _read_execution(row, zone, read_amount(row["credits_used"]) if kept else None, None)
            for row in rows
        )
    moved = ledger_reports.sums(connection, ledger, [row["id"] for row in rows]) if rows else {}
    return _read_executions(market, rows, moved)


def _read_executions(
    market: Marketplace, rows: Sequence[dict[str, Any]], moved: Mapping[Key, tuple[Amount, Amount]]
) -> tuple[Execution, ...]:
    zone = market.executions.zone
    return tuple(_read_execution(row, zone, *moved.get(row["id"], (0, 0))) for row in rows)


def _read_execution(
    row: dict[str, Any], zone: tzinfo | None, charged: Amount | None, refunded: Amount | None
) -> Execution:
    return Execution(
        id=row["id"],
        agent=agent_table.ref(row),
        user=UserRef(id=row["user_id"], email=read_text(row["email"])),
        status=read_text(row["status"]),
        created_at=read_time(row["created_at"], zone),
        charged=charged,
        refunded=refunded,
        workflow_id=_read_url(row["workflow_id"]),
        inputs=read_json(row.get("inputs")),
        result=read_json(row.get("result")),
        error=read_text(row["error"]),
        credits_used=read_amount(row["credits_used"]),
        started_at=read_time(row["started_at"], zone),
        completed_at=read_time(row["completed_at"], zone),
        creation=moment_of(row["created_at"], zone),
    )


def _read_url(value: object) -> str | None:
    """Return the webhook that was called; older versions and other programs recorded its secrets too."""
    url = read_text(value)
    return None if url is None else without_secrets(url)
