"""Writes and doubts the two sides of a ledger that has a column for debit and one for credit.

Their names say which is which; the rows say whether that is so, and whether the side that nothing happened on
has 0 or NULL. It reads, and writes nothing.
"""

from collections.abc import Mapping

from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.statements import Statement
from agentctl.core.errors import SchemaLacks
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping import Ledger, Marketplace
from agentctl.core.mapping.sides import SIDES
from agentctl.core.mapping.words import checks_of
from agentctl.core.models import Credits, Key

_MOST_ROWS, _MOST_USERS = 200, 20


def require_plausible_sides(connection: Connection, market: Marketplace, *, user: Key) -> None:
    """Refuse to write into a ledger whose rows show that its sides mean the opposite of their names.

    Books may be kept from the side of the house, which is debited what a user gets.

    Raises:
        SchemaLacks: balances are the sum of what leaves less what comes, and none the other way round.

    """
    ledger, asked = market.ledger, compose_sides(market, user=user)
    row = connection.run(asked).fetchone() if asked is not None else None
    if ledger is not None and row is not None and row["opposite"] and not row["agreeing"]:
        debit, credit = (ledger.columns[part] for part in SIDES)
        raise SchemaLacks(
            f"The balances agree with {ledger.name} only if {debit} is what comes to a user and {credit} "
            "what leaves: agentctl takes them the other way round.",
            hint=explain_swap(ledger),
            code="sides_swapped",
        )


def compose_sides(market: Marketplace, *, user: Key) -> Statement | None:
    """Return the statement that compares balances with both sides; None where the ledger has none."""
    ledger = market.ledger
    if ledger is None or not ledger.has_sides:
        return None
    query = compose(
        "SELECT count(*) FILTER (WHERE balance = total) AS agreeing, "
        "count(*) FILTER (WHERE balance = -total) AS opposite FROM ("
        "SELECT u.balance, (SELECT sum({amount}) FROM {ledger} AS l WHERE l.user_id = u.id) AS total "
        "FROM (SELECT id, {balance} AS balance FROM {users} AS rows WHERE balance <> 0 "
        "ORDER BY id = %(user)s DESC LIMIT {most}) AS u) AS accounts",
        amount=ledger.counted("amount"),
        balance=market.balances.counted("balance"),
        ledger=ledger.rows,
        users=market.users.rows,
        most=sql.Literal(_MOST_USERS),
    )
    return Statement(query, {"user": user})


def explain_swap(ledger: Ledger) -> str:
    """Return the lines that give the two sides the opposite meaning."""
    debit, credit = (toml_text(ledger.columns[part]) for part in SIDES)
    return (
        "If your books are kept that way, put these lines into [profiles.NAME.schema.ledger]:\n"
        f"  debit = {credit}\n  credit = {debit}"
    )


def fill_other_side(
    connection: Connection, ledger: Ledger, written: Mapping[str, Credits]
) -> dict[str, object]:
    """Return what the side of a row that nothing happened on has: NULL or 0, as in the other rows."""
    own, other = SIDES if SIDES[0] in written else SIDES[::-1]
    column = ledger.column(other)
    if column is None or not column.nullable:
        return {other: 0}
    names = (0, None) if _has_zeros(connection, ledger, other) else (None, 0)
    checks = checks_of(ledger.table).values()
    row = {ledger.columns[own]: written[own]}
    fitting = [
        value
        for value in names
        if all(check.holds({**row, column.name: value}) is not False for check in checks)
    ]
    return {other: fitting[0] if fitting else None}


def _has_zeros(connection: Connection, ledger: Ledger, part: str) -> bool:
    """Whether rows have 0 on an empty side; where rows have neither 0 nor NULL, its default decides."""
    side = sql.Identifier(ledger.columns[part])
    query = ledger.query(
        "SELECT bool_or(side = 0) AS has_zeros, bool_or(side IS NULL) AS has_nulls "
        "FROM (SELECT {side} AS side FROM {table} LIMIT {most}) AS entries",
        side=side,
        most=sql.Literal(_MOST_ROWS),
    )
    row = connection.execute(query).fetchone()
    column = ledger.column(part)
    if row is None or bool(row["has_zeros"]) == bool(row["has_nulls"]):
        return column is not None and column.default is not None
    return bool(row["has_zeros"])
