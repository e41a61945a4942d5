"""Credits move: charge, refund, grant. Exact amounts only, never a float.

Every function that writes works inside the caller's transaction, after the user's row was locked: that
lock is what makes a balance and its ledger move together. Nothing here decides whether a refund is due;
ledger_reports.py reads what was written.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from psycopg import sql

from agentctl.core.catalog import Argument
from agentctl.core.database import Connection
from agentctl.core.errors import Refused, SchemaLacks, UsageError
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.ledger_reports import find_row
from agentctl.core.mapping import DEDUCT, Marketplace, TableRole
from agentctl.core.models import Credits, Key, User

_MOST_DIGITS = 18  # what a bigint holds for certain
_WHOLE_NUMBERS = frozenset({"smallint", "integer", "bigint"})


@dataclass(frozen=True, slots=True)
class Movement:
    """What one ledger row did to one balance."""

    amount: Credits
    balance_before: Credits
    balance_after: Credits


def lock_user(connection: Connection, users: TableRole, user: Key) -> None:
    """Take the lock that orders everything which moves this user's credits, before any other lock.

    An execution's foreign key takes a weaker lock on the same row: two runs that insert first and charge
    second deadlock. A role that may not update the users' table cannot lock its rows; an advisory lock
    orders at least agentctl's own runs then, and PostgreSQL's deadlock detection does the rest.
    """
    balance = users.table.column(users.columns["balance"])
    if balance is not None and balance.updatable:
        connection.execute(
            users.query("SELECT FROM {table} WHERE {id} = %(user)s FOR UPDATE"), {"user": user}
        )
    else:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%(user)s, 0))", {"user": f"agentctl:{user}"}
        )


def charge(
    connection: Connection, market: Marketplace, *, user: User, price: Credits, agent: Key, execution: Key
) -> Movement:
    """Take an execution's price through the database's own function.

    Raises:
        SchemaLacks: there is no function that agentctl can call.
        Refused: not enough credits, or the function refuses for another reason.

    """
    function = market.deduct
    if function is None:
        msg = f"There is no function {DEDUCT} that this role may call and agentctl understands."
        raise SchemaLacks(
            msg, hint="See sql/credits.sql for it, and agentctl schema-check for what is there."
        )
    known: dict[str, object] = {
        "p_user_id": user.id,
        "p_amount": price,
        "p_agent_id": agent,
        "p_execution_id": execution,
    }
    arguments = [argument for argument in function.arguments if argument.name in known]
    for argument in arguments:
        _require_exact(price, argument)
    call = sql.SQL("SELECT {}({})::jsonb::text AS answer").format(
        sql.Identifier(function.schema, function.name), sql.SQL(", ").join(map(_passed, arguments))
    )
    row = connection.execute(call, known).fetchone()
    # Not as psycopg reads jsonb: it would make floats of decimals.
    answer = json.loads((row["answer"] if row else None) or "null", parse_float=Decimal)
    return _movement(answer, user=user, price=price)


def _require_exact(price: Credits, argument: Argument) -> None:
    if argument.name == "p_amount" and argument.type in _WHOLE_NUMBERS and price != int(price):
        msg = f"The price {price} does not fit {DEDUCT}, which takes whole numbers."
        raise SchemaLacks(msg)


def _passed(argument: Argument) -> sql.Composed:
    # The cast is to the type that the catalog names: overloads are told apart by it.
    return sql.SQL("{} => {}::{}").format(
        sql.Identifier(argument.name),
        sql.Placeholder(argument.name),
        sql.SQL(argument.type),
    )


def _movement(answer: object, *, user: User, price: Credits) -> Movement:
    """Read what the function says it did; where that is not the charge that was asked for, undo it."""
    said = answer if isinstance(answer, dict) else {}
    if said.get("success") is True:
        after, taken = said.get("new_balance"), said.get("amount_deducted", price)
        if not isinstance(after, int | Decimal) or taken != price:
            msg = f"{DEDUCT} says that it took {taken}, not {price}, and left {after}: nothing was charged."
            raise SchemaLacks(msg, hint="sql/credits.sql has the function that fits.")
        before = said.get("previous_balance", after + price)
        return Movement(amount=-price, balance_before=before, balance_after=after)
    if "required_credits" in said:
        raise insufficient(user, balance=said.get("current_credits"), price=price)
    msg = f"{DEDUCT} refused the charge: {said.get('error') or 'it did not say why'}."
    raise Refused(msg, code="charge_refused")


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
    lock_user(connection, market.users, user)
    net = sql.SQL(
        "(SELECT -coalesce(sum({amount}), 0) FROM {ledger} WHERE {execution} = %(execution)s)"
    ).format(
        amount=sql.Identifier(market.ledger.columns["amount"]),
        execution=sql.Identifier(market.ledger.columns["execution"]),
        ledger=sql.Identifier(market.ledger.table.schema, market.ledger.table.name),
    )
    row = connection.execute(sql.SQL("SELECT {} AS amount").format(net), {"execution": execution}).fetchone()
    amount: Credits = row["amount"] if row else 0
    if amount <= 0:
        market.ledger.require_visible_rows()
        return None
    return _add(connection, market, user=user, kind="refund", amount=amount, execution=execution)


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

    """
    lock_user(connection, market.users, user.id)
    if row_id is not None and find_row(connection, market.ledger, row_id) is not None:
        return None
    return _add(connection, market, user=user.id, kind="bonus", amount=amount, row_id=row_id)


