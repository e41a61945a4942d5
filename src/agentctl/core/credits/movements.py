"""Moves credits: charge, refund, grant. Exact amounts only, never a float.

Every function works inside the caller's transaction, under the lock on the user's row (`balances`). Whatever
a database's own function or triggers do besides shows in the rows that this transaction has written, and a
movement that is not exact is refused whole. Nothing here decides whether a refund is due.
"""

from uuid import UUID

from msgspec import Struct

from agentctl.core import amounts
from agentctl.core.credits import ledger_entries
from agentctl.core.credits.balances import (
    cannot_change,
    insufficient,
    lock_user,
    raise_balance,
    read_balance,
    read_held,
    read_wallet,
    require_enough,
)
from agentctl.core.credits.deduction import WHOLE_NUMBERS, Charge, DeductAnswer, deduct
from agentctl.core.credits.derived_balance import require_own_balance
from agentctl.core.credits.key_values import require_fitting_keys
from agentctl.core.credits.ledger_changes import read_state
from agentctl.core.credits.ledger_entries import Entry
from agentctl.core.credits.ledger_reports import find_row
from agentctl.core.credits.ledger_sides import explain_swap, require_plausible_sides
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import require_amount
from agentctl.core.database.statements import Statement
from agentctl.core.errors import Refused, SchemaLacks
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.mapping.functions import Deduct
from agentctl.core.mapping.sides import SIDES
from agentctl.core.mapping.words import NO_WORDS
from agentctl.core.models import Credits, Key, User

_EXACT_TYPES = frozenset({*WHOLE_NUMBERS, "numeric"})


class Movement(Struct, frozen=True):
    """What one ledger row did to one balance."""

    amount: Credits
    balance_before: Credits
    balance_after: Credits


def charge(
    connection: Connection,
    market: Marketplace,
    *,
    user: User,
    price: Credits,
    agent: Key,
    execution: Key,
    before: Credits | None,
) -> Movement:
    """Take an execution's price: through the database's own function, or where it has none, by ourselves.

    Args:
        connection: in a transaction.
        market: the tables.
        user: who pays.
        price: positive.
        agent: what is paid for.
        execution: which run of the agent is paid for.
        before: the balance when the user was locked; None where that was not possible.

    Raises:
        SchemaLacks: the database cannot be charged here; a column holds no exact amounts; or the balance and
            the ledger did not both move by the price, or the function says that they did not.
        Refused: not enough credits, or the function refuses for another reason.
        PermissionDenied: row level security hides the ledger, so that nobody can tell what was charged.

    """
    market.require_runnable(charge=True)
    _require_exact_columns(market)
    if before is not None:  # it is locked: whatever a function of the database thinks, this is enough or not
        held = read_held(connection, market, user.id)
        require_enough(user, balance=before, held=held, price=price)
    if market.deducting.function is not None:
        require_own_balance(connection, market)  # the function may know the parts, but a refund would not
        function = market.deducting.function
        wallet = read_wallet(connection, market, user.id, key=function.wallet) if function.wallet else None
        charge = build_charge(
            market, user=user.id, price=price, agent=agent, execution=execution, wallet=wallet
        )
        return _charge_by_function(connection, market, function, charge, payer=user, before=before)
    return _move_credits(
        connection, market, before, amounts.negate(price), Entry(user.id, "charge", execution)
    )


def build_charge(
    market: Marketplace, *, user: Key, price: Credits, agent: Key, execution: Key, wallet: Key | None
) -> Charge:
    """Return what a database's own function is told of a charge."""
    kinds = market.ledger.kinds if market.ledger else NO_WORDS
    kind = kinds.name("charge") if "charge" in kinds.written else "usage"
    return Charge(user, price, agent, execution, kind, text=f"agentctl: execution {execution}", wallet=wallet)


def require_chargeable(connection: Connection, market: Marketplace, user: Key) -> None:
    """Refuse what a charge would refuse for the sake of the database, and not of the user; it only reads.

    Raises:
        SchemaLacks: a column holds no exact amounts, the balance is computed, or the ledger's sides mean
            the opposite of their names.

    """
    _require_exact_columns(market)
    require_own_balance(connection, market)
    require_plausible_sides(connection, market, user=user)


