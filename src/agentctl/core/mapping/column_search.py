"""Chooses columns for the parts of a table that no usual name decides, by words, shape and what is left.

Two columns that fit a part equally well, or a column that fits two parts, are not chosen between. It looks at
one table, and at what functions do with it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.column_clues import (
    CLUES,
    CONTENTS,
    SHAPES,
    Clue,
    is_doubtful,
    is_ratio,
    list_meant_words,
    list_seen_shapes,
    weigh_words,
)
from agentctl.core.mapping.column_facts import list_keys
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import EXACT, ROLES, TEXT, can_play, rank

_AFFIXES = frozenset({"app", "tbl", "tb", "t", "table", "mp"})
_CERTAIN_WORDS, _WHOLE_NAME = 3, 4
_NEVER_GUESSED = frozenset(
    {"balance", "held", "price", "amount", "credits_used", "active", "deleted", "webhook"}
)
"""Parts for which every word of a name has to be known: a wrong one takes money, or sends data elsewhere."""
_PROOF, _NAMED, _NAMED_AS_TEXT = 20, 10, 5
_MARGIN = 2
_KEYS = frozenset({"primary key", "foreign key"})
_WHOLE_KEYS = frozenset({"smallint", "integer", "bigint"})
_NO_MONEY = frozenset({"held", "limit", "taken", "bought", "measure", "after", "before"})
_COUNTED = frozenset({"measure", "after"})
_WORDS = frozenset({"kind", "status", "state"})
"""Parts whose columns hold words."""


class Fit(Struct, frozen=True):
    """How well a column fits a part, and what people are told about it."""

    part: str
    column: str
    points: int
    why: str
    is_enough: bool


class Search(Struct, frozen=True):
    """A table in a role, with parts that have no column yet.

    Attributes:
        missing: the parts.
        taken: the columns that play another part already.
        proved: part -> the column that functions show to play it.
        targets: part -> the table whose rows it refers to.
        no_money: words that do not mean money here, as `token` where only language models count them.

    """

    role: str
    table: Table
    missing: Sequence[str]
    taken: Collection[str] = ()
    proved: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Table | None] = field(default_factory=dict)
    no_money: frozenset[str] = frozenset()

    def list_fits(self) -> Iterator[Fit]:
        """Yield each column that could play a missing part."""
        keys = list_keys(self.table)
        own = frozenset(split_name(self.table.name))
        columns = [
            column
            for column in self.table.columns
            if column.name not in self.taken and column.name not in keys
        ]
        for part in self.missing:
            clue = CLUES.get(self.role, {}).get(part)
            named = self._list_given_keys() if part == "user" else []
            for column in (*columns, *named) if clue else ():
                fit = self._weigh(part, clue, column, own) if clue and self._can_hold(part, column) else None
                if fit is not None:
                    yield fit

    def _list_given_keys(self) -> list[Column]:
        """Return a primary key that whoever inserts a row has to give, as one balance a user needs."""
        keys = [item.columns for item in self.table.constraints if item.kind == "primary key"]
        columns = [self.table.column(names[0]) for names in keys if len(names) == 1]
        return [
            column
            for column in columns
            if column and column.default is None and not column.generated and column.name not in self.taken
        ]

    def list_doubtful(self, part: str, taken: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the columns that may play a part that none was found for: those to ask about, and others."""
        clue = CLUES.get(self.role, {}).get(part)
        if clue is None or clue.asks is None:
            return (), ()
        keys = {name for item in self.table.constraints if item.kind in _KEYS for name in item.columns}
        columns = [column for column in self.table.columns if column.name not in {*taken, *keys}]
        doubts = {column.name: is_doubtful(self.role, clue, self.table, column) for column in columns}
        holding = {column.name for column in columns if self._can_hold(part, column)}
        asked = tuple(name for name, doubt in doubts.items() if name in holding and doubt)
        others = tuple(name for name, doubt in doubts.items() if name in holding and doubt is False)
        return asked, others

    def _can_hold(self, part: str, column: Column) -> bool:
        if part in _NEVER_GUESSED and not self.no_money.isdisjoint(split_name(column.name)):
            return False
        if part in _WORDS:
            return column.base_type in TEXT or column.enum_labels is not None
        return can_play(column, ROLES[self.role].parts[part])

    def _weigh_words(self, part: str, name: str, own: frozenset[str]) -> int | None:
        """Return how much a name speaks for a part, with and without the words of its table's name."""
        whole = list_meant_words(name)
        tried = {whole} if is_ratio(whole) else {list_meant_words(name, own), whole}
        if self.role == "balances":  # the amount in a table of points is an amount of points
            tried.add((*list_table_words(self.table), *list_meant_words(name)))
        weights = [weight for words in tried if (weight := weigh_words(self.role, part, words)) is not None]
        return max(weights, default=None)

    def _weigh(self, part: str, clue: Clue, column: Column, own: frozenset[str]) -> Fit | None:
        target = self.targets.get(part)
        if target is not None and not _has_type_of_key(column, target):
            return None
        if target is not None and names_table(column.name, target):
            points = _NAMED if _has_type_of_key(column, target, cast=False) else _NAMED_AS_TEXT
            return Fit(part, column.name, points, f"it is named after {target.name}", is_enough=True)
        words = self._weigh_words(part, column.name, own)
        if self.proved.get(part) == column.name and (words is not None or not _says_otherwise(column.name)):
            return Fit(part, column.name, _PROOF, "a function writes it", is_enough=True)
        if self.proved.get(part) == column.name and not _says_otherwise(column.name, _COUNTED):
            # Prepaid minutes are lowered as credits are, but so are seats: any better name wins.
            return Fit(part, column.name, _CERTAIN_WORDS, "a function writes it", is_enough=True)
        seen = list_seen_shapes(clue, self.table, column)
        is_shown = bool(clue.decisive & CONTENTS & {*seen})
        if (words is None and not is_shown) or column.name in self.proved.values() or clue.needs - {*seen}:
            return None
        words = words or 0
        shape = sum(SHAPES[name].points for name in seen)
        is_narrowed = clue.is_last and words <= _CERTAIN_WORDS and self.table.is_unique(column.name)
        is_enough = bool(clue.decisive & {*seen}) or (_is_certain(part, words, shape) and not is_narrowed)
        why = ", ".join((*["its words"] * (words > 0), *(SHAPES[name].why for name in seen)))
        return Fit(part, column.name, words + shape, why, is_enough)


