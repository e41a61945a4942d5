"""`agentctl history`: what ran, for whom, how it ended and what it cost."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply, Stream
from agentctl.cli.session import Session, screen_for
from agentctl.core.errors import UsageError
from agentctl.render.clean import write_clean

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from agentctl.core.database.connection import Connection
    from agentctl.core.executions.filters import Filters
    from agentctl.core.mapping import Marketplace
    from agentctl.core.models import Execution

_POLL = 1.0  # seconds between two looks of --follow
_SHOWN_AT_ONCE = 50  # rows of a table that is printed while it is read


class Format(StrEnum):
    """How executions are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


_ROWS = frozenset({Format.JSONL, Format.CSV})  # an execution a line, without a frame around them


def history(
    session: Session,
    execution: Annotated[
        str | None,
        typer.Argument(
            metavar="EXECUTION", help="Execution to show in full; the beginning of its id is enough."
        ),
    ] = None,
    agent: Annotated[str | None, typer.Option(metavar="AGENT", help="Only executions of this agent.")] = None,
    user: Annotated[
        str | None, typer.Option("--user", "-u", metavar="EMAIL|ID", help="Only executions of this user.")
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATUS", help="Only executions with this status (repeatable)."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="Created at or after this time: 24h, 7d, 2026-11-01 or RFC 3339."),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Created before this time.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="Maximum number of rows.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Continue after an earlier page.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All rows, as a stream.")] = False,
    output: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TABLE,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep printing new executions until Ctrl-C.")
    ] = False,
    stats: Annotated[
        bool, typer.Option("--stats", help="Show counts, success rate and durations instead of a list.")
    ] = False,
) -> Reply:
    """Show what ran, for whom, how it ended and what it cost; newest first.

    \b
    Examples:
      agentctl history --status failed --since 24h
      agentctl history 3f2a9c1e
      agentctl history --agent seo-blog --stats
      agentctl history --all --format csv > executions.csv
      agentctl history --follow --format jsonl
    """
    _refuse_contradictions(
        {
            "EXECUTION": execution,
            "--all": everything,
            "--follow": follow,
            "--stats": stats,
            "--cursor": cursor,
        }
    )
    output = Format.JSON if session.json else output
    _refuse_formats(output, follow=follow, stats=stats)
    choose = partial(_make_filters, agent=agent, user=user, status=status, since=since, until=until)
    if everything and output is Format.JSON:
        return Reply(stream=Stream("executions", lambda: _read_all(session, choose), {"next_cursor": None}))
    with session.connected(reads=True) as (connection, market, _):
        if execution is not None:
            return _show_one(session, connection, market, execution, output)
        filters = choose(connection, market)
        if stats:
            return _show_stats(connection, market, filters)
        if everything:
            return _print_all(session, connection, market, filters, output)
        if follow:
            return _follow_executions(connection, market, filters, limit=limit, output=output)
        return _show_page(session, connection, market, filters, limit=limit, cursor=cursor, output=output)


def _refuse_contradictions(options: dict[str, object]) -> None:
    together = [name for name, value in options.items() if value]
    if len(together) > 1:
        raise UsageError(
            f"{' and '.join(together)} cannot be used together.", hint="See: agentctl history --help"
        )


def _refuse_formats(output: Format, *, follow: bool, stats: bool) -> None:
    if follow and output is Format.JSON:
        raise UsageError(
            "--follow never ends, so it cannot print one JSON object.",
            hint="Use --format jsonl: one object per line.",
        )
    if stats and output in _ROWS:
        raise UsageError(f"--stats cannot be printed as {output}.", hint="Use --format json.")


def _make_filters(
    connection: "Connection",
    market: "Marketplace",
    *,
    agent: str | None,
    user: str | None,
    status: list[str] | None,
    since: str | None,
    until: str | None,
) -> "Filters":
    from agentctl.core.agents import agent_table
    from agentctl.core.credits import users
    from agentctl.core.executions.filters import Filters
    from agentctl.core.times import parse_instant

    now = datetime.now(UTC)
    named = (
        *(agent_table.compose_lookup(market.agents, agent) if agent else ()),
        *((users.compose_lookup(market.users, user),) if user else ()),
    )
    with connection.reading_ahead(named):
        return Filters(
            agent=agent_table.get_agent(connection, market.agents, agent).id if agent else None,
            user=users.get_user(connection, market.users, user).id if user else None,
            statuses=tuple(status or ()),
            since=parse_instant(since, now=now) if since else None,
            until=parse_instant(until, now=now) if until else None,
        )


