"""Credits move: charge, refund, grant. Exact amounts only, never a float.

Every function that writes works inside the caller's transaction, after the user's row was locked: that
lock is what makes a balance and its ledger move together. Whatever a database's own function or triggers do
besides, is seen in what this transaction has written, and a movement that is not exact is refused whole.
Nothing here decides whether a refund is due; ledger_reports.py reads what was written.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from agentctl.core import amounts
from agentctl.core.credits import ledger_entries
from agentctl.core.credits.deduction import WHOLE_NUMBERS, Answer, Charge, deduct
from agentctl.core.credits.ledger_changes import read_state
from agentctl.core.credits.ledger_entries import Entry
from agentctl.core.credits.ledger_reports import find_row
from agentctl.core.database.connection import Connection
from agentctl.core.database.row_values import require_amount
from agentctl.core.errors import AgentctlError, PermissionDenied, Refused, SchemaLacks, UsageError
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping import Marketplace
from agentctl.core.models import Credits, Key, User

_MOST_DIGITS = 18  # before the decimal point: more are a mistake
_EXACT_TYPES = frozenset({*WHOLE_NUMBERS, "numeric"})


@dataclass(frozen=True, slots=True)
class Movement:
    """What one ledger row did to one balance."""

    amount: Credits
    balance_before: Credits
    balance_after: Credits


def lock_user(connection: Connection, market: Marketplace, user: Key) -> Credits | None:
    """Take the lock that orders everything which moves this user's credits, before any other lock.

    Returns the balance, which nobody else can change now, or None where the row cannot be locked.

    An execution's foreign key takes a weaker lock on the same row: two runs that insert first and charge
    second deadlock. A role that may not update the balances cannot lock their rows; an advisory lock
    orders at least agentctl's own runs then, and PostgreSQL's deadlock detection does the rest.
    """
    balances = market.balances
    column = balances.column("balance")
    if column is not None and column.updatable:
        query = balances.query("SELECT {balance} AS balance FROM {table} WHERE {user} = %(user)s FOR UPDATE")
        row = connection.execute(query, {"user": user}).fetchone()
        return _balance_in(row, user) if row and row["balance"] is not None else None
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(user)s, 0))", {"user": f"agentctl:{user}"}
    )
    return None


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
        agent: what for.
        execution: what for, exactly.
        before: the balance when the user was locked; None where that could not be done.

    Raises:
        SchemaLacks: the database cannot be charged here; a column holds no exact amounts; or balance and
            ledger
            did not both move by the price, or the function says that they did not.
        Refused: not enough credits, or the function refuses for another reason.
        PermissionDenied: row level security hides the ledger, so that nobody can tell what was charged.

    """
    market.require_runnable(charge=True)
    _require_exact_columns(market)
    entry = Entry(user.id, "charge", execution)
    if market.deducting.function is None:
        if before is not None and before < price:
            raise insufficient(user, balance=before, price=price)
        return _move(connection, market, before, amounts.negate(price), entry)
    state = read_state(connection, market.ledger, execution) if market.ledger is not None else None
    said = deduct(
        connection,
        market.deducting.function,
        Charge(
            user=user.id,
            price=price,
            agent=agent,
            execution=execution,
            kind=market.ledger.kinds.written.get("charge", "usage") if market.ledger else "usage",
            text=f"agentctl: execution {execution}",
        ),
    )
    if said.success is False:
        raise _refusal(said, market, user=user, price=price, before=before)
    after = _balance(connection, market, user.id)
    if after == before and said.success is None:
        raise _refusal(said, market, user=user, price=price, before=before)
    if before is None:
        before = said.amounts.get("previous_balance", amounts.add(after, price))
    moved = Movement(amounts.negate(price), before, after)
    written = None
    if market.ledger is not None and state is not None:
        written = ledger_entries.written_since(connection, market.ledger, entry, state, ever=True)
    _require_honest(market, said, moved, written)
    if market.ledger is not None:
        ledger_entries.account_for(connection, market.ledger, moved, written, entry)
    return moved


def _require_exact_columns(market: Marketplace) -> None:
    ledger = market.ledger
    columns = [(market.balances.name, market.balances.column("balance"))]
    columns += [(ledger.name, ledger.column("amount"))] if ledger is not None else []
    for table, column in columns:
        if column is not None and column.base_type not in _EXACT_TYPES:
            msg = f"{table}.{column.name} is of type {column.type}, which cannot hold exact amounts."
            raise SchemaLacks(msg, hint="Credits can only be moved in integer or numeric columns.")


