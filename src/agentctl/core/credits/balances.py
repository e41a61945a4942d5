"""Balances: locked, read and raised, and the amounts that they can hold.

The lock on a user's row is what makes a balance and its ledger move together. Nothing here commits.
"""

from decimal import Decimal
from typing import Any, LiteralString

from psycopg import sql

from agentctl.core import amounts
from agentctl.core.credits import ledger_entries
from agentctl.core.credits.deduction import WHOLE_NUMBERS
from agentctl.core.credits.users import explain_many_balances
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import require_amount
from agentctl.core.database.statements import Statement
from agentctl.core.errors import AgentctlError, PermissionDenied, Refused, UsageError
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping import Marketplace
from agentctl.core.models import Credits, Key, User, Verbatim

_MOST_DIGITS = 18  # before the decimal point: more are a mistake


def lock_user(connection: Connection, market: Marketplace, user: Key) -> Credits | None:
    """Take the lock that orders everything that moves this user's credits, before any other lock.

    Return the balance, which nobody else can change now, or None where the row cannot be locked. A user with
    two balances is refused: nothing says which of them pays.

    An execution's foreign key takes a weaker lock on the same row: two runs that insert first and charge
    second deadlock. A role that may not update balances cannot lock their rows; an advisory lock then orders
    at least agentctl's own runs, and PostgreSQL's deadlock detection does the rest.
    """
    rows = connection.run(compose_lock(market, user)).fetchall()
    row = _require_single(rows, user) if is_lockable(market) else None
    return _read_balance_in(row, user) if row and row["balance"] is not None else None


def compose_lock(market: Marketplace, user: Key) -> Statement:
    """Return the statement that locks a user's balance, or whatever orders what is done with it."""
    if is_lockable(market):
        text: LiteralString = "SELECT {balance} AS balance FROM {table} WHERE {user} = %(user)s FOR UPDATE"
        return _compose_question(market, user, text)
    query = compose("SELECT pg_advisory_xact_lock(hashtextextended(%(user)s, 0))")
    return Statement(query, {"user": f"agentctl:{user}"})


def is_lockable(market: Marketplace) -> bool:
    """Whether this role may lock a row with a balance: who may update any of its columns may."""
    columns = (market.balances.column(part) for part in ("balance", "balance_part"))
    return any(column is not None and column.updatable for column in columns)


def read_balance(connection: Connection, market: Marketplace, user: Key) -> Credits:
    """Return a user's balance.

    Raises:
        AgentctlError: there is none, or it is not a number.

    """
    row = _require_single(connection.run(compose_reading(market, user)).fetchall(), user)
    if row is None:
        raise cannot_change(market, user)
    return _read_balance_in(row, user)


def compose_reading(market: Marketplace, user: Key) -> Statement:
    """Return the statement that reads a user's balance."""
    return _compose_question(market, user, "SELECT {balance} AS balance FROM {table} WHERE {user} = %(user)s")


def _compose_question(
    market: Marketplace, user: Key, text: LiteralString, **parts: sql.Composable
) -> Statement:
    """Return a statement about a user's rows among the balances."""
    balances = market.balances
    return Statement(balances.query(text, **parts), {"user": balances.stored("user", user)})


def _require_single(rows: list[dict[str, Any]], user: Key) -> dict[str, Any] | None:
    """Return the only row of a user's; None where there is none.

    Raises:
        Refused: there are several.

    """
    if len(rows) > 1:
        raise explain_many_balances(user)
    return rows[0] if rows else None


def read_wallet(connection: Connection, market: Marketplace, user: Key, *, key: str) -> Key:
    """Return the key of a user's row among the balances, which is not the user's id.

    Raises:
        AgentctlError: the user has none, or several.

    """
    text: LiteralString = "SELECT {wallet} AS wallet FROM {table} WHERE {user} = %(user)s"
    asked = _compose_question(market, user, text, wallet=sql.Identifier(key))
    row = _require_single(connection.run(asked).fetchall(), user)
    if row is None or row["wallet"] is None:
        raise cannot_change(market, user)
    wallet: Key = row["wallet"]
    return wallet


def _read_balance_in(row: dict[str, Any], user: Key) -> Credits:
    return require_amount(row["balance"], f"The balance of user {user}")


def raise_balance(
    connection: Connection, market: Marketplace, amount: Credits, *, user: Key, after: Credits
) -> None:
    """Add an amount to a balance, so that it is `after`; no balance falls below zero.

    Raises:
        AgentctlError: the balance cannot be changed, or its column cannot hold the sum.

    """
    written = connection.run(compose_raise(market, amount, user=user)).fetchone()
    if written is None and amount < 0 and "balance_part" in market.balances:
        raise Refused(
            f"{market.balances.columns['balance_part']} of user {user} has fewer than "
            f"{amounts.negate(amount)} credits.",
            hint="The rest of the balance is in other columns, which agentctl does not move.",
            code="insufficient_credits",
        )
    if written is None:
        raise cannot_change(market, user)
    if written["after"] != after:
        raise ledger_entries.cannot_hold(market.balances, "balance", amount)


