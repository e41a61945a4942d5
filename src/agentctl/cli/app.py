"""The tree of commands, each a function in a module of its own; help is plain text and needs no Rich."""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from agentctl import __version__

if TYPE_CHECKING:
    from typer._click import Command, Context  # Typer names no public base of its commands


class Place(NamedTuple):
    """Where a command is: a function of a module in `cli`, or a Typer of several commands called `app`."""

    module: str
    name: str
    summary: str


_APP = "app"
_COMMANDS = {
    "run": Place("run", "run", "Run an agent once, for one user."),
    "history": Place("history", "history", "Show what ran, how it ended and what it cost."),
    "reconcile": Place("reconcile", "reconcile", "Settle open executions whose outcome can be found out."),
    "agents": Place("agents", "agents", "List the agents and their inputs."),
    "audit": Place("audit", "audit", "Prove that balances, charges and refunds are right."),
    "schema-check": Place(
        "schema_check", "schema_check", "Check that the live schema has what agentctl and a deploy need."
    ),
    "explain": Place("explain", "explain", "Explain what a finding means and how to fix it."),
    "init": Place("init", "init", "Write a configuration file for a database."),
    "migrate-full": Place(
        "migrate_full", "migrate_full", "Add the optional columns to agent_executions while it is in use."
    ),
    "credits": Place("credits", _APP, "Show balances and the ledger; grant and refund credits."),
    "sandbox": Place("sandbox", _APP, "Manage the embedded database."),
}


class Commands(TyperGroup):
    """The commands, each imported and built when it is asked for: a start needs one of them."""

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002 - Typer's interface
        """Return the names, in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":  # noqa: ARG002 - Typer's interface
        """Return a command; None where there is none of that name."""
        if cmd_name not in self.commands and cmd_name in _COMMANDS:
            self.commands[cmd_name] = _build_command(cmd_name, _COMMANDS[cmd_name])
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        """Find the command; for a wrong name, the nearest of those that are built is suggested."""
        if args[0] not in _COMMANDS:
            for name in _COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _build_command(name: str, place: Place) -> "Command":
    from agentctl.cli.options import with_common_options

    found = getattr(import_module(f"agentctl.cli.{place.module}"), place.name)
    tree = typer.Typer(rich_markup_mode=None, add_completion=False)
    if place.name == _APP:
        tree.add_typer(found, name=name, short_help=place.summary)
        return get_group(tree).commands[name]
    tree.command(name, short_help=place.summary)(with_common_options(found))
    return get_command(tree)


app = typer.Typer(
    name="agentctl",
    cls=Commands,
    help="Operate a marketplace of AI agents: runs, history, credits, and the database schema.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Show the version or the help where no command is named."""
    if version:
        typer.echo(f"agentctl {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
