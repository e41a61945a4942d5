"""Says what speaks for a column that has none of the usual names: its words, and its shape.

To teach agentctl a piece of evidence, add a line to SHAPES and name it in a clue; to teach it a word, see
name_words.py. Nothing here chooses: column_search.py compares the columns of a table.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.catalog.customer_access import may_write
from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.name_words import is_filler, list_meanings, split_name
from agentctl.core.mapping.vocabulary import (
    DIRECTION_WORDS,
    KIND_STOPGAPS,
    KIND_WORDS,
    SALE_WORDS,
    STATUS_WORDS,
    Names,
    rank,
)
from agentctl.core.mapping.words import list_words_of

CONTENTS = frozenset({"status_words", "begins_open", "kind_words", "sale_states", "hook_rows"})
"""The shapes that show what a column holds, whatever its name is."""
_FULL, _UNKNOWN_WORD = 3, 2
_OF_ANYTHING = frozenset({"new", "created", "active", "started", "submitted"})
"""Words with which other texts than a status begin, too."""
_PRICED = frozenset({"price", "unit", "plain", "agent", "count"})
"""What a rate is a price of: an `error rate` is none, nor is a `conversion rate`."""


class Shape(NamedTuple):
    """A piece of evidence that is not a name: how much it counts, its text for people, and its test."""

    points: int
    why: str
    is_seen: Callable[[Table, Column], bool]


class Clue(Struct, frozen=True):
    """What speaks for a column.

    Attributes:
        says: combinations of meanings, each enough on its own.
        allows: meanings of further words that do not speak against it.
        shapes: names of SHAPES.
        decisive: names of SHAPES that are enough where the words are unknown.
        needs: names of SHAPES without which a column cannot play the part.
        asks: meanings of words worth asking about; None if a missing part is not asked for.
        is_last: whether the last word decides, and unknown ones before it only narrow it, as in `item name`.

    """

    says: tuple[frozenset[str], ...]
    allows: frozenset[str] = frozenset()
    shapes: tuple[str, ...] = ()
    decisive: frozenset[str] = field(default_factory=frozenset)
    needs: frozenset[str] = frozenset()
    asks: frozenset[str] | None = None
    is_last: bool = False


def _clue(
    says: str,
    allows: str = "",
    shapes: str = "",
    decisive: str = "",
    *,
    needs: str = "",
    asks: str | None = None,
) -> Clue:
    combinations = tuple(frozenset(text.split()) for text in says.split("|"))
    return Clue(
        combinations,
        frozenset(allows.split()),
        (*shapes.split(), *needs.split(), *decisive.split()),
        frozenset(decisive.split()),
        frozenset(needs.split()),
        None if asks is None else frozenset(asks.split()),
    )


_PERSON = _clue("person key", "person", "required")
_BORN = _clue("born | born time", "run errand time ledger agent", "required", "clock")
_UPDATED = _clue("changed", "time seen run errand ledger", "")
_BALANCE = _clue(
    "left | unit | unit count | unit left | left count | store | store count | store left",
    "person agent store count now",
    "not_negative from_zero required",
)

CLUES: Mapping[str, Mapping[str, Clue]] = {
    "users": {"email": _clue("mail", "contact person address", "unique required")},
    "balances": {
        "user": _PERSON,
        "balance": _BALANCE,
        "held": _clue("held | unit held | held count | held left", "person store", "from_zero required"),
    },
    "agents": {
        "name": replace(
            _clue("name", "agent shown short about product run errand", "required"), is_last=True
        ),
        "price": _clue(
            "price | unit need | count need | unit price | unit | unit take | take run | take errand | "
            "sum run | sum take",
            "run errand agent count plain open take",
            "positive required",
            asks="currency",
        ),
        "webhook": _clue(
            "hook | link | hook link | aim link", "agent aim run address", "required", "hook_rows"
        ),
        "slug": _clue(
            "slug | code | short name | link name | link key | short key", "agent", "required", needs="unique"
        ),
        "description": _clue("about | long", "agent"),
        "category": _clue("sort | sort name", "agent"),
        "active": _clue("open", "agent time", "from_true required", asks="shut cleared vetted offered"),
        "state": _clue("status", "agent open", "", "sale_states", needs="sale_words"),
        "deleted": _clue("gone | shut since | taken down | gone down", "agent time"),
        "form": _clue("form | form shape | given shape", "agent data shape given run errand"),
        "platforms": _clue("platform | need platform", "agent person"),
    },
    "executions": {
        "user": _PERSON,
        "agent": _clue("agent key", "agent", "required"),
        "status": _clue("status", "run errand now code", "required", "status_words begins_open"),
        "created_at": _BORN,
        "workflow_id": _clue("hook | agent hook | hook link | agent link", "run"),
        "inputs": _clue("given | given data | given shape", "run errand data shape agent"),
        "result": _clue("result | result data", "run errand data agent"),
        "error": _clue("error | error message", "run errand message data"),
        "credits_used": _clue(
            "taken | unit taken | taken count | take | price | unit price | price taken", "run agent"
        ),
        "started_at": _clue("begun | begun time", "run errand time"),
        "completed_at": _clue("ended | ended time", "run errand time"),
        "key": _clue("once key", "run"),
        "updated_at": _UPDATED,
    },
    "ledger": {
        "user": _PERSON,
        "execution": _clue("run key", "run agent"),
        "amount": _clue(
            "count | change | unit | unit change | unit changed | unit count | change count | left change",
            "ledger store plain",
            "required not_zero",
            "signed",
        ),
        "kind": _clue(
            "kind | ledger code | change code", "code ledger change run errand unit", "required", "kind_words"
        ),
        "balance_after": _clue(
            "after | after count | left | left after | after unit", "ledger store unit count"
        ),
        "balance_before": _clue("left before | before unit", "ledger store unit count"),
        "description": _clue("note", "ledger data message"),
        "created_at": _BORN,
        "updated_at": _UPDATED,
    },
}
_OWN_MEANINGS = {
    "users": frozenset({"person"}),
    "agents": frozenset({"agent"}),
    "executions": frozenset({"run", "errand"}),
    "balances": frozenset({"left", "store"}),
    "ledger": frozenset({"ledger"}),
}


@cache
def list_meant_words(name: str, own: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the words of a name that can mean something, without those of its table's name."""
    words = [word for word in split_name(name) if not is_filler(word)]
    others = tuple(word for word in words if word not in own)
    return others or tuple(words)


