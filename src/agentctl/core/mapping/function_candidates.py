"""Says which functions may be the one that charges: by their names, and by what their sources do.

A source counts more than a name: what raises balances charges nobody, whatever it is called.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog, Function
from agentctl.core.mapping.arguments import EXACT
from agentctl.core.mapping.function_body import read_body
from agentctl.core.mapping.money import Money
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import (
    ADD_VERBS,
    CREDIT_NOUNS,
    DEDUCT_VERBS,
    KIND_WORDS,
    plain,
    rank,
)

INPUTS = frozenset("ibv")
_NO_CHARGE = frozenset({"give", "held", "gone", "portion", "payment"})
"""Meanings of the words of functions that lower balances for another reason."""
_OTHER_WORDS = frozenset(
    {
        "refund",
        "reverse",
        "revert",
        "undo",
        "rollback",
        "cancel",
        "void",
        "back",
        "chargeback",
        "expire",
        "expired",
        "revoke",
        "reserve",
        "transfer",
        "preview",
        "estimate",
        "simulate",
        "payout",
        "cashout",
        "cash",
        "tip",
        "gift",
        "send",
        "donate",
    }
)
"""Words of functions that lower balances for another reason, or none, whatever else they are called."""
_OF_CHARGES = frozenset(
    {"take", "unit", "left", "store", "count", "run", "errand", "agent", "person", "filler"}
)
_PURSES = frozenset({"unit", "left", "store"})
"""Meanings of the words of a function that charges; it needs one of the latter."""
_TAKING = DEDUCT_VERBS | {"take", "reduce", "drain"}
"""Not `withdraw` and `redeem`: a customer does that as well."""
_AROUND = frozenset({"fn", "sp", "atomic", "try", "safe", "apply", "do", "process", "perform", "rpc"})


class Candidates(Struct, frozen=True):
    """The functions that may charge.

    Attributes:
        functions: those to choose from.
        reversed: those whose names say that they charge, and whose sources raise balances.
        doubtful: function -> the other tables that it writes to, where its name does not say that it charges.

    """

    functions: tuple[Function, ...]
    reversed: tuple[Function, ...] = ()
    doubtful: tuple[tuple[Function, tuple[str, ...]], ...] = ()


def gives_credits(function: Function) -> bool:
    """Whether the name of a function says that it adds credits."""
    return _moves_credits(function, ADD_VERBS)


def takes_credits(function: Function) -> bool:
    """Whether the name of a function says that it takes credits."""
    return _moves_credits(function, DEDUCT_VERBS)


def _moves_credits(function: Function, verbs: frozenset[str]) -> bool:
    """Whether the name of a function has one of these verbs and says that it is about credits."""
    words = plain(function.name).split("_")
    return (
        words[0] in verbs and not CREDIT_NOUNS.isdisjoint(map(plain, words)) and function.returns != "trigger"
    )


def list_candidates(catalog: Catalog, money: Money | None) -> Candidates:
    """Return the functions that may charge, those with usual names first."""
    named = tuple(filter(takes_credits, catalog.functions))
    if money is None:
        return Candidates(named)
    reversed_ = tuple(function for function in named if money.raises_balance(function))
    named = tuple(
        function
        for function in named
        if function not in reversed_ and _OTHER_WORDS.isdisjoint(split_name(function.name))
    )
    if any(next(money.list_updates(function), None) for function in named):
        return Candidates(named, reversed_)
    proven = [function for function in _list_by_source(catalog, money) if function not in named]
    doubts = {function: _list_other_tables(function, catalog, money) for function in proven}
    sure = tuple(function for function, tables in doubts.items() if not tables)
    doubtful = tuple((function, tables) for function, tables in doubts.items() if tables)
    if not named and not sure and not doubtful:
        named = tuple(filter(_says_that_it_takes, catalog.functions))
    return Candidates((*named, *sure), reversed_, doubtful if not named and not sure else ())


def _says_that_it_takes(function: Function) -> bool:
    """Whether every word of a function without a readable source speaks of taking from what is left."""
    words = [word for word in split_name(function.name) if word not in _AROUND]
    spoken = frozenset(meaning for word in words for meaning in list_meanings(word))
    takes = not _TAKING.isdisjoint(words) and not _PURSES.isdisjoint(spoken)
    is_plain = all(list_meanings(word) & _OF_CHARGES for word in words)
    return takes and is_plain and function.body is None and function.returns != "trigger"


def _list_by_source(catalog: Catalog, money: Money) -> Iterator[Function]:
    """Yield the functions whose source lowers the balance, unless something says that it is no charge."""
    for function in catalog.functions:
        has_amount = any(
            argument.mode in INPUTS and argument.type in EXACT for argument in function.arguments
        )
        if has_amount and money.lowers_balance(function) and not _is_other(function, money):
            yield function


def _is_other(function: Function, money: Money) -> bool:
    """Whether the kind of the ledger's row, or else the words of a function say that it is no charge."""
    kinds = {_find_kind(text) for text in money.list_kinds(function)}
    if kinds and None not in kinds:
        return kinds != {"charge"}
    words = split_name(function.name)
    meanings = {
        meaning
        for position, word in enumerate(words)
        if position == 0 or word not in CREDIT_NOUNS  # `credit account` gives, `remove credits` does not
        for meaning in list_meanings(word)
    }
    is_other = "take" not in meanings and not _NO_CHARGE.isdisjoint(meanings)
    return is_other or not _OTHER_WORDS.isdisjoint(words)


def _find_kind(text: str) -> str | None:
    return next((kind for kind, names in KIND_WORDS.items() if rank(text, names) is not None), None)


def _list_other_tables(function: Function, catalog: Catalog, money: Money) -> tuple[str, ...]:
    """Return the other tables to which a function adds rows, where its name does not say that it takes."""
    meanings = {meaning for word in split_name(function.name) for meaning in list_meanings(word)}
    if "take" in meanings:
        return ()
    ours = {table.name for table in (money.balances, money.ledger, money.users) if table is not None}
    others = {table.name for table in catalog.tables} - ours
    written = (statement.table for statement in read_body(function) if statement.is_insert)
    return tuple(dict.fromkeys(table for table in written if table in others))
