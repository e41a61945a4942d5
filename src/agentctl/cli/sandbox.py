"""`agentctl sandbox`: where the embedded database is, and starting it anew."""

import sys
from typing import Annotated

import typer

from agentctl.cli.options import with_common_options
from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.render.blocks import Text
from agentctl.render.clean import write_clean

app = typer.Typer(
    no_args_is_help=False, help="Manage the embedded database, which is used when nothing is configured."
)


def url(
    session: Session,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="Keep the sandbox running until Ctrl-C, for psql and similar tools."),
    ] = False,
) -> Reply:
    """Print the sandbox's database URL, which works while a command uses the sandbox.

    \b
    Examples:
      agentctl sandbox url --hold        # in one terminal
      psql "$(agentctl sandbox url)"     # in another
    """
    from agentctl.sandbox.server import running

    with running() as address:
        if hold:
            write_clean(sys.stdout, address + "\n")
            sys.stdout.flush()
            _wait_for_interrupt(session)
    return Reply() if hold else Reply(data=lambda: {"url": address}, view=lambda: [Text(address)])


def _wait_for_interrupt(session: Session) -> None:
    import signal

    session.note("The sandbox runs until Ctrl-C.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        session.note("Stopping.")


def path(_session: Session) -> Reply:
    """Print the path of the sandbox's folder."""
    from agentctl.sandbox.server import folder

    location = str(folder())
    return Reply(data=lambda: {"path": location}, view=lambda: [Text(location)])


def reset(
    session: Session,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Reset without asking.")] = False,
) -> Reply:
    """Delete the sandbox's data; the next command that needs the sandbox creates it again."""
    from agentctl.sandbox.server import folder, reset

    location = str(folder())
    if not yes and not session.confirm(f"Delete everything in {location}?", flag="--yes"):
        return Reply(view=lambda: [Text("Nothing was changed.")])
    reset()
    return Reply(
        data=lambda: {"path": location, "reset": True}, view=lambda: [Text("The sandbox is empty now.")]
    )


for command in (url, reset, path):
    app.command()(with_common_options(command))