def _add(
    connection: Connection,
    market: Marketplace,
    *,
    user: Key,
    kind: str,
    amount: Credits,
    execution: Key | None = None,
    row_id: UUID | None = None,
) -> Movement:
    update = market.users.query(
        "UPDATE {table} SET {balance} = {balance} + %(amount)s WHERE {id} = %(user)s "
        "RETURNING {balance} AS after"
    )
    row = connection.execute(update, {"amount": amount, "user": user}).fetchone()
    if row is None:
        msg = f"The user {user} does not exist any more, or this role may not change the balance."
        raise Refused(msg, code="user_not_found")
    passing(Failpoint.BALANCE_RAISED)
    after: Credits = row["after"]
    values: dict[str, object] = {
        "user": user,
        "kind": kind,
        "amount": amount,
        "balance_after": after,
        "execution": execution,
    }
    if row_id is not None:
        values["id"] = row_id
    _insert(connection, market.ledger, values)
    return Movement(amount=amount, balance_before=after - amount, balance_after=after)


def _insert(connection: Connection, ledger: TableRole, values: dict[str, object]) -> None:
    parts = [part for part in values if part in ledger]
    query = ledger.query(
        "INSERT INTO {table} ({names}) VALUES ({values}) RETURNING {amount} AS amount",
        names=sql.SQL(", ").join(sql.Identifier(ledger.columns[part]) for part in parts),
        values=sql.SQL(", ").join(map(sql.Placeholder, parts)),
    )
    row = connection.execute(query, values).fetchone()
    if row is None or row["amount"] != values["amount"]:  # it would round, and the balance would not agree
        msg = f"The ledger's column {ledger.columns['amount']} cannot hold {values['amount']} exactly."
        raise UsageError(msg, hint="Give an amount with fewer decimal places.")


def parse_amount(text: str, *, column_type: str) -> Credits:
    """Read a positive amount of credits exactly, as the balance's column can hold it.

    Raises:
        UsageError: no number, not positive, or a fraction where the database keeps whole numbers.

    """
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount.adjusted() >= _MOST_DIGITS:
        msg = f"{text!r} is not a positive amount of credits."
        raise UsageError(msg, hint="Credits are taken away by charges only; give a number such as 50.")
    if amount == amount.to_integral_value():
        return int(amount)
    if column_type in _WHOLE_NUMBERS:
        msg = f"{text} is not a whole number, and this database keeps whole credits."
        raise UsageError(msg)
    return amount
