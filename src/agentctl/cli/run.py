"""`agentctl run`: run an agent once, for one user."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import UsageError
from agentctl.core.failpoints import Failpoint, passing

if TYPE_CHECKING:
    from agentctl.core.running.preparation import RunRequest


def run(
    session: Session,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Slug, id or name of the agent.")],
    items: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=TEXT | NAME:=JSON | NAME=@FILE]...", help="The agent's inputs."),
    ] = None,
    input_file: Annotated[
        str | None,
        typer.Option("--input-file", "-f", metavar="FILE|-", help="File with a JSON object of inputs."),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", "-u", metavar="EMAIL|ID", help="User to charge; by default the profile's user."
        ),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Run and charge once per key, ever; a repeat returns that execution."
        ),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Deadline for the whole webhook call.")
    ] = None,
    no_charge: Annotated[
        bool, typer.Option("--no-charge", help="Test run: recorded, but not charged.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the inputs and show the price; write and send nothing.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result to this file.")
    ] = None,
) -> Reply:
    """Run an agent for a user: charge, call its webhook, settle, show the result.

    \b
    Examples:
      agentctl run seo-blog topic="Green tea" tone=friendly
      agentctl run seo-blog words:=900 topic=@topic.txt -o article.md
      agentctl run seo-blog -f inputs.json --user ops@example.com --idempotency-key order-81
      agentctl run seo-blog topic=x --dry-run
    """
    from agentctl.cli.ask import ask_for
    from agentctl.cli.progress import watching
    from agentctl.cli.results import save_result
    from agentctl.core.executions.journal import user_journal
    from agentctl.core.running import run as core
    from agentctl.render import run as render

    _require_writable(output)
    request = _request(
        agent,
        items=items,
        input_file=input_file,
        user=user,
        idempotency_key=idempotency_key,
        timeout=timeout,
        no_charge=no_charge,
    )
    ask = ask_for if session.can_ask() else None
    with session.marketplace(reads=dry_run) as (database, profile):
        if dry_run:
            report = core.dry_run(database, profile, request, ask=ask)
        else:
            with watching(session) as on_step:
                journal = user_journal(content=profile.journal.content)
                report = core.run(database, profile, request, ask=ask, on_step=on_step, journal=journal)
    saved = save_result(report, output)
    passing(Failpoint.SAVED)
    return Reply(
        data=lambda: render.run_data(report, dry=dry_run, file=saved.file),
        view=lambda: render.dry_view(report) if dry_run else render.result_view(report, file=saved.file),
        aside=lambda: (*render.file_view(report, file=saved.file), *render.money_view(report)),
        error=report.error or saved.error,
    )


def _request(
    agent: str,
    *,
    items: list[str] | None,
    input_file: str | None,
    user: str | None,
    idempotency_key: str | None,
    timeout: str | None,
    no_charge: bool,
) -> "RunRequest":
    from agentctl.core.agents.inputs import read_input_file
    from agentctl.core.running.preparation import RunRequest
    from agentctl.core.times import parse_duration

    return RunRequest(
        agent=agent,
        user=user,
        items=tuple(items or ()),
        input_text=read_input_file(input_file) if input_file else None,
        idempotency_key=idempotency_key,
        timeout=parse_duration(timeout) if timeout else None,
        charge=not no_charge,
    )


def _require_writable(output: Path | None) -> None:
    """Find out before anything is charged."""
    if output is None:
        return
    place = output if output.exists() else output.parent
    if output.is_dir() or not os.access(place, os.W_OK):
        msg = f"The result cannot be written to {output}."
        raise UsageError(msg, hint="Name a file in an existing folder that you can write to.")
