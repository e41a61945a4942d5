"""Finds a database's own words for the states of executions, and the kinds and the sign of ledger rows.

The words to write come from the configuration, a CHECK, an enum or a default; otherwise they are agentctl's
own, if the column takes any word. It never chooses between two words with one meaning. Rows never decide what
is written, since a customer may have written them; their words are understood, and proposed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.customer_access import may_write
from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import words_unconfirmed
from agentctl.core.mapping.vocabulary import WHOLE, Names, list_best, plain, rank

# The words to write into a column that takes any word, where they differ from agentctl's own.
_REFERENCE = {"charge": "usage", "grant": "bonus"}
_IMPOSSIBLE = "\N{WHITE LARGE SQUARE} no marketplace has this word"


class Sign(StrEnum):
    """How a ledger marks that credits were taken away."""

    SIGNED = "signed"
    BY_KIND = "by_kind"


class Words(Struct, frozen=True):
    """The translation between agentctl's words and the database's.

    Attributes:
        written: agentctl's word -> the database's, where there is one.
        read: the database's word -> agentctl's.
        why: the evidence.
        rivals: agentctl's word -> words that nothing decides between.
        seen: agentctl's word -> other words for it in the rows of a column that takes any word.
        column: the column, where it holds no words: numbers, or keys of a table that lists words.
        labels: what such a column holds -> the word that the table has for it.
        offered: the words or numbers to choose from.

    """

    written: Mapping[str, str]
    read: Mapping[str, str]
    why: str
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    column: Column | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    offered: tuple[str, ...] = ()

    @property
    def proposed(self) -> dict[str, str]:
        """The words to propose to somebody who knows the database: words of its rows come first."""
        seen = {word: raw[0] for word, raw in self.seen.items() if len(raw) == 1}
        return {**{word: self.name(word) for word in self.written}, **seen}

    def name(self, word: str) -> str:
        """Return what people call that which is written for a word: the word of a list, not its key."""
        return self.labels.get(self.written[word], self.written[word])

    def value(self, word: str) -> object:
        """Return what a row has for a word, as a CHECK sees it; None where nothing stands for it."""
        raw = self.written.get(word)
        is_number = self.column is not None and self.column.base_type in WHOLE
        return int(raw) if raw is not None and is_number else raw

    def raw(self, *words: str) -> list[str]:
        """Return every word of the database for some of agentctl's words, which stand for themselves, too."""
        return [raw for raw, word in self.read.items() if word in words] + [
            word for word in words if word not in self.read
        ]

    def with_written(self, word: str, raw: str) -> "Words":
        """Return these words with one more word that agentctl writes, and understands when it reads it."""
        return replace(self, written={**self.written, word: raw}, read={**self.read, raw: word})


NO_WORDS = Words({}, {}, "")
"""The words of a column that does not exist."""


def find_unconfirmed_words(role: str, table: str, words: Words) -> Iterator[Finding]:
    """Yield each word of agentctl's for which rows have another word than the one it writes."""
    key = "statuses" if role == "executions" else "kinds"
    for word, seen in words.seen.items():
        lines = "\n".join(f'  {word} = "{raw}"' for raw in (*seen, words.written[word]))
        yield words_unconfirmed.CHECK.finding(
            f"{table} ({word})",
            f"Rows of {table} use {' and '.join(seen)} for {word}, but nothing else in the "
            f"database confirms it: agentctl writes {words.written[word]}.",
            hint=f"Put the right one into [profiles.NAME.schema.{role}.{key}]:\n{lines}",
        )


def checks_of(table: Table) -> dict[str, Check]:
    """Return the CHECK constraints of a table that agentctl understands, by name."""
    checks = {item.name: item.check for item in table.constraints}
    return {name: check for name, check in checks.items() if check is not None and check.is_understood}


def find_words(
    table: Table,
    column: Column,
    vocabulary: Mapping[str, Names],
    configured: Mapping[str, str],
    stopgaps: Mapping[str, Names],
) -> Words:
    """Find the database's word for each of agentctl's.

    Args:
        table: the table, whose CHECKs count.
        column: the column that holds the words.
        vocabulary: agentctl's words, with the words that others use for them.
        configured: the configured words, which win.
        stopgaps: words to write if the column allows no better one.

    """
    allowed, closed, why = _list_allowed_words(table, column)
    written = {word: raw for word, raw in configured.items() if _is_short_enough(column, raw)}
    rivals: dict[str, tuple[str, ...]] = {}
    for word, names in vocabulary.items():
        if word in configured:
            continue
        best = list_best(allowed, names) or list_best(allowed, stopgaps.get(word, ()))
        if len(best) == 1 or word in best:
            written[word] = word if word in best else best[0]
        elif best:
            rivals[word] = best
        elif not closed and table.inspectable and _is_short_enough(column, _REFERENCE.get(word, word)):
            written[word] = _REFERENCE.get(word, word)
    seen = {} if closed else _find_seen_words(column.sample or (), vocabulary, written, configured)
    known = (
        () if closed else tuple(name for names in vocabulary.values() for group in names for name in group)
    )
    return Words(written, _read_meanings((*allowed, *known), vocabulary, written), why, rivals, seen)


