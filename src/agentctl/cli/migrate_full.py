"""`agentctl migrate-full`: give agent_executions its seven optional columns and two indexes, or drop them.

With --history-index it is `listing_indexes` that works.
"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.migration_order import Order, confirm_plans, write_script
from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import UsageError

if TYPE_CHECKING:
    from agentctl.core.config.profiles import Profile
    from agentctl.core.database.connection import Database
    from agentctl.core.migration.plan import Plan


def migrate_full(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the SQL and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply the plan without asking.")] = False,
    backfill: Annotated[bool, typer.Option("--backfill", help="Then fill old rows from the ledger.")] = False,
    history_index: Annotated[
        bool, typer.Option("--history-index", help="Only build the indexes that serve history and credits.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Drop what this command has added.")] = False,
    discard_data: Annotated[
        bool,
        typer.Option(
            "--discard-data", help="With --undo: also drop columns that hold data, after saving it."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="With --dry-run: write the plan there as SQL. With --discard-data: the data as raw CSV.",
        ),
    ] = None,
    lock_timeout: Annotated[
        str, typer.Option(metavar="DURATION", help="How long one attempt may make others wait.")
    ] = "200ms",
    give_up_after: Annotated[
        str, typer.Option(metavar="DURATION", help="How long to keep trying for the lock.")
    ] = "10m",
) -> Reply:
    """Add the seven optional columns and two indexes to agent_executions while it is in use.

    The plan is shown first and must be confirmed. The command can be interrupted and run again at any time.
    With --history-index it adds no column: it builds the indexes by which a page of history and credits is
    found at any size, on the executions and the ledger; --undo --history-index drops them.

    \b
    Examples:
      agentctl migrate-full --dry-run
      agentctl migrate-full --dry-run -o plan.sql
      agentctl migrate-full
      agentctl migrate-full --yes --lock-timeout 100ms
      agentctl migrate-full --yes --backfill
      agentctl migrate-full --history-index
      agentctl migrate-full --undo --discard-data -o executions.csv
    """
    from agentctl.cli.listing_indexes import change_indexes
    from agentctl.core.migration.plan import LockWait
    from agentctl.core.times import parse_duration

    _refuse_nonsense(undo=undo, backfill=backfill, dry_run=dry_run, discard=discard_data, output=output)
    _refuse_beside_indexes(history_index, {"--backfill": backfill, "--discard-data": discard_data})
    wait = LockWait(parse_duration(lock_timeout), parse_duration(give_up_after))
    with (
        session.marketplace(reads=dry_run) as (database, profile),
        _find_direct(database, profile).connect() as connection,
    ):
        order = Order(session, connection, profile.schema, wait, dry_run=dry_run, yes=yes, output=output)
        if history_index:
            return change_indexes(order, undo=undo)
        return _take_back(order, discard=discard_data) if undo else _widen_table(order, backfill=backfill)


def _refuse_nonsense(
    *, undo: bool, backfill: bool, dry_run: bool, discard: bool, output: Path | None
) -> None:
    wrong = None
    if discard and not undo:
        wrong = "--discard-data can only be used with --undo."
    elif backfill and undo:
        wrong = "--backfill and --undo cannot be used together."
    elif output is not None and not (dry_run or discard):
        wrong = "--output needs --dry-run (to write the plan) or --discard-data (to write the data)."
    if wrong is not None:
        raise UsageError(wrong, hint="See: agentctl migrate-full --help")


def _refuse_beside_indexes(history_index: bool, others: dict[str, bool]) -> None:
    other = next((name for name, is_given in others.items() if is_given), None)
    if history_index and other is not None:
        msg = f"--history-index and {other} cannot be used together."
        raise UsageError(msg, hint="Run one after the other. See: agentctl migrate-full --help")


def _find_direct(database: "Database", profile: "Profile") -> "Database":
    from agentctl.core.database.connection import read_database_url

    url = profile.migrate_database_url
    return database if url is None else read_database_url(url.resolve(), source=url.origin)


def _widen_table(order: Order, *, backfill: bool) -> Reply:
    from agentctl.cli.migration_progress import migrating
    from agentctl.core.migration.apply import apply
    from agentctl.core.migration.widening import plan_widening
    from agentctl.render import migrate as render

    planner = partial(plan_widening, settings=order.settings, wait=order.wait)
    plan = planner(order.connection)
    planned = Reply(
        data=lambda: render.plan_data(plan, applied=False),
        view=lambda: render.plan_view(plan, backfill=backfill),
    )
    if order.dry_run:
        write_script(order.output, render.script(plan))
    if order.dry_run or not (plan.steps or backfill):
        return planned
    confirm_plans(order, [plan], planned)
    if plan.steps:
        with migrating(order.session) as on_event:
            apply(order.connection, plan, planner, on_event)
    if backfill:
        return _fill_rows(order, plan)
    return Reply(data=lambda: render.plan_data(plan, applied=True), view=lambda: render.done_view(plan))


def _fill_rows(order: Order, plan: "Plan") -> Reply:
    """Fill old rows, after building the index for that if it is missing."""
    from agentctl.cli.migration_progress import filling, migrating
    from agentctl.core.migration.apply import apply
    from agentctl.core.migration.backfill import backfill, plan_link_index
    from agentctl.render import migrate as render

    planner = partial(plan_link_index, settings=order.settings, wait=order.wait)
    link_index = planner(order.connection)
    with migrating(order.session) as on_event:
        if link_index.steps:
            apply(order.connection, link_index, planner, on_event)
        with filling(order.session) as on_batch:
            filled = backfill(order.connection, plan, on_batch, on_event)
    return Reply.of(render.filled_data, render.filled_view, plan, filled)


def _take_back(order: Order, *, discard: bool) -> Reply:
    from agentctl.cli.migration_progress import migrating
    from agentctl.core.migration import undoing
    from agentctl.render import migrate as render

    plan = undoing.plan_undo(order.connection, order.settings, wait=order.wait)
    planned = Reply(data=lambda: render.plan_data(plan, applied=False), view=lambda: render.undo_view(plan))
    if order.dry_run:
        write_script(order.output, render.script(plan))
    if order.dry_run or not plan.steps:
        return planned
    if not discard:
        undoing.refuse_to_lose(undoing.count_content(order.connection, plan))
    confirm_plans(order, [plan], planned)
    file = (order.output or _name_file(plan)) if discard else None
    with migrating(order.session) as on_event:
        undone = undoing.undo(order.connection, plan, save_to=file, on_event=on_event)
    return Reply.of(render.undone_data, render.undone_view, plan, undone)


def _name_file(plan: "Plan") -> Path:
    """Return the name of a new file."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path(f"{plan.name.replace('/', '_')}-{now}.csv")
