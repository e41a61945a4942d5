"""`agentctl credits`: balances and the ledger, grants, and refunds by hand."""

from typing import Annotated

import typer

from agentctl.cli.options import with_common_options
from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import UsageError

_REASON = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="The reason; stored if the ledger has a column for it."),
]


def show(
    session: Session,
    context: typer.Context,
    user: Annotated[
        str | None,
        typer.Option("--user", "-u", metavar="EMAIL|ID", help="Show the balance and ledger of this user."),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Maximum number of ledger rows or balances.")
    ] = 20,
) -> Reply:
    """Show the balance and latest ledger rows of a user; without a user, totals and the largest balances.

    \b
    Examples:
      agentctl credits
      agentctl credits --user ops@example.com
      agentctl credits grant ops@example.com 50 --reason "goodwill"
      agentctl credits refund 3f2a --reason "the agent answered nonsense"
    """
    if context.invoked_subcommand is not None:
        return _nothing_before(context.invoked_subcommand, user)
    from agentctl.core.credits import ledger_reports, users
    from agentctl.render import credits as render

    with session.connected(reads=True) as (connection, market, _):
        if user is None:
            totals = ledger_reports.totals(connection, market, largest=limit)
            if market.users.table.row_security.may_hide_rows():
                session.note(
                    "Row level security may hide users from this role: these are those that it sees."
                )
            return Reply.of(render.totals_data, render.totals_view, totals)
        payer = users.get_user(connection, market.users, user)
        ledger = market.ledger
        rows = ledger_reports.list_rows(connection, ledger, user=payer.id, limit=limit) if ledger else ()
    if ledger is None:
        session.note("agentctl found no ledger in this database, so only the balance is shown.")
    return Reply.of(render.user_data, render.user_view, payer, rows)


def _nothing_before(subcommand: str, user: str | None) -> Reply:
    if user is not None:
        raise UsageError(
            f"--user cannot be used before {subcommand}: it is an option of `agentctl credits` itself.",
            hint=f"See: agentctl credits {subcommand} --help",
        )
    return Reply()


def grant(
    session: Session,
    user: Annotated[str, typer.Argument(metavar="USER", help="E-mail address or id.")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Number of credits; positive.")],
    reason: _REASON,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Grant at most once with this key; a repeat grants nothing."),
    ] = None,
) -> Reply:
    """Give a user credits.

    \b
    Examples:
      agentctl credits grant ops@example.com 50 --reason "goodwill"
      agentctl credits grant ops@example.com 50 --reason "invoice 81" --idempotency-key invoice-81
    """
    from agentctl.core.credits import users
    from agentctl.core.credits.balances import parse_amount
    from agentctl.core.settling.by_hand import grant_credits
    from agentctl.render import credits as render

    with session.connected() as (connection, market, _):
        credits_given = parse_amount(amount, column_type=market.balances.base_type("balance"))
        receiver = users.get_user(connection, market.users, user)
        done = grant_credits(
            connection,
            market,
            user=receiver,
            amount=credits_given,
            idempotency_key=idempotency_key,
            reason=reason,
        )
        if market.ledger and (stand_in := market.ledger.explain_stand_in("grant")):
            session.note(stand_in)
    return Reply(data=lambda: render.grant_data(done, reason), view=lambda: render.grant_view(done))


def refund(
    session: Session,
    execution: Annotated[
        str, typer.Argument(metavar="EXECUTION", help="Execution id, or the beginning of one.")
    ],
    reason: _REASON,
) -> Reply:
    """Refund a failed execution, or one whose row is gone but whose charge is in the ledger.

    \b
    Examples:
      agentctl credits refund 3f2a9c1e --reason "on_failure was keep"
    """
    from agentctl.core.settling.by_hand import refund_execution
    from agentctl.core.settling.lost_executions import get_execution_or_charge
    from agentctl.render import credits as render

    with session.connected() as (connection, market, _):
        target = get_execution_or_charge(connection, market, execution)
        done = refund_execution(connection, market, target, reason=reason)
        if market.ledger and (stand_in := market.ledger.explain_stand_in("refund")):
            session.note(stand_in)
    return Reply(data=lambda: render.refund_data(done, reason), view=lambda: render.refund_view(done))


app = typer.Typer(invoke_without_command=True)
app.callback()(with_common_options(show))
app.command("grant")(with_common_options(grant))
app.command("refund")(with_common_options(refund))
