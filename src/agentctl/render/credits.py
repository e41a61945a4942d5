"""Shows credits: a user's ledger, the marketplace's totals, a grant, a refund."""

from collections.abc import Sequence

from agentctl.core.credits.ledger_reports import Totals
from agentctl.core.models import Amount, LedgerRow, User, Verbatim
from agentctl.core.settling.by_hand import Grant, Refund
from agentctl.render.blocks import Cell, Facts, Table, Text, Tone, Toned, View
from agentctl.render.envelope import user_name_data
from agentctl.render.plain import signed

_NO_REASON = "The ledger has no column for a reason, so it is not recorded there."


def user_data(user: User, rows: Sequence[LedgerRow]) -> dict[str, object]:
    """Return a balance and ledger rows as programs read them."""
    return {
        "user": user_name_data(user),
        "balance": user.balance,
        "held": user.held,
        "ledger": [_row_data(row) for row in rows],
    }


def totals_data(totals: Totals) -> dict[str, object]:
    """Return the marketplace's totals as programs read them."""
    return {
        "users": totals.users,
        "balance": totals.balance,
        "ledger": [{"type": kind, "rows": rows, "amount": amount} for kind, rows, amount in totals.by_kind],
        "largest": [
            {**user_name_data(user), "balance": user.balance, "held": user.held} for user in totals.largest
        ],
    }


def grant_data(grant: Grant, reason: str) -> dict[str, object]:
    """Return a grant as programs read it."""
    return {
        "user": user_name_data(grant.user),
        "amount": grant.amount,
        "balance_before": grant.balance_before,
        "balance_after": grant.balance_after,
        "replayed": grant.replayed,
        "reason": reason,
        "not_recorded": [] if grant.reason_kept else ["reason"],
    }


def refund_data(refund: Refund, reason: str) -> dict[str, object]:
    """Return a refund as programs read it."""
    return {
        "execution": {"id": refund.execution.id, "status": refund.execution.status},
        "user": user_name_data(refund.execution.user),
        "amount": refund.movement.amount,
        "balance_before": refund.movement.balance_before,
        "balance_after": refund.movement.balance_after,
        "reason": reason,
        "not_recorded": [] if refund.reason_kept else ["reason"],
    }


def user_view(user: User, rows: Sequence[LedgerRow]) -> View:
    """Show a balance and ledger rows."""
    held = (("Held", f"{user.held} credits of it cannot be spent"),) if user.held else ()
    balance = Toned(f"{user.balance} credits", Tone.STRONG)
    yield Facts((("User", user.email or user.id), ("Balance", balance), *held))
    if not rows:
        yield Text("The ledger has no rows for this user.")
        return
    cells = tuple(
        (row.created_at, row.kind, _signed_cell(row.amount), row.balance_after, row.execution_id)
        for row in rows
    )
    headers = ("when", "type", "amount", "balance after", "execution")
    yield Table(headers, cells, numbers=frozenset({"amount", "balance after"}))


def totals_view(totals: Totals) -> View:
    """Show the marketplace's totals."""
    yield Facts((("Users", totals.users), ("Credits held", Toned(str(totals.balance), Tone.STRONG))))
    if totals.by_kind:
        headers = ("type", "rows", "amount")
        cells = tuple((kind, rows, _signed_cell(amount)) for kind, rows, amount in totals.by_kind)
        yield Table(headers, cells, numbers=frozenset({"rows", "amount"}), title="Ledger")
    if totals.largest:
        largest = tuple((user.email or user.id, user.balance) for user in totals.largest)
        yield Table(("user", "balance"), largest, numbers=frozenset({"balance"}), title="Largest balances")


def grant_view(grant: Grant) -> View:
    """Show a grant."""
    name = grant.user.email or grant.user.id
    if grant.replayed:
        yield Text(f"Already granted with this key: {grant.amount} credits to {name}. Nothing was changed.")
        return
    balances = f"balance {grant.balance_before} -> {grant.balance_after}"
    yield Text(f"Granted {grant.amount} credits to {name}: {balances}.", Tone.GOOD)
    if not grant.reason_kept:
        yield Text(_NO_REASON, Tone.DIM)


def refund_view(refund: Refund) -> View:
    """Show a refund."""
    name = refund.execution.user.email or refund.execution.user.id
    balances = f"balance {refund.movement.balance_before} -> {refund.movement.balance_after}"
    yield Text(f"Refunded {refund.movement.amount} credits to {name}: {balances}.", Tone.GOOD)
    if not refund.reason_kept:
        yield Text(_NO_REASON, Tone.DIM)


def _row_data(row: LedgerRow) -> dict[str, object]:
    return {
        "id": row.id,
        "type": row.kind,
        "amount": row.amount,
        "balance_after": row.balance_after,
        "execution_id": row.execution_id,
        "created_at": row.created_at,
    }


def _signed_cell(amount: Amount | None) -> Cell:
    if amount is None or isinstance(amount, Verbatim):
        return amount
    return Toned(signed(amount), Tone.GOOD if amount > 0 else Tone.PLAIN)
