"""Where the money of a marketplace is, and whether a function's source lowers or raises a balance.

It reads sources and calls nothing.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Function, Table
from agentctl.core.mapping.function_body import Statement, read_body


class Money(Struct, frozen=True):
    """Where the money of a marketplace is.

    Attributes:
        balances: the table of the balances; `balance` is its column, `user` that of the owner's id.
        ledger: the ledger, or None; `entries` are its columns by part.
        users: the table of the users, and `user_id` its key.

    """

    balances: Table
    balance: str
    user: str
    ledger: Table | None = None
    entries: Mapping[str, str] = field(default_factory=dict)
    users: Table | None = None
    user_id: str = ""

    def list_updates(self, function: Function) -> Iterator[Statement]:
        """Yield the statements of a function's source that change balances."""
        for statement in read_body(function):
            if statement.writes(self.balances) and self.balance in statement.values:
                yield statement

    def list_kinds(self, function: Function) -> Iterator[str]:
        """Yield the texts that a function's source writes as the kind of the ledger's rows."""
        column = self.entries.get("kind", "")
        for statement in read_body(function):
            if self.ledger is not None and statement.is_insert and statement.writes(self.ledger):
                words = [word for item in statement.values.get(column, ()) for word in item.words]
                yield from (word.text.strip("'") for word in words[:1] if word.kind == "string")

    def lowers_balance(self, function: Function) -> bool:
        """Whether a function's source lowers the balance, and never raises it."""
        directions = self._list_directions(function)
        return -1 in directions and 1 not in directions

    def raises_balance(self, function: Function) -> bool:
        """Whether a function's source raises the balance, and never lowers it."""
        directions = self._list_directions(function)
        return 1 in directions and -1 not in directions

    def _list_directions(self, function: Function) -> set[int]:
        return {
            update.find_direction(self.balance)
            for update in self.list_updates(function)
            if not update.is_insert and not self._moves_columns(update, function)
        }

    def _moves_columns(self, update: Statement, function: Function) -> bool:
        """Whether a balance changes by other columns of its row alone, as when held credits are released."""
        columns = {column.name for column in self.balances.columns}
        columns -= {argument.name for argument in function.arguments}
        changes = update.list_changes(self.balance) or ()
        names = [word for item in changes for word in item.names]
        return bool(names) and all(word.text in columns and update.owns(word) for word in names)
