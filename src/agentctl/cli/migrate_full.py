"""`agentctl migrate-full`: give agent_executions its seven optional columns and two indexes."""

import sys
from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session, screen_for
from agentctl.core.errors import Refused


def migrate_full(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the SQL and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply the plan without asking.")] = False,
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
      agentctl migrate-full
      agentctl migrate-full --yes --lock-timeout 100ms
    """
    from agentctl.core import migrate
    from agentctl.core.mapping import catalog_for
    from agentctl.core.times import parse_duration
    from agentctl.render import migrate as render

    wait = migrate.LockWait(parse_duration(lock_timeout), parse_duration(give_up_after))
    with session.marketplace() as (database, profile), database.connect() as connection:
        plan = migrate.plan(catalog_for(connection, profile.schema), profile.schema)
        if dry_run or not plan.steps:
            return Reply(
                data=lambda: render.plan_data(plan, applied=False), view=lambda: render.plan_view(plan)
            )
        if not session.json and not session.quiet:
            screen_for(sys.stdout).show(render.plan_view(plan))
        if not yes and not session.confirm(f"Change {plan.table}?", flag="--yes"):
            msg = "Nothing was changed."
            raise Refused(msg, code="not_confirmed")
        migrate.apply(
            connection,
            plan,
            wait=wait,
            started=lambda step: session.note(f"{step.kind}: {step.object} ..."),
            waiting=lambda attempt: session.note(f"The table is in use; attempt {attempt} gave way."),
        )
    return Reply(data=lambda: render.plan_data(plan, applied=True), view=lambda: render.done_view(plan))
