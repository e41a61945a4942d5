"""`agentctl migrate-full`: give agent_executions its seven optional columns and two indexes, or drop them."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session, screen_for
from agentctl.core.errors import Refused, UsageError

if TYPE_CHECKING:
    from agentctl.core.config import Profile
    from agentctl.core.database import Connection, Database
    from agentctl.core.migration.plan import LockWait, Plan


def migrate_full(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the SQL and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply the plan without asking.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Drop what this command has added.")] = False,
    discard_data: Annotated[
        bool,
        typer.Option("--discard-data", help="With --undo: also where it holds data, which is saved first."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="With --dry-run: write the plan there as SQL. With --discard-data: the data as CSV.",
        ),
    ] = None,
    lock_timeout: Annotated[
        str, typer.Option(metavar="DURATION", help="How long one attempt may make others wait.")
    ] = "200ms",
    give_up_after: Annotated[
        str, typer.Option(metavar="DURATION", help="How long to go on trying for the lock.")
    ] = "10m",
) -> Reply:
    """Give agent_executions its seven optional columns and two indexes, while it is in use.

    The plan is shown and confirmed first. It can be interrupted and run again at any time.

    \b
    Examples:
      agentctl migrate-full --dry-run
      agentctl migrate-full --dry-run -o plan.sql
      agentctl migrate-full
      agentctl migrate-full --yes --lock-timeout 100ms
      agentctl migrate-full --undo --discard-data -o executions.csv
    """
    from agentctl.core.migration.plan import LockWait
    from agentctl.core.times import parse_duration

    if discard_data and not undo:
        msg = "--discard-data says something of --undo only."
        raise UsageError(msg, hint="See: agentctl migrate-full --help")
    if output is not None and not (dry_run or discard_data):
        msg = "--output needs --dry-run, for the plan, or --discard-data, for the data."
        raise UsageError(msg, hint="See: agentctl migrate-full --help")
    wait = LockWait(parse_duration(lock_timeout), parse_duration(give_up_after))
    work = (
        partial(_take_back, discard=discard_data, output=output) if undo else partial(_widen, output=output)
    )
    with session.marketplace() as (database, profile), _direct(database, profile).connect() as connection:
        return work(session, connection, profile, wait=wait, dry_run=dry_run, yes=yes)


def _direct(database: "Database", profile: "Profile") -> "Database":
    from agentctl.core.database import at

    url = profile.migrate_database_url
    return database if url is None else at(url.resolve(), place=url.place)


def _widen(
    session: Session,
    connection: "Connection",
    profile: "Profile",
    *,
    wait: "LockWait",
    dry_run: bool,
    yes: bool,
    output: Path | None,
) -> Reply:
    from agentctl.cli.migration_progress import migrating
    from agentctl.core.migration.apply import apply
    from agentctl.core.migration.widening import plan_widening
    from agentctl.render import migrate as render

    planner = partial(plan_widening, settings=profile.schema, wait=wait)
    plan = planner(connection)
    planned = Reply(data=lambda: render.plan_data(plan, applied=False), view=lambda: render.plan_view(plan))
    if dry_run:
        _write_script(plan, output)
    if dry_run or not plan.steps:
        return planned
    _confirm(session, plan, planned, yes=yes)
    with migrating(session) as told:
        apply(connection, plan, planner, told)
    return Reply(data=lambda: render.plan_data(plan, applied=True), view=lambda: render.done_view(plan))


def _take_back(
    session: Session,
    connection: "Connection",
    profile: "Profile",
    *,
    wait: "LockWait",
    dry_run: bool,
    yes: bool,
    discard: bool,
    output: Path | None,
) -> Reply:
    from agentctl.cli.migration_progress import migrating
    from agentctl.core.migration import undoing
    from agentctl.render import migrate as render

    plan = undoing.plan_undo(connection, profile.schema, wait=wait)
    planned = Reply(data=lambda: render.plan_data(plan, applied=False), view=lambda: render.undo_view(plan))
    if dry_run:
        _write_script(plan, output)
    if dry_run or not plan.steps:
        return planned
    if not discard:
        undoing.refuse_to_lose(undoing.content(connection, profile.schema))
    _confirm(session, plan, planned, yes=yes)
    file = (output or _file_for(plan)) if discard else None
    with migrating(session) as told:
        undone = undoing.undo(connection, plan, save_to=file, told=told)
    return Reply(data=lambda: render.undone_data(plan, undone), view=lambda: render.undone_view(plan, undone))


def _write_script(plan: "Plan", output: Path | None) -> None:
    from agentctl.core.files import write_atomically
    from agentctl.render import migrate as render

    if output is not None:
        write_atomically(output, render.script(plan))


def _file_for(plan: "Plan") -> Path:
    """Name a file that is not there yet."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path(f"{plan.name.replace('/', '_')}-{now}.csv")


def _confirm(session: Session, plan: "Plan", planned: Reply, *, yes: bool) -> None:
    """Show the plan, and go on only where the operator wants that.

    Raises:
        Refused: they do not.
        UsageError: nobody can be asked.

    """
    if not session.json and not session.quiet:
        screen_for(sys.stdout).show(planned.view())
    if not yes and not session.confirm(f"Change {plan.table}?", flag="--yes"):
        msg = "Nothing was changed."
        raise Refused(msg, code="not_confirmed")
