"""The tree of commands. Each is a function in a module of its own; help is plain text, so it costs no Rich."""

from typing import Annotated

import typer

from agentctl import __version__
from agentctl.cli import agents
from agentctl.cli.options import with_common_options

app = typer.Typer(
    name="agentctl",
    help="Operate a marketplace of AI agents: run agents, read history and credits, check and widen the schema.",
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


app.command("agents")(with_common_options(agents.agents))
