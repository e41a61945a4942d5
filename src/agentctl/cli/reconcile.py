"""`agentctl reconcile`: settle what a crash, a timeout or an unclear answer left open."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentctl.core.settling.reconciliation import Reconciled


class Assumed(StrEnum):
    """What an operator may say about an outcome."""

    FAILED = "failed"
    SUCCESS = "success"


def reconcile(
    session: Session,
    executions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXECUTION]...", help="Only these; the beginning of an id will do."),
    ] = None,
    stale_after: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Age from which a run is dead; 0s: none is alive, you know."),
    ] = "15m",
    assume: Annotated[
        Assumed | None, typer.Option(help="The outcome of those that nobody else knows about.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find out, and write nothing.")] = False,
) -> Reply:
    """Settle open executions whose outcome somebody knows: n8n, this machine's journal, or you.

    A success gets the result that was missed, a failure its refund. What nobody knows stays open,
    with its charge held. It is safe to run at any time, and twice at once. One that cannot be settled
    stops no other one. Where the row of a named execution is gone, its charge is given back.

    \b
    Examples:
      agentctl reconcile --dry-run
      agentctl reconcile
      agentctl reconcile 3f2a9c1e --assume failed
    """
    from agentctl.core.executions.journal import user_journal
    from agentctl.core.models import Outcome
    from agentctl.core.settling import reconciliation as core
    from agentctl.core.times import parse_age
    from agentctl.render import reconcile as render

    request = core.Request(
        executions=tuple(executions or ()),
        stale_after=parse_age(stale_after),
        assume=Outcome(assume) if assume else None,
        dry_run=dry_run,
    )
    screen = session.progress_screen()
    with session.marketplace(reads=dry_run) as (database, profile):
        cases = core.reconcile(
            database,
            profile,
            request,
            journal=user_journal(content=profile.journal.content),
            progress=lambda total: screen.progress("Settling", total),
        )
    return Reply(
        data=lambda: render.reconcile_data(cases),
        view=lambda: render.reconcile_view(cases),
        error=_still_open(cases),
    )


def _still_open(cases: "Sequence[Reconciled]") -> FindingsFound | None:
    still_open = [case for case in cases if case.action.is_open]
    if not still_open:
        return None
    one = len(still_open) == 1
    msg = f"{len(still_open)} execution{' is' if one else 's are'} still open: {still_open[0].message}"
    hint = "Where you know the outcome: agentctl reconcile EXECUTION --assume failed|success"
    refused = next((case.obstacle for case in still_open if case.obstacle is not None), None)
    return FindingsFound(msg, hint=refused.hint if refused else hint, code="still_open")
