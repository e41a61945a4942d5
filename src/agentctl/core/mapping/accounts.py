"""Finds rows that name a user by way of an account: the row with the balance, which has an owner.

`wallet_transactions.wallet_id` refers to `wallets.id`, and `wallets.user_id` says whose the wallet is. Such
rows are read by a join, and written with the key of the balance that is locked. Whether a user has a single
account, only rows say: `credits/balances.py` looks at them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, LiteralString

from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.database.quoting import compose
from agentctl.core.mapping.column_search import names_table
from agentctl.core.mapping.key_casts import read_as

if TYPE_CHECKING:
    from agentctl.core.mapping.discovery import Discovery, FoundRole

OF_ACCOUNTS = ("executions", "ledger")
"""The roles whose rows may name an account in place of its owner, or beside it."""
_OWNER = sql.Identifier("agentctl_user")
# Its names are no application's, so that the columns of the table need no qualification.
_SOURCE: LiteralString = (
    "{table} LEFT JOIN (SELECT {key} AS agentctl_account, {user} AS agentctl_user FROM {accounts}) "
    "AS agentctl_accounts ON agentctl_account = {column}"
)
_KEY: LiteralString = "(SELECT {key} FROM {accounts} WHERE {user} = {owner})"


class Accounts(Struct, frozen=True):
    """The rows with the balances, by way of which rows of another table name their users.

    Attributes:
        part: what the column with the account's key plays: `user`, or `account` beside a column for the user.
        table: the accounts.
        key: the column that is referred to.
        user: the column that names the owner.
        cast: the type as which the owner's column is read, where it is not that of the users' ids.

    """

    part: str
    table: Table
    key: str
    user: str
    cast: str | None = None

    @property
    def names_user(self) -> bool:
        """Whether nothing but the account says whose a row is."""
        return self.part == "user"

    def compose_source(self, table: Table, column: str) -> sql.Composed:
        """Return what follows FROM, so that each row of a table has its `owner`."""
        names = {"table": table.identifier, "column": sql.Identifier(column)}
        return compose(_SOURCE, **names, **self._identify())

    @property
    def owner(self) -> sql.Composable:
        """The SQL of whose a row of the source is."""
        return read_as(_OWNER, self.cast)

    def compose_key(self, owner: sql.Composable) -> sql.Composed:
        """Return the SQL of the key of a user's account."""
        return compose(_KEY, owner=owner, **self._identify())

    def _identify(self) -> dict[str, sql.Composable]:
        return {
            "accounts": self.table.identifier,
            "key": sql.Identifier(self.key),
            "user": sql.Identifier(self.user),
        }


def find_reference(table: Table, accounts: Table | None, *, but: str | None = None) -> tuple[str, str] | None:
    """Return the only column that refers to an account, and the column that it refers to.

    Args:
        table: the executions or the ledger.
        accounts: the table of the balances, where they are not the users' own.
        but: a column that does not count.

    """
    if accounts is None or table is accounts:
        return None
    columns = [column for column in table.columns if column.name != but]
    found_keys = {column.name: key for column in columns if (key := _find_key(table, column, accounts))}
    return next(iter(found_keys.items())) if len(found_keys) == 1 else None


def _find_key(table: Table, column: Column, accounts: Table) -> str | None:
    """Return the column of the accounts that a column refers to: by its foreign key, or by its name."""
    reference = table.foreign_key(column.name)
    if reference is not None:
        keys = reference.foreign_columns or ()
        return keys[0] if reference.refers_to(accounts) and len(keys) == 1 else None
    keys = next((item.columns for item in accounts.constraints if item.kind == "primary key"), ())
    key = accounts.column(keys[0]) if len(keys) == 1 else None
    is_named = key is not None and names_table(column.name, accounts) and column.base_type == key.base_type
    return key.name if key is not None and is_named else None


def resolve_accounts(discovery: "Discovery") -> "Discovery":
    """Mark the columns that have the key of an account, in place of a user's or beside it."""
    roles = dict(discovery.roles)
    balances = roles.get("balances")
    if balances is None or "user" not in balances.parts:
        return discovery
    for role in OF_ACCOUNTS:
        if role in roles and roles[role].table is not balances.table:
            roles[role] = _mark_account(roles[role], balances)
    return replace(discovery, roles=roles)


def _mark_account(role_table: "FoundRole", balances: "FoundRole") -> "FoundRole":
    owner, parts = balances.parts["user"].column, dict(role_table.parts)
    named = parts.get("account") or parts.get("user")
    column = role_table.table.column(named.column) if named is not None else None
    key = _find_key(role_table.table, column, balances.table) if column is not None else None
    if named is not None and key not in {None, owner}:
        part = "account" if "account" in parts else "user"
        return replace(role_table, parts={**parts, part: replace(named, account=key)})
    beside = find_reference(role_table.table, balances.table, but=named.column if named else None)
    taken = {choice.column for choice in parts.values()}
    if named is None or beside is None or beside[0] in taken or beside[1] == owner:
        return role_table
    choice = replace(named, column=beside[0], why="its key", others=(), read_as=None, account=beside[1])
    return replace(role_table, parts={**parts, "account": choice})


def find_accounts(role_table: "FoundRole", roles: Mapping[str, "FoundRole"]) -> Accounts | None:
    """Return the accounts by way of which a table's rows name their users; None where there are none."""
    balances = roles.get("balances")
    for part in ("user", "account"):
        choice = role_table.parts.get(part)
        if balances is not None and choice is not None and choice.account is not None:
            owner = balances.parts["user"]
            return Accounts(part, balances.table, choice.account, owner.column, owner.read_as)
    return None