def _refusal(
    said: Answer, market: Marketplace, *, user: User, price: Credits, before: Credits | None
) -> Refused:
    if said.too_few or (before is not None and before < price):
        return insufficient(user, balance=said.amounts.get("current_credits", before), price=price)
    name = market.deducting.function.name if market.deducting.function else "The database"
    msg = f"{name} refused the charge: {said.error or 'it did not say why'}."
    return Refused(msg, code="charge_refused")


def _balance(connection: Connection, market: Marketplace, user: Key) -> Credits:
    query = market.balances.query("SELECT {balance} AS balance FROM {table} WHERE {user} = %(user)s")
    row = connection.execute(query, {"user": user}).fetchone()
    if row is None:
        raise _cannot_change(market, user)
    return _balance_in(row, user)


def _balance_in(row: dict[str, Any], user: Key) -> Credits:
    return require_amount(row["balance"], f"The balance of user {user}")


def _require_honest(
    market: Marketplace, said: Answer, moved: Movement, written: ledger_entries.Written | None
) -> None:
    """Refuse a charge that moved something else than the price, or that says so."""
    price, taken = amounts.negate(moved.amount), amounts.subtract(moved.balance_before, moved.balance_after)
    true = {
        "previous_balance": moved.balance_before,
        "amount_deducted": price,
        "new_balance": moved.balance_after,
    }
    honest = all(said.amounts.get(name, amount) == amount for name, amount in true.items())
    in_ledger = amounts.negate(written.amount) if written else None
    if honest and taken == price and (written is None or (written.own and in_ledger == price)):
        return
    answer = ", ".join(f"{name} {amount}" for name, amount in said.amounts.items())
    name = market.deducting.function.name if market.deducting.function else "The database"
    msg = (
        f"{name} did not charge exactly {price}: it took {taken} from the balance, wrote "
        f"{in_ledger or 0} into the ledger and answered {answer or 'nothing'}. Everything was "
        "rolled back."
    )
    hint = "See sql/credits.sql for what it must do."
    if market.ledger is not None and market.ledger.is_filtered:
        hint = "Row level security may hide the ledger's row from this role: connect as one with BYPASSRLS."
    elif market.ledger is not None and in_ledger == moved.amount and market.ledger.sign_known is None:
        hint = 'If its amounts have no sign: [profiles.NAME.schema.ledger] sign = "by_kind"'
    raise SchemaLacks(msg, hint=hint, code="charge_not_exact")


def insufficient(user: User, *, balance: object, price: Credits) -> Refused:
    """Return the error that says who has too few credits."""
    msg = f"{user.email or user.id} has {balance} credits; {price} are needed."
    payer = str(user.email or user.id)
    command = shell_command("agentctl credits grant", payer, "AMOUNT", options="--reason TEXT")
    hint = f"To grant credits: {command}"
    return Refused(msg, hint=hint, code="insufficient_credits")


def refund(
    connection: Connection, market: Marketplace, *, user: Key, execution: Key, reason: str | None = None
) -> Movement | None:
    """Give back what an execution still costs; None where that is nothing.

    The ledger row is tied to the execution, which the database's own add function could not do.

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
    moved = _move(connection, market, before, amount, Entry(user, "refund", execution, reason))
    if market.ledger is None or not market.ledger.is_linked:
        _write_no_cost(connection, market, execution)
    return moved


def cost_of(connection: Connection, market: Marketplace, execution: Key) -> Credits:
    """Return what an execution still costs, refunds netted: by the ledger, or else by its own row."""
    if market.ledger is not None and market.ledger.is_linked:
        query = sql.SQL(
            "SELECT -coalesce(sum(amount), 0) AS amount FROM {} AS l WHERE execution_id = %(execution)s"
        ).format(market.ledger.rows)
    else:
        query = sql.SQL(
            "SELECT coalesce(credits_used, 0) AS amount FROM {} AS e WHERE id = %(execution)s"
        ).format(market.executions.rows)
    row = connection.execute(query, {"execution": execution}).fetchone()
    return require_amount(row["amount"], f"The cost of execution {execution}") if row else 0


def _write_no_cost(connection: Connection, market: Marketplace, execution: Key) -> None:
    """Keep the one place true that says what the execution costs."""
    query = market.executions.query("UPDATE {table} SET {credits_used} = 0 WHERE {id} = %(id)s")
    connection.execute(query, {"id": execution})


def grant(
    connection: Connection,
    market: Marketplace,
    *,
    user: User,
    amount: Credits,
    row_id: UUID | None,
    reason: str | None = None,
) -> Movement | None:
    """Give credits as a present; None where `row_id` stands in the ledger already.

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
    return _move(connection, market, before, amount, Entry(user.id, "grant", reason=reason, row_id=row_id))


