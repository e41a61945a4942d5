"""Finds the column of a part that no name shows: the only one that is left, where it has the right shape.

A column whose words mean something else is not left, whether agentctl has a use for it or not. So every word
of what is no switch, no price and no name makes something else certain. Two that are left are not chosen
between. It looks at one table, and never at the price: a wrong one takes money.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.column_clues import (
    CLUES,
    SHAPES,
    forbids,
    is_doubtful,
    is_ratio,
    list_meant_words,
    weigh_words,
)
from agentctl.core.mapping.column_facts import list_keys, says_later
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import EXACT, ROLES, can_play

_OFFERED = frozenset({"offered", "agent"})
_ASKED = frozenset({"shut", "vetted"})
"""Meanings of words that turn a switch around, or that tell what somebody thinks of an agent."""
_NO_NAME = frozenset(
    {
        "about",
        "mail",
        "contact",
        "secret",
        "picture",
        "place",
        "hook",
        "link",
        "address",
        "slug",
        "sort",
        "status",
    }
    | {"docs", "payment", "meta", "foreign", "settings", "kind", "form", "given", "knob", "error"}
)
"""Meanings of words of which an agent's name has none, unless it has a word for a name, too."""
_OF_SLUGS = frozenset({"short", "key", "code", "link", "slug", "technical"})
"""Meanings of the words beside `name` in the name of a slug."""
_NO_AMOUNT = frozenset(
    {"measure", "limit", "tax", "knob", "earning", "after", "before", "currency", "held", "left"}
)
"""Meanings of the other numbers of a ledger."""
_PURSES = frozenset({"store", "left", "unit"})
"""Meanings of the name of a table that holds balances."""


class Leftover(NamedTuple):
    """How a part is known whose column is the only one left.

    Attributes:
        is_possible: whether a column could play the part, as far as its words tell.
        is_shaped: whether the only possible column has the shape of the part.

    """

    why: str
    is_possible: Callable[[Table, Column], bool]
    is_shaped: Callable[[Table, Column], bool]


def find_leftovers(
    role: str, table: Table, missing: Collection[str], taken: Collection[str]
) -> Mapping[str, tuple[str, str]]:
    """Return part -> the column that is left for it, and the evidence.

    Args:
        role: the role of the table.
        table: the table.
        missing: the parts without a column.
        taken: the columns that play a part.

    """
    left: dict[str, tuple[str, str]] = {}
    for part in missing:
        rule = LEFTOVERS.get((role, part))
        others = {*taken, *(column for column, _ in left.values())}
        columns = list(_list_possible(rule, table, role, part, others)) if rule else []
        if part == "name" and "webhook" not in missing:
            columns = _leave_out_slug(table, columns)
        if rule and len(columns) == 1 and rule.is_shaped(table, columns[0]):
            left[part] = (columns[0].name, rule.why)
    return left


def _list_possible(
    rule: Leftover, table: Table, role: str, part: str, taken: Collection[str]
) -> Iterator[Column]:
    keys = list_keys(table)
    for column in table.columns:
        if (
            column.name not in {*taken, *keys}
            and not column.generated
            and can_play(column, ROLES[role].parts[part])
            and rule.is_possible(table, column)
        ):
            yield column


def _weigh(role: str, part: str, table: Table, column: Column) -> int | None:
    own = frozenset(split_name(table.name))
    weights = [
        weigh_words(role, part, list_meant_words(column.name, without)) for without in (own, frozenset())
    ]
    return max((weight for weight in weights if weight is not None), default=None)


def _may_switch(table: Table, column: Column) -> bool:
    """Whether a boolean may switch an agent off; what an agent has, as `has_memory`, it has when it is on."""
    is_had = split_name(column.name)[:1] == ("has",)
    return not is_had and is_doubtful("agents", CLUES["agents"]["active"], table, column) is not None