def list_similar_columns(table: Table, part: str, taken: Collection[str]) -> tuple[Column, ...]:
    """Return the columns that are named as a part of the executions, and whose types cannot play it."""
    wanted, own = ROLES["executions"].parts[part], frozenset(split_name(table.name))
    keys = {name for item in table.constraints if item.kind in _KEYS for name in item.columns}
    return tuple(
        column
        for column in table.columns
        if column.name not in {*taken, *keys}
        and not column.generated
        and not can_play(column, wanted)
        and "token" not in split_name(column.name)
        and (
            rank(column.name, wanted.names) is not None
            or (weigh_words("executions", part, list_meant_words(column.name, own)) or 0) >= _WHOLE_NAME
        )
    )


def _says_otherwise(name: str, but: frozenset[str] = frozenset()) -> bool:
    """Whether a name says that a number which a function changes is no balance and no amount."""
    return any(list_meanings(word) & _NO_MONEY - but for word in split_name(name))


def _is_certain(part: str, words: int, shape: int) -> bool:
    """Whether a name and a shape are enough where nothing else fits."""
    if part in _NEVER_GUESSED:
        return words >= _WHOLE_NAME
    return words >= _CERTAIN_WORDS or (words > 0 and shape >= _MARGIN)


def find_no_money(role: str, tables: Mapping[str, Table | None]) -> frozenset[str]:
    """Return the words that do not mean money in a table: executions count a model's tokens, too."""
    if role != "executions":
        return frozenset()
    others = (table for name, table in tables.items() if name != role and table is not None)
    columns = (column.name for table in others for column in table.columns if column.base_type in EXACT)
    words = [split_name(name) for name in columns]
    is_money = any(
        "token" in name and not any("limit" in list_meanings(word) for word in name) for name in words
    )
    return frozenset() if is_money else frozenset({"token"})


def _has_type_of_key(column: Column, target: Table, *, cast: bool = True) -> bool:
    """Whether a column can hold the key of a table's rows; with `cast` as a text, too."""
    names = next((item.columns for item in target.constraints if item.kind == "primary key"), ())
    key = target.column(names[0]) if names else None
    return (
        key is None
        or column.base_type == key.base_type
        or {column.base_type, key.base_type} <= _WHOLE_KEYS
        or (cast and key.base_type == "uuid" and column.base_type in TEXT)
    )


def list_table_words(table: Table) -> tuple[str, ...]:
    """Return the words of a table's name, without those that many tables have."""
    return tuple(word for word in split_name(table.name) if word not in _AFFIXES)


def names_table(column: str, target: Table) -> bool:
    """Whether a column is named after a table, as `launch_ref` is after `launches`."""
    words = split_name(column)
    while words and "key" in list_meanings(words[-1]) and len(words) > 1:
        words = words[:-1]
    return bool(words) and words == list_table_words(target)


class Choices(Struct, frozen=True):
    """What was found: part -> its column, the columns that have to be asked about, and those that may be."""

    fits: Mapping[str, Fit]
    ties: Mapping[str, tuple[str, ...]]
    doubts: Mapping[str, tuple[str, ...]]


def search_columns(search: Search) -> Choices:
    """Choose columns as long as one is better than all others for a part, and for no other part as good."""
    open_fits = [fit for fit in search.list_fits() if fit.is_enough]
    chosen: dict[str, Fit] = {}
    while (best := next((fit for fit in open_fits if _is_unrivalled(fit, open_fits)), None)) is not None:
        chosen[best.part] = best
        open_fits = [fit for fit in open_fits if fit.part != best.part and fit.column != best.column]
    ties: dict[str, tuple[str, ...]] = {}
    doubts: dict[str, tuple[str, ...]] = {}
    for part in dict.fromkeys(fit.part for fit in open_fits):
        fits = [fit for fit in open_fits if fit.part == part]
        most = max(fit.points for fit in fits)
        ties[part] = tuple(fit.column for fit in fits if fit.points > most - _MARGIN)
    taken = {*search.taken, *(fit.column for fit in chosen.values())}
    for part in search.missing:
        if part not in {*chosen, *ties}:
            asked, others = search.list_doubtful(part, taken)
            ties |= {part: asked} if asked else {}
            doubts |= {part: others} if others and not asked else {}
    return Choices(chosen, ties, doubts)


def _is_unrivalled(fit: Fit, fits: Sequence[Fit]) -> bool:
    others = [other.points for other in fits if other.part == fit.part and other is not fit]
    elsewhere = [other.points for other in fits if other.column == fit.column and other is not fit]
    return fit.points >= max(others, default=0) + _MARGIN and fit.points > max(elsewhere, default=0)