@cache
def weigh_words(role: str, part: str, words: tuple[str, ...]) -> int | None:
    """Return how much the words of a name speak for a part: 0 if they are unknown, None if against it."""
    return _weigh(role, CLUES[role][part], words)


def _weigh(role: str, clue: Clue, words: tuple[str, ...]) -> int | None:
    allowed = clue.allows | _OWN_MEANINGS[role]
    meanings = [
        _list_meanings_at(words, position) for position in range(len(words)) if words[position] != "per"
    ]
    meant = frozenset().union(*meanings)
    best = 0
    for combination in clue.says:
        telling = sum(bool(own & combination) for own in meanings)  # no word says two things at once
        if (
            combination <= meant
            and telling >= len(combination)
            and all(not own or own & (combination | allowed) for own in meanings)
        ):
            unknown = sum(not own for own in meanings)
            cost = 1 if clue.is_last and unknown == 1 and meanings[-1] else _UNKNOWN_WORD * unknown
            best = max(best, _FULL + len(combination) - cost)
    if best > 0:
        return best
    return 0 if all(not own or own & allowed for own in meanings) else None


def _list_meanings_at(words: tuple[str, ...], position: int) -> frozenset[str]:
    """Return the meanings of a word of a name: `per unit` is no price, nor is an `error rate`."""
    meanings = list_meanings(words[position])
    if position == 0:
        return meanings
    is_unit = words[position - 1] == "per" and "unit" in meanings
    return frozenset({"measure"}) if is_unit or is_ratio(words[: position + 1]) else meanings


def is_ratio(words: tuple[str, ...]) -> bool:
    """Whether words end in a rate that is no price, as that of errors or conversions."""
    return len(words) > 1 and words[-1] == "rate" and not list_meanings(words[-2]) & _PRICED


def is_doubtful(role: str, clue: Clue, table: Table, column: Column) -> bool | None:
    """Whether a column's words may mean a part: False if they are unknown, None if they mean another."""
    words = list_meant_words(column.name, frozenset(split_name(table.name)))
    asks = clue.asks or frozenset()
    if _weigh(role, replace(clue, allows=clue.allows | asks), words) is None:
        return None
    return any(list_meanings(word) & (asks | clue.says[0]) for word in words)


def list_seen_shapes(clue: Clue, table: Table, column: Column) -> tuple[str, ...]:
    """Return the names of the evidence in a column's shape."""
    return tuple(name for name in clue.shapes if SHAPES[name].is_seen(table, column))