def _move(
    connection: Connection, market: Marketplace, before: Credits | None, amount: Credits, entry: Entry
) -> Movement:
    """Write a movement into both tables, exactly, whatever their triggers add."""
    if before is None:
        raise _cannot_change(market, entry.user)
    moved = Movement(amount, before, amounts.add(before, amount))
    ledger = market.ledger
    inserted, state = None, None
    if ledger is not None:
        state = read_state(connection, ledger, entry.execution)
    # A trigger of the ledger may keep the balance: the row comes first then, to see whether it does.
    if ledger is not None and ledger.table.triggers:
        inserted = ledger_entries.insert(connection, ledger, moved, entry)
    if _balance(connection, market, entry.user) == before:
        _raise_balance(connection, market, moved, user=entry.user)
    passing(Failpoint.BALANCE_RAISED)
    if ledger is not None and state is not None:
        written = ledger_entries.written_since(
            connection, ledger, entry, state, ever=entry.kind == "charge", inserted=inserted
        )
        ledger_entries.account_for(connection, ledger, moved, written, entry)
    if (after := _balance(connection, market, entry.user)) != moved.balance_after:
        msg = f"A trigger moved the balance of user {entry.user} to {after}, not to {moved.balance_after}."
        raise SchemaLacks(f"{msg} Everything was rolled back.", code="charge_not_exact")
    return moved


def _raise_balance(connection: Connection, market: Marketplace, moved: Movement, *, user: Key) -> None:
    update = market.balances.query(
        "UPDATE {table} SET {balance} = {balance} + %(amount)s WHERE {user} = %(user)s "
        "AND {balance} + %(amount)s >= least({balance}, 0) RETURNING {balance} AS after"
    )
    written = connection.execute(update, {"amount": moved.amount, "user": user}).fetchone()
    if written is None:
        raise _cannot_change(market, user)
    if written["after"] != moved.balance_after:
        raise ledger_entries.cannot_hold(market.balances, "balance", moved.amount)


def _cannot_change(market: Marketplace, user: Key) -> AgentctlError:
    """Return the error about a balance that is out of reach."""
    balances = market.balances
    column = balances.column("balance")
    place = f"{balances.name}.{balances.columns['balance']}"
    if balances.is_filtered or not (column and column.updatable):
        why = "row level security" if balances.is_filtered else "a missing privilege"
        msg = f"This role cannot change {place} of user {user} because of {why}."
        return PermissionDenied(msg, hint="Connect as a role that may change balances, with BYPASSRLS.")
    if balances.table is not market.users.table:
        msg = f"The user {user} has no row in {balances.name}."
        row = balances.query(
            "INSERT INTO {table} ({user}, {balance}) VALUES ({key}, 0);", key=sql.Literal(user)
        )
        hint = f"Create it: {row.as_string()}"
        return Refused(msg, hint=hint, code="user_without_balance")
    msg = f"The user {user} does not exist any more."
    return Refused(msg, code="user_not_found")


def parse_amount(text: str, *, column_type: str) -> Credits:
    """Read a positive amount of credits exactly, as the balance's column can hold it.

    Raises:
        UsageError: no number, not positive, more than the column can hold, or a fraction where it holds none.

    """
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount.adjusted() >= _MOST_DIGITS:
        msg = f"{text!r} is not a positive amount of credits."
        raise UsageError(msg, hint="Only charges take credits away; use a number such as 50.")
    if amount > WHOLE_NUMBERS.get(column_type, amount):
        msg = f"{text} is more than a balance of type {column_type} can hold."
        raise UsageError(msg)
    if amount == amount.to_integral_value():
        return int(amount)
    if column_type in WHOLE_NUMBERS:
        msg = f"{text} is not a whole number, and this database keeps whole credits."
        raise UsageError(msg)
    return amount