def _show_one(
    session: Session, connection: "Connection", market: "Marketplace", key: str, output: Format
) -> Reply:
    from agentctl.core.credits.ledger_reports import compose_rows_of_execution, rows_of_execution
    from agentctl.core.database.row_identity import IDENTITY, identify_database, identify_row
    from agentctl.core.executions.journal import user_journal
    from agentctl.core.executions.lookup import get_execution
    from agentctl.render import history as render

    execution = get_execution(connection, market, key)
    if output in _ROWS:
        _print_rows(session, [execution], output)
        return Reply()
    ledger = market.ledger if market.ledger is not None and market.ledger.is_linked else None
    asked = () if ledger is None else (compose_rows_of_execution(ledger, execution.id),)
    with connection.reading_ahead((*asked, IDENTITY)):
        rows = () if ledger is None else rows_of_execution(connection, ledger, execution.id)
        row = identify_row(identify_database(connection), execution.creation)
    missing = _list_missing(market)
    entries = user_journal(content=False).list_entries(
        execution.id, row, database=connection.database.address
    )
    return Reply.of(render.one_data, render.one_view, execution, rows, missing, entries)


def _show_stats(connection: "Connection", market: "Marketplace", filters: "Filters") -> Reply:
    from agentctl.core.executions.stats import compute_stats
    from agentctl.render import history as render

    figures = compute_stats(connection, market, filters)
    missing = _list_missing(market)
    return Reply(data=lambda: render.stats_data(figures), view=lambda: render.stats_view(figures, missing))


def _show_page(
    session: Session,
    connection: "Connection",
    market: "Marketplace",
    filters: "Filters",
    *,
    limit: int,
    cursor: str | None,
    output: Format,
) -> Reply:
    from agentctl.core.executions.history import list_executions
    from agentctl.render import history as render

    content = output is not Format.TABLE
    page = list_executions(connection, market, filters, limit=limit, cursor=cursor, content=content)
    missing, filtered = _list_missing(market), market.executions.is_filtered
    if output in _ROWS:
        _print_rows(session, page.executions, output)
        return Reply(aside=lambda: render.page_aside(page, (), filtered=filtered))
    return Reply(
        data=lambda: render.page_data(page),
        view=lambda: render.page_view(page),
        aside=lambda: render.page_aside(page, missing, filtered=filtered),
    )


def _print_all(
    session: Session, connection: "Connection", market: "Marketplace", filters: "Filters", output: Format
) -> Reply:
    from agentctl.core.executions.history import stream_executions

    content = output is not Format.TABLE
    # Closed before the connection is: it holds a transaction open.
    with closing(stream_executions(connection, market, filters, content=content)) as stream:
        _print_rows(session, stream, output)
    return Reply()


def _read_all(
    session: Session, choose: "Callable[[Connection, Marketplace], Filters]"
) -> "Generator[Mapping[str, object], None, None]":
    """Yield every execution as programs read it; connected while it does."""
    from agentctl.core.executions.history import stream_executions
    from agentctl.render import history as render

    with (
        session.connected(reads=True) as (connection, market, _),
        closing(stream_executions(connection, market, choose(connection, market), content=True)) as stream,
    ):
        yield from map(render.execution_data, stream)


def _print_rows(session: Session, executions: Iterable["Execution"], output: Format) -> None:
    """Print executions while they are read."""
    from agentctl.render import history as render

    if session.quiet:
        return
    if output is Format.TABLE:
        screen = screen_for(sys.stdout)
        rows = iter(executions)
        while (table := render.table_of(islice(rows, _SHOWN_AT_ONCE))).rows:
            screen.show([table])
        return
    for line in _write_lines(executions, output):
        write_clean(sys.stdout, line)


def _write_lines(executions: Iterable["Execution"], output: Format) -> Iterator[str]:
    from agentctl.render import history as render

    return render.csv_lines(executions) if output is Format.CSV else render.json_lines(executions)


def _follow_executions(
    connection: "Connection", market: "Marketplace", filters: "Filters", *, limit: int, output: Format
) -> Reply:
    from agentctl.core.executions.history import follow_executions
    from agentctl.render import history as render

    executions = follow_executions(connection, market, filters, limit=limit, pause=lambda: time.sleep(_POLL))
    if output is Format.TABLE:
        screen = screen_for(sys.stdout)
        for execution in executions:
            screen.show([render.line_of(execution)])
            sys.stdout.flush()
    else:
        for line in _write_lines(executions, output):
            write_clean(sys.stdout, line)
            sys.stdout.flush()
    return Reply()


def _list_missing(market: "Marketplace") -> tuple[str, ...]:
    from agentctl.core.mapping.optional_columns import BY_NAME

    return tuple(name for name in BY_NAME if name not in market.executions)
