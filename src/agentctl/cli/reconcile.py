"""`agentctl reconcile`: settle what a crash, a timeout or an unclear answer left open."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentctl.core.settling.cases import Case


class Assumed(StrEnum):
    """What an operator may say about an outcome."""

    FAILED = "failed"
    SUCCESS = "success"


def reconcile(
    session: Session,
    executions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXECUTION]...", help="Only these executions; the beginning of an id is enough."
        ),
    ] = None,
    stale_after: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Treat open runs older than this as dead (0s: all)."),
    ] = "15m",
    assume: Annotated[
        Assumed | None, typer.Option(help="Outcome to record where it is not known otherwise.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be settled; write nothing.")
    ] = False,
) -> Reply:
    """Settle open executions whose outcome is known to n8n, to this machine's journal, or to you.

    A success gets the result that was missed, a failure its refund. An execution whose outcome is unknown
    stays open, and its charge is held. The command is safe to run at any time, even twice at once. An
    execution that cannot be settled does not stop the others. If the row of a named execution is gone,
    its charge is given back.

    \b
    Examples:
      agentctl reconcile --dry-run
      agentctl reconcile
      agentctl reconcile 3f2a9c1e --assume failed
    """
    from agentctl.core.executions.journal import user_journal
    from agentctl.core.models import Outcome
    from agentctl.core.settling.cases import ReconcileRequest
    from agentctl.core.settling.reconciliation import reconcile as settle_open_executions
    from agentctl.core.times import parse_age
    from agentctl.render import reconcile as render

    request = ReconcileRequest(
        executions=tuple(executions or ()),
        stale_after=parse_age(stale_after),
        assume=Outcome(assume) if assume else None,
        dry_run=dry_run,
    )
    screen = session.progress_screen()
    with session.marketplace(reads=dry_run) as (database, profile):
        cases = settle_open_executions(
            database,
            profile,
            request,
            journal=user_journal(content=profile.journal.content),
            progress=lambda total: screen.progress("Settling", total),
        )
    return Reply(
        data=lambda: render.reconcile_data(cases),
        view=lambda: render.reconcile_view(cases),
        error=_make_error(cases),
    )


def _make_error(cases: "Sequence[Case]") -> FindingsFound | None:
    still_open = [case for case in cases if case.action.is_open]
    if not still_open:
        return None
    is_single = len(still_open) == 1
    hint = "If you know the outcome: agentctl reconcile EXECUTION --assume failed|success"
    refused = next((case.obstacle for case in still_open if case.obstacle is not None), None)
    return FindingsFound(
        f"{len(still_open)} execution{' is' if is_single else 's are'} still open: {still_open[0].message}",
        hint=refused.hint if refused else hint,
        code="still_open",
    )