def _charge_by_function(
    connection: Connection,
    market: Marketplace,
    function: Deduct,
    charge: Charge,
    *,
    payer: User,
    before: Credits | None,
) -> Movement:
    price, ledger = charge.price, market.ledger
    entry = Entry(charge.user, "charge", charge.execution)
    state = read_state(connection, ledger, charge.execution) if ledger is not None else None
    answer = deduct(connection, function, charge)
    if answer.success is False:
        raise _explain_refusal(function, answer, payer, price=price, before=before)
    after = read_balance(connection, market, charge.user)
    if after == before and answer.success is None:
        raise _explain_refusal(function, answer, payer, price=price, before=before)
    if before is None:
        held, taken_from = read_held(connection, market, payer.id), amounts.add(after, price)
        require_enough(payer, balance=taken_from, held=held, price=price)
        before = answer.amounts.get("previous_balance", taken_from)
    movement = Movement(amounts.negate(price), before, after)
    written = None
    if ledger is not None and state is not None:
        written = ledger_entries.written_since(connection, ledger, entry, state, ever=True)
    _require_honest(market, function, answer, movement, written)
    if ledger is not None:
        ledger_entries.account_for(connection, ledger, movement, written, entry)
    return movement


def _require_exact_columns(market: Marketplace) -> None:
    ledger = market.ledger
    columns = [(market.balances.name, market.balances.column("balance"))]
    if ledger is not None:
        columns += [(ledger.name, ledger.column(part)) for part in ("amount", *SIDES)]
    for table, column in columns:
        if column is not None and column.base_type not in _EXACT_TYPES:
            raise SchemaLacks(
                f"{table}.{column.name} is of type {column.type}, which cannot hold exact amounts.",
                hint="Credits can only be moved in integer or numeric columns.",
            )


def _explain_refusal(
    function: Deduct, answer: DeductAnswer, payer: User, *, price: Credits, before: Credits | None
) -> Refused:
    if answer.lacks_credits or (before is not None and before < price):
        balance = answer.amounts.get("current_credits", before)
        return insufficient(payer, balance=f"{balance} credits", price=price)
    return Refused(
        f"{function.name} refused the charge: {answer.error or 'it did not say why'}.", code="charge_refused"
    )


def _require_honest(
    market: Marketplace,
    function: Deduct,
    answer: DeductAnswer,
    movement: Movement,
    written: ledger_entries.Written | None,
) -> None:
    """Refuse a charge that did not move exactly the price, or says that it did not."""
    price = amounts.negate(movement.amount)
    taken = amounts.subtract(movement.balance_before, movement.balance_after)
    expected = {
        "previous_balance": movement.balance_before,
        "amount_deducted": price,
        "new_balance": movement.balance_after,
    }
    is_honest = all(answer.amounts.get(name, amount) == amount for name, amount in expected.items())
    in_ledger = amounts.negate(written.amount) if written else None
    if is_honest and taken == price and (written is None or (written.own and in_ledger == price)):
        return
    named = ", ".join(f"{name} {amount}" for name, amount in answer.amounts.items())
    hint = "See sql/credits.sql for what it must do."
    if market.ledger is not None and market.ledger.is_filtered:
        hint = "Row level security may hide the ledger's row from this role: connect as one with BYPASSRLS."
    elif market.ledger is not None and in_ledger == movement.amount and market.ledger.has_sides:
        hint = explain_swap(market.ledger)
    elif market.ledger is not None and in_ledger == movement.amount and market.ledger.sign_known is None:
        hint = 'If its amounts have no sign: [profiles.NAME.schema.ledger] sign = "by_kind"'
    raise SchemaLacks(
        f"{function.name} did not charge exactly {price}: it took {taken} from the balance, wrote "
        f"{in_ledger or 0} into the ledger and answered {named or 'nothing'}. Everything was "
        "rolled back.",
        hint=hint,
        code="charge_not_exact",
    )


def refund(
    connection: Connection, market: Marketplace, *, user: Key, execution: Key, reason: str | None = None
) -> Movement | None:
    """Give back what an execution still costs; None where that is nothing.

    The ledger row names the execution, which the database's own add function could not do.

    Raises:
        PermissionDenied: row level security hides the ledger, so that nobody can tell what it costs.
        SchemaLacks: the ledger knows no refunds.

    """
    _require_exact_columns(market)
    before = lock_user(connection, market, user)
    amount = cost_of(connection, market, execution)
    if amount <= 0:
        if market.ledger is not None:
            market.ledger.require_visible_rows()
        return None
    movement = _move_credits(connection, market, before, amount, Entry(user, "refund", execution, reason))
    if market.ledger is None or not market.ledger.is_linked:
        clear_cost(connection, market.executions, execution)
    return movement