def forbids(table: Table, column: Column, value: object) -> bool:
    """Whether a CHECK of the column alone refuses a value."""
    checks = [item.check for item in table.constraints if item.check is not None]
    own = [check for check in checks if check.columns == {column.name}]
    return any(check.holds({column.name: value}) is False for check in own) or any(
        check.holds({"value": value}) is False for check in column.domain_checks
    )


def _holds_statuses(table: Table, column: Column) -> bool:
    """Whether most words of a column are those of a status, of at least two states."""
    listed = list_words_of(table, column)
    states = [_find_meaning(word, STATUS_WORDS) for word in listed]
    return len({*states} - {None}) > 1 and 2 * states.count(None) < len(states)


def _begins_open(_: Table, column: Column) -> bool:
    """Whether a text begins as pending or running by default, which nothing but a status does."""
    default = re.fullmatch(r"'(\w+)'(?:::.*)?", column.default or "")
    word = default[1] if default is not None else ""
    meaning = _find_meaning(word, STATUS_WORDS)
    return not column.nullable and meaning in {"pending", "running"} and word not in _OF_ANYTHING


def _holds_kinds(table: Table, column: Column) -> bool:
    """Whether a column's words are kinds; debit and credit are not where another column tells more."""
    if not _names_kinds(table, column) or not _says_direction(table, column):
        return _names_kinds(table, column)
    return not any(
        _names_kinds(table, other) and not _says_direction(table, other) for other in table.columns
    )


def _says_direction(table: Table, column: Column) -> bool:
    """Whether a column's words say no more than whether credits come or go."""
    return all(_find_meaning(word, DIRECTION_WORDS) for word in list_words_of(table, column))


def _names_kinds(table: Table, column: Column) -> bool:
    """Whether a column's words tell charges from something else that a ledger holds."""
    listed = list_words_of(table, column)
    kinds = {_find_meaning(word, KIND_WORDS) or _find_meaning(word, KIND_STOPGAPS) for word in listed} - {
        None
    }
    return "charge" in kinds and len(kinds) > 1


def _holds_hooks(table: Table, column: Column) -> bool:
    """Whether all rows of a column that no customer may write hold addresses of webhooks."""
    return column.sample == ("webhook address",) and not may_write(table, column.name)


def _says_what_is_for_sale(table: Table, column: Column) -> bool:
    """Whether most words of a column say that something is for sale, or that it is not."""
    words = list_words_of(table, column)
    known = [word for word in words if _find_meaning(word, SALE_WORDS)]
    return bool(known) and 2 * len(known) > len(words)


def _tells_states_of_sale(table: Table, column: Column) -> bool:
    """Whether a column's words tell what is for sale from what is not."""
    meanings = {_find_meaning(word, SALE_WORDS) for word in list_words_of(table, column)}
    return {"active", "inactive"} <= meanings and _says_what_is_for_sale(table, column)


def _find_meaning(word: str, vocabulary: Mapping[str, Names]) -> str | None:
    return next((meaning for meaning, names in vocabulary.items() if rank(word, names) is not None), None)


SHAPES: Mapping[str, Shape] = {
    "required": Shape(1, "NOT NULL", lambda _, column: not column.nullable),
    "unique": Shape(1, "it is unique", lambda table, column: table.is_unique(column.name)),
    "from_zero": Shape(1, "it begins at 0", lambda _, column: (column.default or "").strip("'") == "0"),
    "from_true": Shape(1, "true by default", lambda _, column: column.default == "true"),
    "clock": Shape(
        3,
        "its default",
        lambda _, column: any(
            word in (column.default or "").lower()
            for word in (
                "now(",
                "current_timestamp",
                "clock_timestamp",
                "statement_timestamp",
                "localtimestamp",
            )
        ),
    ),
    "not_negative": Shape(
        2,
        "never below 0",
        lambda table, column: forbids(table, column, -1) and not forbids(table, column, 0),
    ),
    "positive": Shape(2, "its CHECK", lambda table, column: forbids(table, column, -1)),
    "not_zero": Shape(2, "never 0", lambda table, column: forbids(table, column, 0)),
    "signed": Shape(3, "negative amounts in its rows", lambda _, column: "-1" in (column.sample or ())),
    "status_words": Shape(6, "its words are those of a status", _holds_statuses),
    "kind_words": Shape(6, "its words are those of a ledger", _holds_kinds),
    "hook_rows": Shape(6, "its rows are addresses of webhooks", _holds_hooks),
    "begins_open": Shape(5, "it begins as a state without an outcome", _begins_open),
    "sale_words": Shape(2, "its words say what is for sale", _says_what_is_for_sale),
    "sale_states": Shape(4, "and what is not", _tells_states_of_sale),
}