def _is_short_enough(column: Column, word: str) -> bool:
    """Whether a column can hold a word whole: half of one would mean nothing to anybody."""
    length = re.search(r"\((\d+)\)$", column.type)
    return length is None or len(word) <= int(length[1])


def find_stand_ins(
    words: Words, vocabulary: Mapping[str, Names], configured: Mapping[str, str]
) -> Iterator[str]:
    """Yield agentctl's words for which it writes one of another meaning, because there is no better one."""
    for word, raw in words.written.items():
        name = words.labels.get(raw, raw)
        if word not in configured and word in vocabulary and rank(name, vocabulary[word]) is None:
            yield word


def _find_seen_words(
    sample: Sequence[str],
    vocabulary: Mapping[str, Names],
    written: Mapping[str, str],
    configured: Mapping[str, str],
) -> dict[str, tuple[str, ...]]:
    best = {word: list_best(sample, names) for word, names in vocabulary.items() if word not in configured}
    return {word: raw for word, raw in best.items() if raw and word in written and written[word] not in raw}


def _read_meanings(
    words: Sequence[str], vocabulary: Mapping[str, Names], written: Mapping[str, str]
) -> dict[str, str]:
    """Return the meaning of each word; a word that agentctl writes has the meaning it is written for."""
    read = {raw: word for word, raw in reversed(list(written.items()))}
    for raw in words:
        meaning = next((word for word, names in vocabulary.items() if rank(raw, names) is not None), None)
        if meaning is not None:
            read.setdefault(raw, meaning)
    return read


def _list_allowed_words(table: Table, column: Column) -> tuple[tuple[str, ...], bool, str]:
    """Return the words that the schema lists for a column, whether it refuses others, and the evidence."""
    if column.enum_labels:
        return column.enum_labels, True, f"the labels of {column.type}"
    own = [check for check in checks_of(table).values() if column.name in check.columns]
    for checks, name, why in (
        (own, column.name, "its CHECK"),
        (column.domain_checks, "value", f"the CHECK of {column.type}"),
    ):
        listed = dict.fromkeys(word for check in checks for word in check.literals(name))
        if any(check.holds({name: _IMPOSSIBLE}) is False for check in checks):
            allowed = (w for w in listed if all(check.holds({name: w}) is not False for check in checks))
            return tuple(allowed), True, why
    default = re.fullmatch(r"'((?:[^']|'')+)'(?:::.*)?", column.default or "")
    if default is not None:
        return (default[1].replace("''", "'"),), False, "its default; else agentctl's own words"
    return (), False, "no rule; agentctl's own words, since the column takes any text"


def list_words_of(table: Table, column: Column) -> tuple[str, ...]:
    """Return the words that the schema lists for a column, and those of its rows where it lists none."""
    allowed, closed, _ = _list_allowed_words(table, column)
    return allowed if closed else tuple(dict.fromkeys((*allowed, *(column.sample or ()))))


def find_sign(table: Table, amount: Column, kind: Column | None, kinds: Words) -> tuple[Sign | None, str]:
    """Return how charges are marked, and the evidence; None if nothing in the database tells."""
    charge = kinds.value("charge")
    row: dict[str, object] = {kind.name: charge} if kind is not None else {}
    able = [
        all(check.holds({**row, amount.name: value}) is not False for check in checks_of(table).values())
        for value in (-1, 1)
    ]
    if able == [True, False]:
        return Sign.SIGNED, "its CHECK"
    if able == [False, True]:
        return Sign.BY_KIND, "its CHECK"
    if any(word in plain(amount.name) for word in ("delta", "change")):
        return Sign.SIGNED, "its name"
    if may_write(table, amount.name):
        return None, "unknown: customers could have written the rows"
    return _find_sign_in_rows(amount, kind, kinds)


def _find_sign_in_rows(amount: Column, kind: Column | None, kinds: Words) -> tuple[Sign | None, str]:
    if amount.sample and "-1" in amount.sample:
        return Sign.SIGNED, "negative amounts in its rows"
    seen = kind.sample if kind is not None and kind.sample else ()
    if amount.sample and any(kinds.read.get(word) == "charge" for word in seen):
        return Sign.BY_KIND, "charges in its rows, all of them positive"
    return None, "unknown"
