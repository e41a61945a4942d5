"""Reads from a function's source what it does with its arguments: whose balance it lowers, and by which.

What an argument is compared with or written into tells what it means. Nothing is executed.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Function
from agentctl.core.mapping.body_sums import Item
from agentctl.core.mapping.body_words import Word, read_words
from agentctl.core.mapping.function_body import read_body
from agentctl.core.mapping.money import Money

_BY_ENTRY = {"user": "user", "execution": "execution", "kind": "kind"}
"""Part of the ledger -> what is passed that a function writes into it."""


class Uses(Struct, frozen=True):
    """What a source does with arguments.

    Attributes:
        certain: argument -> what it means by the balance or the ledger that it is for.
        written: argument -> what it may mean by what it becomes in the ledger.
        columns: argument -> the column of the ledger that it becomes.
        wallet: the key of the balances that an argument is compared with in the place of their owner's.
        unclear: the arguments that make up what a balance is lowered by, where none of them is it alone.
        is_elsewhere: whether the balance is lowered by something that the function looks up.
        unused: the arguments that the source never mentions.

    """

    certain: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    wallet: str = ""
    unclear: tuple[str, ...] = ()
    is_elsewhere: bool = False
    unused: frozenset[str] = frozenset()


def read_uses(function: Function, money: Money | None) -> Uses:
    """Return what a function's source shows; nothing where it was not read."""
    if money is None or not function.body:
        return Uses()
    reader = _Reader(function, money)
    amounts, unclear = reader.find_amounts()
    owners = dict(reader.list_owners())
    wallet = next(reader.list_wallets(), None)
    entries = dict(reversed([*reader.list_entries()]))
    wallets = {wallet[0]: "wallet"} if wallet else {}
    certain = entries | owners | wallets | dict.fromkeys(amounts, "amount")
    mentioned = {word.text for word in read_words(function) if word.is_name}
    return Uses(
        certain,
        dict(reader.list_written()),
        dict(reader.list_columns()),
        wallet[1] if wallet else "",
        tuple(unclear),
        not amounts and not unclear and reader.looks_up_amount,
        frozenset(argument.name for argument in function.arguments) - mentioned,
    )


class _Reader:
    """Reads the statements of one source."""

    def __init__(self, function: Function, money: Money) -> None:
        self._money, self._statements = money, read_body(function)
        self._updates = [update for update in money.list_updates(function) if not update.is_insert]
        self._names = {argument.name for argument in function.arguments if argument.name}
        self._columns = {column.name for column in money.balances.columns}
        self._entries = [
            statement
            for statement in self._statements
            if statement.is_insert and money.ledger is not None and statement.writes(money.ledger)
        ]

    def find_amounts(self) -> tuple[list[str], list[str]]:
        """Return the argument that balances are changed by, or the arguments where that is none alone."""
        amounts: dict[str, None] = {}
        unclear: dict[str, None] = {}
        for update in self._updates:
            changes = update.list_changes(self._money.balance)
            items = update.values[self._money.balance] if changes is None else changes
            names = [word for item in items for word in item.names if self._is_argument(word)]
            exact = changes is not None and len(items) == 1 and items[0].name is not None
            is_certain = exact and all(self._is_argument(word, among_columns=True) for word in names)
            (amounts if is_certain else unclear).update(dict.fromkeys(word.text for word in names))
        if not amounts and not unclear:
            amounts.update(dict.fromkeys(self._list_exact("amount")))
        if len(amounts) > 1 or unclear:
            return [], [*amounts, *unclear]
        return [*amounts], []

    @property
    def looks_up_amount(self) -> bool:
        """Whether a balance is lowered by a column of another table."""
        changes = (update.list_changes(self._money.balance) or () for update in self._updates)
        return any(word.owner for items in changes for item in items for word in item.names)

    def list_owners(self) -> Iterator[tuple[str, str]]:
        """Yield the argument that the owner of a balance has to be."""
        money = self._money
        looked_up = [
            word
            for statement in (*self._updates, *self._statements)
            for table, column in ((money.balances, money.user), (money.users, money.user_id))
            if table is not None and column and not statement.is_insert and statement.reads(table)
            for word in statement.list_compared(column)
            if self._is_argument(word, among_columns=True)
        ]
        names = [word.text for word in looked_up] or self._list_exact("user")
        yield from ((name, "user") for name in names[:1])

    def list_wallets(self) -> Iterator[tuple[str, str]]:
        """Yield the argument that another key of a balance has to be, with that key."""
        balances = self._money.balances
        others = self._columns - {self._money.user, self._money.balance}
        keys = [column.name for column in balances.columns if column.name in others]
        for statement in (*self._updates, *self._statements):
            for column in keys if statement.reads(balances) and not statement.is_insert else ():
                if balances.is_unique(column):
                    words = statement.list_compared(column)
                    yield from (
                        (word.text, column) for word in words if self._is_argument(word, among_columns=True)
                    )

    def list_entries(self) -> Iterator[tuple[str, str]]:
        """Yield the arguments that the ledger's row gets as they are, with what they mean by that."""
        for part, meant in _BY_ENTRY.items():
            if meant != "user":  # that is for list_owners
                yield from ((name, meant) for name in self._list_exact(part))

    def list_written(self) -> Iterator[tuple[str, str]]:
        """Yield the arguments that become a part of the ledger's note."""
        column = self._money.entries.get("description", "")
        for entry in self._entries:
            for item in entry.values.get(column, ()):
                yield from ((word.text, "text") for word in item.names if self._is_argument(word))

    def list_columns(self) -> Iterator[tuple[str, str]]:
        """Yield every argument that a row gets as it is, with its column; the ledger's last."""
        inserts = [statement for statement in self._statements if statement.is_insert]
        for statement in (*inserts, *self._entries):
            for column, items in statement.values.items():
                if (name := self._find_argument(items)) is not None:
                    yield name, column

    def _list_exact(self, part: str) -> list[str]:
        values = (entry.values.get(self._money.entries.get(part, ""), ()) for entry in self._entries)
        return [name for items in values if (name := self._find_argument(items)) is not None]

    def _find_argument(self, items: tuple[Item, ...]) -> str | None:
        name = items[0].name if len(items) == 1 else None
        return name.text if name is not None and self._is_argument(name) else None

    def _is_argument(self, word: Word, *, among_columns: bool = False) -> bool:
        """Whether a word is an argument; a bare name that is a column, too, is the column."""
        if word.kind == "argument":
            return True
        is_column = among_columns and word.text in self._columns
        return (
            (word.is_name or word.kind == "variable")
            and not word.owner
            and word.text in self._names
            and not is_column
        )
