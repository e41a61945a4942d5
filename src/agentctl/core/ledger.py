"""Credits move: charge, refund, grant. Exact amounts only, never a float.

Every function that writes works inside the caller's transaction, after the user's row was locked: that
lock is what makes a balance and its ledger move together. Nothing here decides whether a refund is due;
ledger_reports.py reads what was written.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from psycopg import sql

from agentctl.core.database import Connection
from agentctl.core.deduction import WHOLE_NUMBERS, Answer, deduct
from agentctl.core.errors import AgentctlError, PermissionDenied, Refused, SchemaLacks, UsageError
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.ledger_reports import find_row
from agentctl.core.mapping import DEDUCT, Marketplace, TableRole
from agentctl.core.models import Credits, Key, User

_MOST_DIGITS = 18  # before the decimal point: more are a mistake
_EXACT_TYPES = frozenset({*WHOLE_NUMBERS, "numeric"})


@dataclass(frozen=True, slots=True)
class Movement:
    """What one ledger row did to one balance."""

    amount: Credits
    balance_before: Credits
    balance_after: Credits


def lock_user(connection: Connection, users: TableRole, user: Key) -> Credits | None:
    """Take the lock that orders everything which moves this user's credits, before any other lock.

    Returns the balance, which nobody else can change now, or None where the row cannot be locked.

    An execution's foreign key takes a weaker lock on the same row: two runs that insert first and charge
    second deadlock. A role that may not update the users' table cannot lock its rows; an advisory lock
    orders at least agentctl's own runs then, and PostgreSQL's deadlock detection does the rest.
    """
    balance = users.table.column(users.columns["balance"])
    if balance is not None and balance.updatable:
        query = users.query("SELECT {balance} AS balance FROM {table} WHERE {id} = %(user)s FOR UPDATE")
        row = connection.execute(query, {"user": user}).fetchone()
        return row["balance"] if row else None
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(user)s, 0))", {"user": f"agentctl:{user}"}
    )
    return None


def charge(
    connection: Connection, market: Marketplace, *, user: User, price: Credits, agent: Key, execution: Key
) -> Movement:
    """Take an execution's price through the database's own function, which must do exactly that.

    Raises:
        SchemaLacks: there is no function that agentctl can call; a column holds no exact amounts; or balance
            and ledger did not both move by the price, or the function says that they did not.
        Refused: not enough credits, or the function refuses for another reason.
        PermissionDenied: row level security hides the ledger, so that nobody can tell what was charged.

    """
    if market.deduct is None:
        msg = f"There is no function {DEDUCT} that this role may call and agentctl understands."
        raise SchemaLacks(
            msg, hint="See sql/credits.sql for it, and agentctl schema-check for what is there."
        )
    _require_exact_columns(market)
    before = lock_user(connection, market.users, user.id)
    answer = deduct(connection, market.deduct, user=user.id, price=price, agent=agent, execution=execution)
    if not answer.success:
        raise _refusal(answer, user=user, price=price)
    after, in_ledger = _read_back(connection, market, user=user.id, execution=execution)
    if before is None:
        before = answer.amounts.get("previous_balance", after + price)
    true = {"previous_balance": before, "amount_deducted": price, "new_balance": after}
    honest = all(answer.amounts.get(name, amount) == amount for name, amount in true.items())
    if not honest or before - after != price or in_ledger != price:
        raise _not_exact(market.ledger, answer, price=price, taken=before - after, in_ledger=in_ledger)
    return Movement(amount=-price, balance_before=before, balance_after=after)


def _require_exact_columns(market: Marketplace) -> None:
    for role, part in ((market.users, "balance"), (market.ledger, "amount")):
        column = role.table.column(role.columns[part])
        if column is not None and column.base_type not in _EXACT_TYPES:
            msg = f"{role.table.name}.{column.name} is of type {column.type}, which holds no exact amounts."
            raise SchemaLacks(msg, hint="Credits move only where they are integers or numeric.")


def _refusal(answer: Answer, *, user: User, price: Credits) -> Refused:
    if answer.too_few:
        return insufficient(user, balance=answer.amounts.get("current_credits"), price=price)
    msg = f"{DEDUCT} refused the charge: {answer.error or 'it did not say why'}."
    return Refused(msg, code="charge_refused")


def _read_back(
    connection: Connection, market: Marketplace, *, user: Key, execution: Key
) -> tuple[Credits, Credits]:
    """Return the balance, and what the ledger says that the execution cost this user."""
    ledger = market.ledger
    query = market.users.query(
        "SELECT {balance} AS after, (SELECT coalesce(-sum({amount}), 0) FROM {ledger} "
        "WHERE {execution} = %(execution)s AND {payer} = %(user)s) AS charged "
        "FROM {table} WHERE {id} = %(user)s",
        ledger=ledger.query("{table}"),
        amount=ledger.query("{amount}"),
        execution=ledger.query("{execution}"),
        payer=ledger.query("{user}"),
    )
    row = connection.execute(query, {"user": user, "execution": execution}).fetchone()
    if row is None:
        raise _cannot_change(market.users, user)
    if not row["charged"]:
        ledger.require_visible_rows()
    return row["after"], row["charged"]


def _not_exact(
    ledger: TableRole, answer: Answer, *, price: Credits, taken: Credits, in_ledger: Credits
) -> SchemaLacks:
    said = ", ".join(f"{name} {amount}" for name, amount in answer.amounts.items())
    msg = (
        f"{DEDUCT} did not charge exactly {price}: it took {taken} from the balance, wrote {in_ledger} into "
        f"the ledger and said {said or 'nothing'}. All of it was rolled back."
    )
    hint = "See sql/credits.sql for what it is to do."
    if ledger.is_filtered:
        hint = "Row level security may hide the ledger's row from this role: connect as one with BYPASSRLS."
    return SchemaLacks(msg, hint=hint, code="charge_not_exact")


def insufficient(user: User, *, balance: object, price: Credits) -> Refused:
    """Return the error that says who has too few credits."""
    msg = f"{user.email or user.id} has {balance} credits; {price} are needed."
    hint = f"Give credits with: agentctl credits grant {user.email or user.id} AMOUNT --reason TEXT"
    return Refused(msg, hint=hint, code="insufficient_credits")


def refund(connection: Connection, market: Marketplace, *, user: Key, execution: Key) -> Movement | None:
    """Give back what the ledger says an execution still costs; None where that is nothing.

    The ledger row is tied to the execution, which the database's own add function could not do.

    Raises:
        PermissionDenied: row level security hides the ledger, so that nobody can tell what it costs.

    """
    _require_exact_columns(market)
    before = lock_user(connection, market.users, user)
    cost = market.ledger.query(
        "SELECT -coalesce(sum({amount}), 0) AS amount FROM {table} WHERE {execution} = %(execution)s"
    )
    row = connection.execute(cost, {"execution": execution}).fetchone()
    amount: Credits = row["amount"] if row else 0
    if amount <= 0:
        market.ledger.require_visible_rows()
        return None
    if before is None:
        raise _cannot_change(market.users, user)
    moved = Movement(amount, before, before + amount)
    _add(connection, market, moved, user=user, kind="refund", execution=execution)
    return moved


def grant(
    connection: Connection, market: Marketplace, *, user: User, amount: Credits, row_id: UUID | None
) -> Movement | None:
    """Give credits as a bonus; None where `row_id` stands in the ledger already.

    Args:
        connection: in a transaction.
        market: the tables.
        user: who gets them.
        amount: positive.
        row_id: the ledger row's id, derived from an idempotency key, so that its primary key enforces it.

    Raises:
        SchemaLacks: a column holds no exact amounts.
        UsageError: a column holds fewer decimal places than the amount has.

    """
    _require_exact_columns(market)
    before = lock_user(connection, market.users, user.id)
    if row_id is not None and find_row(connection, market.ledger, row_id) is not None:
        return None
    if before is None:
        raise _cannot_change(market.users, user.id)
    moved = Movement(amount, before, before + amount)
    named = {} if row_id is None else {"id": row_id}
    _add(connection, market, moved, user=user.id, kind="bonus", **named)
    return moved


def _add(connection: Connection, market: Marketplace, moved: Movement, *, user: Key, **row: object) -> None:
    """Write a movement into both tables, exactly."""
    update = market.users.query(
        "UPDATE {table} SET {balance} = {balance} + %(amount)s WHERE {id} = %(user)s "
        "RETURNING {balance} AS after"
    )
    written = connection.execute(update, {"amount": moved.amount, "user": user}).fetchone()
    if written is None:
        raise _cannot_change(market.users, user)
    if written["after"] != moved.balance_after:
        raise _cannot_hold(market.users, "balance", moved.amount)
    passing(Failpoint.BALANCE_RAISED)
    values = {"user": user, "amount": moved.amount, "balance_after": moved.balance_after, **row}
    _insert(connection, market.ledger, values)


def _cannot_change(users: TableRole, user: Key) -> AgentctlError:
    """Return the error about a balance that is out of reach."""
    balance = users.table.column(users.columns["balance"])
    if users.is_filtered or not (balance and balance.updatable):
        why = "row level security" if users.is_filtered else "a missing privilege"
        msg = f"{users.table.name}.{users.columns['balance']} of user {user} is closed to this role by {why}."
        return PermissionDenied(msg, hint="Connect as a role that may change balances, with BYPASSRLS.")
    msg = f"The user {user} does not exist any more."
    return Refused(msg, code="user_not_found")


def _insert(connection: Connection, ledger: TableRole, values: dict[str, object]) -> None:
    parts = [part for part in values if part in ledger]
    query = ledger.query(
        "INSERT INTO {table} ({names}) VALUES ({values}) RETURNING {amount} AS amount",
        names=sql.SQL(", ").join(sql.Identifier(ledger.columns[part]) for part in parts),
        values=sql.SQL(", ").join(map(sql.Placeholder, parts)),
    )
    row = connection.execute(query, values).fetchone()
    if row is None or row["amount"] != values["amount"]:
        raise _cannot_hold(ledger, "amount", values["amount"])


def _cannot_hold(role: TableRole, part: str, amount: object) -> UsageError:
    """Return the error about a column that rounds, so that balance and ledger would not agree."""
    msg = f"{role.table.name}.{role.columns[part]} cannot move by {amount} exactly."
    return UsageError(msg, hint="Give an amount with fewer decimal places.")


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
        raise UsageError(msg, hint="Credits are taken away by charges only; give a number such as 50.")
    if amount > WHOLE_NUMBERS.get(column_type, amount):
        msg = f"{text} is more than a balance of type {column_type} can hold."
        raise UsageError(msg)
    if amount == amount.to_integral_value():
        return int(amount)
    if column_type in WHOLE_NUMBERS:
        msg = f"{text} is not a whole number, and this database keeps whole credits."
        raise UsageError(msg)
    return amount