def compose_raise(market: Marketplace, amount: Credits, *, user: Key) -> Statement:
    """Return the statement that adds an amount to a balance, if it does not fall below zero."""
    column, parts = market.balances.column("balance"), []
    if column is not None and not column.generated:
        parts.append("balance")
    if "balance_part" in market.balances:
        parts.append("balance_part")
    moved = [sql.Identifier(market.balances.columns[part]) for part in parts]
    update = market.balances.query(
        "UPDATE {table} SET {moves} WHERE {user} = %(user)s AND {floors} RETURNING {balance} AS after",
        moves=sql.SQL(", ").join(
            compose("{name} = coalesce({name}, 0) + %(amount)s", name=name) for name in moved
        ),
        floors=sql.SQL(" AND ").join(
            compose("coalesce({name}, 0) + %(amount)s >= least({name}, 0)", name=name) for name in moved
        ),
    )
    return Statement(update, {"amount": amount, "user": market.balances.stored("user", user)})


def cannot_change(market: Marketplace, user: Key) -> AgentctlError:
    """Return the error that says why a balance cannot be changed."""
    balances = market.balances
    column = balances.column("balance")
    name = f"{balances.name}.{balances.columns['balance']}"
    if balances.is_filtered or not (column and column.updatable):
        why = "row level security" if balances.is_filtered else "a missing privilege"
        return PermissionDenied(
            f"This role cannot change {name} of user {user} because of {why}.",
            hint="Connect as a role that may change balances, with BYPASSRLS.",
        )
    if balances.table is not market.users.table:
        row = balances.query(
            "INSERT INTO {table} ({user}, {balance}) VALUES ({key}, 0);",
            key=sql.Literal(balances.stored("user", user)),
        )
        return Refused(
            f"The user {user} has no row in {balances.name}.",
            hint=f"Create it: {row.as_string()}",
            code="user_without_balance",
        )
    return Refused(f"The user {user} does not exist any more.", code="user_not_found")


def read_held(connection: Connection, market: Marketplace, user: Key) -> object:
    """Return what is held of a user's balance, as the database has it; None where it keeps no such thing."""
    if "held" not in market.balances:
        return None
    row = connection.run(compose_held(market, user)).fetchone()
    return row["held"] if row else None


def compose_held(market: Marketplace, user: Key) -> Statement:
    """Return the statement that reads what is held of a user's balance."""
    return _compose_question(market, user, "SELECT {held} AS held FROM {table} WHERE {user} = %(user)s")


def require_enough(user: User, *, balance: Credits, held: object, price: Credits) -> None:
    """Refuse a price that what can be spent of a balance does not cover: what is held cannot be spent.

    Raises:
        Refused: it does not, or what is held is not an amount.

    """
    kept = 0 if held is None else require_amount(held, f"What is held of user {user.id}")
    if amounts.subtract(balance, max(kept, 0)) < price:
        raise insufficient(
            user, balance=f"{balance} credits" + (f" ({kept} held)" if kept > 0 else ""), price=price
        )


def seems_enough(user: User, *, price: Credits) -> bool:
    """Whether a balance sufficed when the user was read; where it is no number, nobody knows."""
    balance, held = user.balance, 0 if user.held is None else user.held
    if balance is None or isinstance(balance, Verbatim) or isinstance(held, Verbatim):
        return True
    return amounts.subtract(balance, max(held, 0)) >= price


def insufficient(user: User, *, balance: str, price: Credits) -> Refused:
    """Return the error that says who has too few credits."""
    msg = f"{user.email or user.id} has {balance}; {price} are needed."
    payer = str(user.email or user.id)
    command = shell_command("agentctl credits grant", payer, "AMOUNT", options="--reason TEXT")
    return Refused(msg, hint=f"To grant credits: {command}", code="insufficient_credits")


def parse_amount(text: str, *, column_type: str) -> Credits:
    """Read a positive amount of credits exactly, as the balance's column can hold it.

    Raises:
        UsageError: it is not a positive number, or the column cannot hold it.

    """
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount.adjusted() >= _MOST_DIGITS:
        raise UsageError(
            f"{text!r} is not a positive amount of credits.",
            hint="Only charges take credits away; use a number such as 50.",
        )
    if amount > WHOLE_NUMBERS.get(column_type, amount):
        raise UsageError(f"{text} is more than a balance of type {column_type} can hold.")
    if amount == amount.to_integral_value():
        return int(amount)
    if column_type in WHOLE_NUMBERS:
        raise UsageError(f"{text} is not a whole number, and this database keeps whole credits.")
    return amount