def cost_of(connection: Connection, market: Marketplace, execution: Key) -> Credits:
    """Return what an execution still costs after refunds: by the ledger, or else by its own row."""
    row = connection.run(compose_cost(market, execution)).fetchone()
    return require_amount(row["amount"], f"The cost of execution {execution}") if row else 0


def compose_cost(market: Marketplace, execution: Key) -> Statement:
    """Return the statement that reads what an execution still costs."""
    if market.ledger is not None and market.ledger.is_linked:
        query = compose(
            "SELECT -coalesce(sum(amount), 0) AS amount FROM {} AS l WHERE execution_id = %(execution)s",
            market.ledger.rows,
        )
    else:
        query = compose(
            "SELECT coalesce(credits_used, 0) AS amount FROM {} AS e WHERE id = %(execution)s",
            market.executions.rows,
        )
    return Statement(query, {"execution": execution})


def clear_cost(connection: Connection, executions: TableRole, execution: Key) -> None:
    """Set `credits_used` to 0, which holds what an execution still costs."""
    connection.run(compose_clearing(executions, execution))


def compose_clearing(executions: TableRole, execution: Key) -> Statement:
    """Return the statement that sets `credits_used` to 0."""
    query = executions.query("UPDATE {table} SET {credits_used} = 0 WHERE {id} = %(id)s")
    return Statement(query, {"id": execution})


def grant(
    connection: Connection,
    market: Marketplace,
    *,
    user: User,
    amount: Credits,
    row_id: UUID | None,
    reason: str | None = None,
) -> Movement | None:
    """Give credits as a gift; None where the ledger has `row_id` already.

    Args:
        connection: in a transaction.
        market: the tables.
        user: who gets them.
        amount: positive.
        reason: for the ledger's description, where it has one.
        row_id: the ledger row's id, derived from an idempotency key, so that its primary key enforces it.

    Raises:
        SchemaLacks: a column holds no exact amounts.
        UsageError: a column holds fewer decimal places than the amount has.

    """
    _require_exact_columns(market)
    before = lock_user(connection, market, user.id)
    ledger = market.ledger
    if row_id is not None and ledger is not None and find_row(connection, ledger, row_id) is not None:
        return None
    return _move_credits(
        connection, market, before, amount, Entry(user.id, "grant", reason=reason, row_id=row_id)
    )


def _move_credits(
    connection: Connection, market: Marketplace, before: Credits | None, amount: Credits, entry: Entry
) -> Movement:
    """Write a movement into both tables, exactly, whatever their triggers add."""
    if before is None:
        raise cannot_change(market, entry.user)
    require_own_balance(connection, market)
    require_plausible_sides(connection, market, user=entry.user)
    require_fitting_keys(connection, market, charge=True)
    movement = Movement(amount, before, amounts.add(before, amount))
    ledger = market.ledger
    inserted, state = None, None
    if ledger is not None:
        state = read_state(connection, ledger, entry.execution)
    # A trigger of the ledger may keep the balance: the row comes first then, to see whether it does.
    if ledger is not None and ledger.table.triggers:
        inserted = ledger_entries.insert(connection, ledger, movement, entry)
    if read_balance(connection, market, entry.user) == before:
        raise_balance(connection, market, amount, user=entry.user, after=movement.balance_after)
    passing(Failpoint.BALANCE_RAISED)
    if ledger is not None and state is not None:
        written = ledger_entries.written_since(
            connection, ledger, entry, state, ever=entry.kind == "charge", inserted=inserted
        )
        ledger_entries.account_for(connection, ledger, movement, written, entry)
    if (after := read_balance(connection, market, entry.user)) != movement.balance_after:
        raise SchemaLacks(
            f"A trigger moved the balance of user {entry.user} to {after}, not to {movement.balance_after}. "
            "Everything was rolled back.",
            code="charge_not_exact",
        )
    return movement
