"""Finds a database's own words: for the states of executions, for the kinds and the sign of ledger rows.

What is written comes from the configuration, from a CHECK, an enum or a default, and else is agentctl's own
word, where the column takes any. It never chooses between two words that say the same. Rows decide nothing
about it, since a customer may have written them; the words that they hold are read, and are proposed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.customer_access import may_write
from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import kind_unmapped, status_unmapped, words_unconfirmed
from agentctl.core.mapping.vocabulary import Names, plain, rank

# What a column that takes any word is given, where that is not agentctl's own word.
_REFERENCE = {"charge": "usage", "grant": "bonus"}
_IMPOSSIBLE = "\N{WHITE LARGE SQUARE} no marketplace has this word"


class Sign(StrEnum):
    """How a ledger says that credits were taken away."""

    SIGNED = "signed"
    BY_KIND = "by_kind"


@dataclass(frozen=True, slots=True)
class Words:
    """What agentctl's words are called here, and back.

    Attributes:
        written: agentctl's word -> the database's; what has none is left out.
        read: the database's word -> agentctl's.
        why: the evidence.
        rivals: agentctl's word -> words between which nothing decides.
        seen: agentctl's word -> other words for it that stand in rows, where a text takes any.

    """

    written: Mapping[str, str]
    read: Mapping[str, str]
    why: str
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def proposed(self) -> dict[str, str]:
        """What could be written if somebody who knows the database says so: the words of its rows first."""
        return {**self.written, **{word: raw[0] for word, raw in self.seen.items() if len(raw) == 1}}

    def raw(self, *words: str) -> list[str]:
        """Return every word of the database that means one of agentctl's, and those as they are."""
        return [raw for raw, word in self.read.items() if word in words] + [
            word for word in words if word not in self.read
        ]

    def with_written(self, word: str, raw: str) -> "Words":
        """Return these words with another one that agentctl writes, and reads as what it has written."""
        return replace(self, written={**self.written, word: raw}, read={**self.read, raw: word})


NO_WORDS = Words({}, {}, "")
"""Of a column that does not exist."""


def unmapped(role: str, table: str, words: Words, needed: Sequence[str]) -> Iterator[Finding]:
    """Look for agentctl's words that have none, or several, in the database."""
    key, what = ("statuses", "status") if role == "executions" else ("kinds", "kind")
    for word in needed:
        if word in words.written:
            continue
        rivals = words.rivals.get(word, ())
        msg = f"agentctl knows no {what} of {table} that means {word}."
        if what == "kind":
            msg = f"agentctl knows no kind of {table} that means {word}."
        if rivals:
            msg = f"{' and '.join(rivals)} of {table} could each mean {word}: agentctl does not guess."
        lines = "\n".join(f"  {word} = {toml_text(raw)}" for raw in rivals or ("WORD",))
        hint = (
            f"Put this into [profiles.NAME.schema.{role}.{key}]"
            + (", one of:" if rivals else ":")
            + f"\n{lines}"
        )
        yield (status_unmapped if what == "status" else kind_unmapped).CHECK.finding(table, msg, hint)


def unconfirmed(role: str, table: str, words: Words) -> Iterator[Finding]:
    """Look for words in rows that mean what agentctl writes another word for."""
    key = "statuses" if role == "executions" else "kinds"
    for word, seen in words.seen.items():
        msg = (
            f"Rows of {table} use {' and '.join(seen)} for {word}, but nothing else in the "
            f"database confirms it: agentctl writes {words.written[word]}."
        )
        lines = "\n".join(f'  {word} = "{raw}"' for raw in (*seen, words.written[word]))
        hint = f"Put the right one into [profiles.NAME.schema.{role}.{key}]:\n{lines}"
        yield words_unconfirmed.CHECK.finding(f"{table} ({word})", msg, hint)


def checks_of(table: Table) -> dict[str, Check]:
    """Return the CHECK constraints of a table that can be understood, by name."""
    checks = {item.name: item.check for item in table.constraints}
    return {name: check for name, check in checks.items() if check is not None and check.is_understood}


def find_words(
    table: Table,
    column: Column,
    vocabulary: Mapping[str, Names],
    configured: Mapping[str, str],
    stopgaps: Mapping[str, Names],
) -> Words:
    """Find the word for each of agentctl's own.

    Args:
        table: whose CHECKs count.
        column: that holds the words.
        vocabulary: agentctl's words, with the names that others give them.
        configured: what is told; it wins.
        stopgaps: words to write where the column allows no better one.

    """
    allowed, closed, why = _allowed(table, column)
    written = dict(configured)
    rivals: dict[str, tuple[str, ...]] = {}
    for word, names in vocabulary.items():
        if word in written:
            continue
        best = _best(allowed, names) or _best(allowed, stopgaps.get(word, ()))
        if len(best) == 1 or word in best:
            written[word] = word if word in best else best[0]
        elif best:
            rivals[word] = best
        elif not closed and table.inspectable:
            written[word] = _REFERENCE.get(word, word)
    seen = {} if closed else _seen(column.sample or (), vocabulary, written, configured)
    known = (
        () if closed else tuple(name for names in vocabulary.values() for group in names for name in group)
    )
    return Words(written, _read((*allowed, *known), vocabulary, written), why, rivals, seen)


def _seen(
    sample: Sequence[str],
    vocabulary: Mapping[str, Names],
    written: Mapping[str, str],
    configured: Mapping[str, str],
) -> dict[str, tuple[str, ...]]:
    best = {word: _best(sample, names) for word, names in vocabulary.items() if word not in configured}
    return {word: raw for word, raw in best.items() if raw and word in written and written[word] not in raw}


def _best(allowed: Sequence[str], names: Names) -> tuple[str, ...]:
    ranked = [(place, word) for word in allowed if (place := rank(word, names)) is not None]
    best = min((place for place, _ in ranked), default=0)
    return tuple(word for place, word in ranked if place == best)


def _read(
    words: Sequence[str], vocabulary: Mapping[str, Names], written: Mapping[str, str]
) -> dict[str, str]:
    """Return what each word means: what agentctl writes for a meaning is read as that meaning."""
    read = {raw: word for word, raw in reversed(list(written.items()))}
    for raw in words:
        meaning = next((word for word, names in vocabulary.items() if rank(raw, names) is not None), None)
        if meaning is not None:
            read.setdefault(raw, meaning)
    return read


def _allowed(table: Table, column: Column) -> tuple[tuple[str, ...], bool, str]:
    """Return the words that the schema names for a column; whether no others may be; and who says so."""
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


def find_sign(table: Table, amount: Column, kind: Column | None, kinds: Words) -> tuple[Sign | None, str]:
    """Find out whether a charge is a negative amount; None where nothing tells."""
    charge = kinds.written.get("charge")
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
    return _sign_in_rows(amount, kind, kinds)


def _sign_in_rows(amount: Column, kind: Column | None, kinds: Words) -> tuple[Sign | None, str]:
    if amount.sample and "-1" in amount.sample:
        return Sign.SIGNED, "negative amounts in its rows"
    seen = kind.sample if kind is not None and kind.sample else ()
    if amount.sample and any(kinds.read.get(word) == "charge" for word in seen):
        return Sign.BY_KIND, "charges in its rows, all of them positive"
    return None, "unknown"