def _is_switch(table: Table, column: Column) -> bool:
    """Whether a boolean is true unless somebody says otherwise, or says itself that an agent is offered."""
    words = list_meant_words(column.name, frozenset(split_name(table.name)))
    meanings = [list_meanings(word) for word in words]
    if any(meant & _ASKED for meant in meanings):
        return False
    is_named = all(meant & _OFFERED for meant in meanings) if words else "on" in split_name(column.name)
    return SHAPES["from_true"].is_seen(table, column) or (is_named and not column.nullable)


def _may_name(table: Table, column: Column) -> bool:
    """Whether a text has a word for a name, or no words that a name does not have; a slug may be one, too."""
    words = list_meant_words(column.name, frozenset(split_name(table.name)))
    others = (word for word in words if word != "text" or len(words) == 1)
    is_other = any(list_meanings(word) & _NO_NAME and "name" not in list_meanings(word) for word in others)
    is_named = (_weigh("agents", "name", table, column) or 0) > 0
    return is_named or (_is_given(table, column) and not is_other)


def _leave_out_slug(table: Table, columns: list[Column]) -> list[Column]:
    """Leave out a text that no two agents share, where another is left: a slug, unless it is named a name."""

    def may_be_slug(column: Column) -> bool:
        is_name = _means(column, frozenset({"name"})) and not _means(column, _OF_SLUGS)
        return table.is_unique(column.name) and not is_name

    return [column for column in columns if not may_be_slug(column)] or columns


def _is_given(table: Table, column: Column) -> bool:
    """Whether every row has a value that whoever makes it is free to choose."""
    is_bound = any(item.check is not None and column.name in item.check.columns for item in table.constraints)
    return not column.nullable and column.default is None and not is_bound


def _means(column: Column, others: frozenset[str]) -> bool:
    return any(list_meanings(word) & others for word in split_name(column.name))


def _may_be_made(table: Table, column: Column) -> bool:
    """Whether every row is given a time, by the database or its maker, and it says nothing of later."""
    is_given = not column.nullable and column.default is None
    return (is_given or SHAPES["clock"].is_seen(table, column)) and not says_later(column.name)


def _may_be_amount(_: Table, column: Column) -> bool:
    return not _means(column, _NO_AMOUNT) and not is_ratio(list_meant_words(column.name))


def _is_amount(table: Table, column: Column) -> bool:
    """Whether a number is given with every entry, and is not the number of the entry."""
    is_given = not column.nullable and column.default is None
    return is_given and not table.is_unique(column.name)


def _may_be_balance(table: Table, column: Column) -> bool:
    return column.base_type in EXACT and _weigh("balances", "balance", table, column) is not None


def _is_balance(table: Table, column: Column) -> bool:
    """Whether a number is never below 0, in a table whose name says that it holds what somebody owns."""
    words = [list_meanings(word) for word in split_name(table.name)]
    is_purse = any(meant & _PURSES and "person" not in meant for meant in words)
    is_only = all(meant & {*_PURSES, "person"} for meant in words)
    is_kept = not column.nullable and forbids(table, column, -1) and not forbids(table, column, 0)
    return is_purse and is_only and is_kept


def _always(_: Table, __: Column) -> bool:
    return True


LEFTOVERS: Mapping[tuple[str, str], Leftover] = {
    ("agents", "active"): Leftover(
        "the only boolean that is left, and true by default", _may_switch, _is_switch
    ),
    ("agents", "name"): Leftover("the only text that is left and NOT NULL", _may_name, _is_given),
    ("executions", "created_at"): Leftover(
        "the only time that is left of those that every row has", _may_be_made, _always
    ),
    ("ledger", "created_at"): Leftover(
        "the only time that is left of those that every row has", _may_be_made, _always
    ),
    ("ledger", "amount"): Leftover("the only number that is left and NOT NULL", _may_be_amount, _is_amount),
    ("balances", "balance"): Leftover(
        "the only number that is left, never below 0", _may_be_balance, _is_balance
    ),
}
