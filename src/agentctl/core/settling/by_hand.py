"""Grants credits, or refunds one execution, when an operator says so.

The transactions begin and end here. A run is charged in `running`, and refunded in `settlement` if it fails.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from agentctl.core.credits import balances, ledger_reports, movements
from agentctl.core.credits.movements import Movement
from agentctl.core.database.connection import Connection
from agentctl.core.database.transactions import Commit, durably
from agentctl.core.errors import Interrupted, PermissionDenied, Refused, UsageError
from agentctl.core.executions import lookup
from agentctl.core.executions.execution_table import key_to_id, lock_execution, require_key
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.models import Amount, Credits, Execution, Status, User
from agentctl.core.settling.lost_executions import refund_lost

T = TypeVar("T")


class Grant(Struct, frozen=True):
    """Credits that were given; `replayed` if the idempotency key had been used for them before."""

    user: User
    amount: Credits
    balance_before: Amount | None
    balance_after: Amount | None
    replayed: bool = False
    reason_kept: bool = False


class Refund(Struct, frozen=True):
    """Credits of one execution that were given back."""

    execution: Execution
    movement: Movement
    reason_kept: bool = False


def grant_credits(
    connection: Connection,
    market: Marketplace,
    *,
    user: User,
    amount: Credits,
    idempotency_key: str | None,
    reason: str | None = None,
) -> Grant:
    """Give a user credits, once for each idempotency key.

    Raises:
        Refused: the key was used for another amount.
        UsageError: the idempotency key is empty, or the ledger's ids are not UUIDs.

    """
    if idempotency_key is not None:
        _require_usable_key(idempotency_key, market.require_ledger())
    row_id = key_to_id("grant", str(user.id), idempotency_key) if idempotency_key is not None else None
    movement = _move_or_interrupt(
        connection,
        market,
        lambda connection, market: movements.grant(
            connection, market, user=user, amount=amount, row_id=row_id, reason=reason
        ),
    )
    if movement is not None:
        before, after = movement.balance_before, movement.balance_after
        return Grant(user, amount, before, after, reason_kept=_keeps_reasons(market))
    earlier = ledger_reports.find_row(connection, market.require_ledger(), row_id) if row_id else None
    if earlier is None or earlier.amount != amount:
        used_for = earlier.amount if earlier else "a row that is gone"
        raise Refused(
            f"The idempotency key {idempotency_key!r} was used for another amount: {used_for}.",
            hint="Use another key for another grant.",
            code="idempotency_key_reused",
        )
    return Grant(user, amount, None, earlier.balance_after, replayed=True)


def _keeps_reasons(market: Marketplace) -> bool:
    return market.ledger is not None and "description" in market.ledger


def _require_usable_key(idempotency_key: str, ledger_table: TableRole) -> None:
    require_key(idempotency_key)
    if ledger_table.base_type("id") != "uuid":
        raise UsageError(
            "An idempotency key needs a ledger whose row ids are UUIDs; this ledger has other ids.",
            hint="Leave out --idempotency-key.",
        )


def refund_execution(
    connection: Connection, market: Marketplace, execution: Execution, *, reason: str | None = None
) -> Refund:
    """Give back what an execution cost that has failed, or whose row is gone.

    Raises:
        Refused: it succeeded, is still open, was never charged or already refunded, or names no user.
        PermissionDenied: row level security keeps this role from refunding it.

    """
    refund = refund_lost if execution.is_lost else _refund_failed
    movement = _move_or_interrupt(
        connection,
        market,
        lambda connection, market: refund(connection, market, execution, reason=reason),
    )
    return Refund(execution, movement, reason_kept=_keeps_reasons(market))


def _refund_failed(
    connection: Connection, market: Marketplace, execution: Execution, *, reason: str | None
) -> Movement:
    payer = execution.user.id
    if payer is None:
        raise Refused(
            f"Execution {execution.id} names no user, so its credits cannot be given back.", code="no_user"
        )
    balances.lock_user(connection, market, payer)  # before the execution, as charging does
    status = lock_execution(connection, market.executions, execution.id)
    if status is None and market.executions.is_filtered:  # it can be seen, but not locked
        raise PermissionDenied(
            f"Row level security prevents this role from changing execution {execution.id}.",
            hint="Connect as a role with BYPASSRLS.",
            code="row_level_security",
        )
    _require_refundable(execution, status)
    movement = movements.refund(connection, market, user=payer, execution=execution.id, reason=reason)
    if movement is None:
        raise _nothing_to_refund(connection, market, execution)
    if "credits_used" in market.executions.recordable:
        movements.clear_cost(connection, market.executions, execution.id)
    return movement


def _move_or_interrupt(
    connection: Connection, market: Marketplace, work: Callable[[Connection, Marketplace], T]
) -> T:
    """Move credits whole or not at all; after an interruption, find out which."""
    commit: Commit[T] = Commit()
    try:
        result = durably(connection, market, work, commit=commit)
        passing(Failpoint.CREDITS_MOVED)
    except KeyboardInterrupt:
        if commit.result is None or not commit.has_arrived(connection.database):
            raise Interrupted("Interrupted: nothing was changed.") from None
        result = commit.result
    return result


def _require_refundable(execution: Execution, status: str | None) -> None:
    if status == Status.SUCCESS:
        raise Refused(
            f"Execution {execution.id} succeeded, so it is not refunded.",
            hint="To give credits as a gift: agentctl credits grant USER AMOUNT --reason TEXT",
            code="execution_succeeded",
        )
    if status != Status.FAILED:
        command = shell_command("agentctl reconcile", str(execution.id), options="--assume failed")
        raise Refused(
            f"Execution {execution.id} is {status or 'gone'}: its outcome is not known yet.",
            hint=f"Settle it first: {command}",
            code="execution_open",
        )


def _nothing_to_refund(connection: Connection, market: Marketplace, execution: Execution) -> Refused:
    current = lookup.find_execution(connection, market, execution.id) or execution
    if current.refunded:
        return Refused(
            f"Execution {execution.id} was already refunded: {current.refunded} credits.",
            code="already_refunded",
        )
    return Refused(
        f"Execution {execution.id} was never charged, according to the ledger.", code="never_charged"
    )
