"""The tree of commands, each a function in a module of its own; help is plain text and needs no Rich."""

from typing import Annotated

import typer

from agentctl import __version__
from agentctl.cli import (
    agents,
    audit,
    explain,
    history,
    init,
    migrate_full,
    reconcile,
    run,
    sandbox,
    schema_check,
)
from agentctl.cli.credits import app as credits_app
from agentctl.cli.options import with_common_options

app = typer.Typer(
    name="agentctl",
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


for name, command, summary in (
    ("run", run.run, "Run an agent once, for one user."),
    ("history", history.history, "Show what ran, how it ended and what it cost."),
    ("reconcile", reconcile.reconcile, "Settle open executions whose outcome can be found out."),
    ("agents", agents.agents, "List the agents and their inputs."),
    ("audit", audit.audit, "Prove that balances, charges and refunds are right."),
    (
        "schema-check",
        schema_check.schema_check,
        "Check that the live schema has what agentctl and a deploy need.",
    ),
    ("explain", explain.explain, "Explain what a finding means and how to fix it."),
    ("init", init.init, "Write a configuration file for a database."),
    (
        "migrate-full",
        migrate_full.migrate_full,
        "Add the optional columns to agent_executions while it is in use.",
    ),
):
    app.command(name, short_help=summary)(with_common_options(command))
app.add_typer(
    credits_app, name="credits", short_help="Show balances and the ledger; grant and refund credits."
)
app.add_typer(sandbox.app, name="sandbox", short_help="Manage the embedded database.")
