"""Finds the users, who pay: by id, or by e-mail address in any case.

It only reads.
"""

from typing import Any

from psycopg import sql

from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_text
from agentctl.core.database.statements import Statement
from agentctl.core.errors import Refused
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.models import Amount, Key, User


def get_user(connection: Connection, users: TableRole, key: str) -> User:
    """Return the one user with this id or e-mail address.

    Raises:
        Refused: none fits, or several do, or the one that does has several balances.
        PermissionDenied: row level security hides all users.

    """
    matches = [read_user(row) for row in connection.run(compose_lookup(users, key)).fetchall()]
    matches = [user for user in matches if key in {user.email, str(user.id)}] or matches
    if not matches:
        users.require_visible_rows()
        raise _explain_unknown_user(users, key)
    if len(matches) > 1 and len({user.id for user in matches}) == 1:
        raise explain_many_balances(matches[0].id)
    if len(matches) > 1:
        listed = "\n".join(f"  {user.id}  {user.email}" for user in matches)
        raise Refused(
            f"{len(matches)} users match {key!r}:\n{listed}",
            hint="Use the id of one of them.",
            code="user_ambiguous",
        )
    return matches[0]


def compose_lookup(users: TableRole, key: str) -> Statement:
    """Return the statement that finds the users with an id or e-mail address."""
    query = compose(
        "SELECT id, email, balance, held FROM {users} AS u "
        "WHERE id::text = lower(%(key)s) OR id::text = %(key)s OR lower(email::text) = lower(%(key)s)",
        users=users.rows,
    )
    return Statement(query, {"key": key})


def explain_many_balances(user: Key) -> Refused:
    """Return the error about a user who has several balances, none of which is the one that counts."""
    return Refused(
        f"The user {user} has several balances: agentctl does not guess which of them counts.",
        hint="Leave each user one row in the table of balances, or name another table that has one row for "
        'each: [profiles.NAME.schema.balances] table = "TABLE"',
        code="user_with_balances",
    )


def _explain_unknown_user(users: TableRole, key: str) -> Refused:
    hint = "Use an e-mail address or an id from the users' table."
    if users.is_filtered:
        hint = "Row level security may hide the user from this role: connect as one with BYPASSRLS."
    if "email" in users:
        return Refused(f"There is no user {key!r}.", hint=hint, code="user_not_found")
    hint = f"Use an id from {users.table.full_name}."
    link = users.table.foreign_key(users.columns["id"])
    if link is not None and link.foreign_table:
        table = toml_text(f"{link.foreign_schema}.{link.foreign_table}")
        hint += (
            f" Its ids are those of {link.foreign_schema}.{link.foreign_table}; if that has the e-mail "
            f"addresses: [profiles.NAME.schema.users] table = {table}"
        )
    return Refused(
        f"There is no user {key!r} in {users.table.full_name}, which has no e-mail addresses.",
        hint=hint,
        code="user_not_found",
    )


def read_user(row: dict[str, Any]) -> User:
    """Return the user of a row with id, email, balance and held."""
    return User(
        row["id"], read_text(row["email"]), balance=read_amount(row["balance"]), held=read_amount(row["held"])
    )


def is_gone(connection: Connection, market: Marketplace, user: Key) -> bool:
    """Whether a user who once paid has no row and no balance any more, as far as this role can see."""
    if not sees_all(market):
        return False
    row = connection.run(compose_presence(market, user)).fetchone()
    return row is not None and not row["has_row"] and not row["has_balance"]


def read_balances(connection: Connection, asked: Statement) -> dict[Key | None, Amount | None]:
    """Return the balances that `compose_balances` asks for, by user; of a user with several, one."""
    return {row["id"]: read_amount(row["balance"]) for row in connection.run(asked).fetchall()}


def compose_balances(users: TableRole, payers: sql.Composable) -> Statement:
    """Return the statement that reads the balances of those users whose ids a query gives."""
    query = compose("SELECT id, balance FROM {} AS u WHERE u.id = ANY (ARRAY({}))", users.rows, payers)
    return Statement(query)


def sees_all(market: Marketplace) -> bool:
    """Whether this role sees every user and every balance, so that one that it does not see is gone."""
    return not (market.users.is_filtered or market.balances.is_filtered)


def compose_presence(market: Marketplace, user: Key) -> Statement:
    """Return the statement that asks whether a user has a row and a balance."""
    query = compose(
        "SELECT EXISTS (SELECT FROM {users} AS u WHERE u.id = %(user)s) AS has_row, "
        "EXISTS (SELECT FROM {balances} WHERE {balance_of} = %(balance_of)s) AS has_balance",
        users=market.users.rows,
        balances=market.balances.query("{table}"),
        balance_of=market.balances.query("{user}"),
    )
    return Statement(query, {"user": user, "balance_of": market.balances.stored("user", user)})
