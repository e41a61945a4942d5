"""Finds what a function's arguments mean where no usual name tells: by its source, words, and what is left.

The only number that can be the amount is the amount; the only key that can be the user's is the user. An
argument that must be given and means nothing known makes the function unusable: that is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agentctl.core.catalog.introspection import Argument, Function, Table
from agentctl.core.mapping.function_body import Statement, read_body
from agentctl.core.mapping.name_words import is_filler, list_meanings, split_name

# What an argument's words mean for what is passed; the first that fits counts.
_BY_MEANING: Mapping[str, frozenset[str]] = {
    "key": frozenset({"once"}),
    "execution": frozenset({"run"}),
    "user": frozenset({"person"}),
    "agent": frozenset({"agent"}),
    "kind": frozenset({"kind"}),
    "text": frozenset({"note"}),
    "metadata": frozenset({"meta"}),
    "amount": frozenset({"count", "unit", "price"}),
}
_BY_ENTRY = {"user": "user", "execution": "execution", "kind": "kind", "description": "text"}
"""Part of the ledger -> what is passed that a function writes into it."""
_NO_AMOUNT = frozenset({"limit", "measure", "after", "before", "left", "currency"})
_MANY = frozenset({"text"})
"""What several arguments may be given."""


@dataclass(frozen=True, slots=True)
class Money:
    """Where the money of a marketplace is.

    Attributes:
        balances: the table of the balances, and `balance` its column.
        ledger: the ledger, or None; `entries` are its columns by part.

    """

    balances: Table
    balance: str
    ledger: Table | None = None
    entries: Mapping[str, str] = field(default_factory=dict)

    def lowers_balance(self, function: Function) -> bool:
        """Whether a function's source lowers the balance, and never raises it."""
        directions = {
            statement.find_direction(self.balance)
            for statement in read_body(function)
            if not statement.is_insert and statement.writes(self.balances)
        }
        return -1 in directions and 1 not in directions


def bind_by_structure(
    function: Function,
    inputs: Sequence[Argument],
    fits: Mapping[str, frozenset[str]],
    user_type: str,
    money: Money | None,
    usual: Mapping[str, str],
) -> dict[str, str] | None:
    """Return the meanings of arguments; None if one that must be given has none.

    Args:
        function: the function.
        inputs: the arguments without a configured text.
        fits: meaning -> the types that it can have; empty for any.
        user_type: the base type of the users' ids.
        money: where the source may show that balances and the ledger are written.
        usual: argument -> what its usual name means.

    """
    known = set(inputs)
    meanings: dict[str, str] = {}
    evidence = (
        usual,
        *((_read_sources(function, money),) if money else ()),
        {argument.name: meant for argument in inputs if (meant := _read_words(argument, fits)) is not None},
    )
    for tried in evidence:
        for argument in inputs:
            meant = tried.get(argument.name)
            if (
                meant is not None
                and argument.name not in meanings
                and (meant in _MANY or meant not in meanings.values())
                and _can_be(argument, meant, fits, user_type)
            ):
                meanings[argument.name] = meant
    for meant in ("amount", "user"):
        if meant not in meanings.values():
            rest = [
                argument
                for argument in known
                if argument.name not in meanings and _can_be(argument, meant, fits, user_type)
            ]
            if len(rest) == 1 and (meant != "user" or rest[0].type == user_type):
                meanings[rest[0].name] = meant
    unknown = [argument for argument in inputs if argument.name not in meanings and not argument.optional]
    return None if unknown else meanings


def find_execution_argument(function: Function, inputs: Sequence[Argument], money: Money) -> str | None:
    """Return the argument that a function's source writes as the execution of a ledger's row."""
    sources = _read_sources(function, money)
    linked = [argument.name for argument in inputs if sources.get(argument.name) == "execution"]
    return linked[0] if len(linked) == 1 else None


def _can_be(argument: Argument, meant: str, fits: Mapping[str, frozenset[str]], user_type: str) -> bool:
    types = fits[meant]
    if types and argument.type not in types:
        return False
    if meant == "user" and user_type == "uuid":
        return argument.type == "uuid"
    return meant != "amount" or not _NO_AMOUNT & _list_argument_meanings(argument)


def _list_argument_meanings(argument: Argument) -> frozenset[str]:
    words = [word for word in split_name(argument.name) if not is_filler(word)]
    return frozenset(meaning for word in words for meaning in list_meanings(word))


def _read_words(argument: Argument, fits: Mapping[str, frozenset[str]]) -> str | None:
    """Return what the words of an argument mean, among what its type allows."""
    meanings = _list_argument_meanings(argument)
    return next(
        (
            meant
            for meant, wanted in _BY_MEANING.items()
            if wanted & meanings and (not fits[meant] or argument.type in fits[meant])
        ),
        None,
    )


def _read_sources(function: Function, money: Money) -> dict[str, str]:
    """Return what a function's source does with its arguments."""
    names = {argument.name for argument in function.arguments}
    meanings: dict[str, str] = {}
    for statement in read_body(function):
        for name, meant in _list_uses(statement, money):
            if name in names:
                meanings.setdefault(name, meant)
    return meanings


def _list_uses(statement: Statement, money: Money) -> Iterator[tuple[str, str]]:
    """Yield each word of a statement that has a meaning by where it stands."""
    if statement.is_insert:
        if money.ledger is not None and statement.writes(money.ledger):
            yield from _list_entry_uses(statement, money.entries)
    elif statement.writes(money.balances) and money.balance in statement.values:
        yield from ((word, "amount") for word in statement.values[money.balance])
        yield from ((word, "user") for column, word in statement.where.items() if column != money.balance)


def _list_entry_uses(statement: Statement, entries: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for part, meant in _BY_ENTRY.items():
        value = statement.values.get(entries.get(part, ""), ())
        if len(value) == 1:
            yield value[0], meant
    note = statement.values.get(entries.get("description", ""), ())
    if note[:1] == ("coalesce",):
        yield from ((word, "text") for word in note)
    amount = statement.values.get(entries.get("amount", ""), ())
    if amount[:1] == ("-",) and amount[2:] == ():
        yield amount[-1], "amount"
