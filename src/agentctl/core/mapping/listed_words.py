"""Finds what stands for a state or a kind in a column without words: numbers, and keys of a list of words.

`agent_runs.status_id` refers to `run_states.id`, and `run_states.name` has the words. What is written is the
key, as the rows of that table say at this moment. A number by itself says nothing: the configuration has to.
"""

from collections.abc import Iterator, Mapping, Sequence

from agentctl.core.catalog.customer_access import may_write
from agentctl.core.catalog.introspection import Catalog, Column, Table
from agentctl.core.mapping.vocabulary import TEXT, WHOLE, Names, list_best, rank
from agentctl.core.mapping.words import Words, checks_of, find_words

SEPARATOR = "\x1f"
"""Stands between a key and a word in a sample of a table that lists words (see catalog.sql)."""
_NUMBERS = range(-1, 100)
_NO_NUMBER = 1_234_567


def _find_list(
    catalog: Catalog, table: Table, column: Column, vocabulary: Mapping[str, Names]
) -> tuple[str, Mapping[str, str]] | None:
    """Return the name of the table that lists what a column may hold, and its rows: key -> word.

    Of several texts the one with the most known words counts. There are no rows where they could not be read,
    or where customers may write them.
    """
    reference = table.foreign_key(column.name)
    if reference is None or not reference.foreign_columns or len(reference.foreign_columns) != 1:
        return None
    place = (reference.foreign_schema, reference.foreign_table)
    owner = next((item for item in catalog.tables if (item.schema, item.name) == place), None)
    keys = [item.columns for item in owner.constraints if item.kind == "primary key"] if owner else []
    if owner is None or reference.foreign_columns not in keys:
        return None
    lists = [_read_pairs(item.sample) for item in owner.columns if not may_write(owner, item.name)]
    return owner.name, max(lists, key=lambda rows: _count_known(rows, vocabulary), default={})


def _count_known(rows: Mapping[str, str], vocabulary: Mapping[str, Names]) -> tuple[int, int]:
    return sum(_find_meaning(raw, vocabulary) is not None for raw in {*rows.values()}), len(rows)


def _read_pairs(sample: Sequence[str] | None) -> dict[str, str]:
    pairs = (word.partition(SEPARATOR) for word in sample or () if SEPARATOR in word)
    return {key: word for key, _, word in pairs}


def choose_words(
    catalog: Catalog,
    table: Table,
    column: Column,
    vocabulary: Mapping[str, Names],
    configured: Mapping[str, str],
    stopgaps: Mapping[str, Names],
) -> Words:
    """Find the database's word for each of agentctl's, or what stands for it; see `words.find_words`."""
    listing = _find_list(catalog, table, column, vocabulary)
    if listing is not None or not (column.base_type in TEXT or column.enum_labels is not None):
        return _find_listed_words(listing, table, column, vocabulary, configured, stopgaps)
    return find_words(table, column, vocabulary, configured, stopgaps)


def _find_listed_words(
    listing: tuple[str, Mapping[str, str]] | None,
    table: Table,
    column: Column,
    vocabulary: Mapping[str, Names],
    configured: Mapping[str, str],
    stopgaps: Mapping[str, Names],
) -> Words:
    """Find what stands for each of agentctl's words; a configured one is a word of the list, or a key."""
    rows = listing[1] if listing is not None else {}
    keys = {word: _find_key(column, rows, raw) for word, raw in configured.items()}
    written = {word: key for word, key in keys.items() if key is not None}
    rivals: dict[str, tuple[str, ...]] = {}
    for word in [word for word in vocabulary if word not in configured]:
        fitting = _list_fitting(word, rows, vocabulary[word], stopgaps.get(word, ()))
        if len(fitting) == 1:
            written[word] = fitting[0]
        elif fitting:
            rivals[word] = tuple(rows[key] for key in fitting)
    read = {key: _find_meaning(raw, vocabulary) or raw for key, raw in rows.items()}
    read |= {raw: word for word, raw in reversed(list(written.items()))}
    why = f"the rows of {listing[0]}" if listing is not None else f"nothing: it is of type {column.type}"
    offered = tuple(rows.values()) or tuple(_list_numbers(table, column))
    return Words(written, read, why, rivals, column=column, labels=rows, offered=offered)


def _list_fitting(word: str, rows: Mapping[str, str], names: Names, stopgaps: Names) -> tuple[str, ...]:
    """Return the keys of the best words for one of agentctl's, which is the best itself."""
    listed = tuple(rows.values())
    best = list_best(listed, names) or list_best(listed, stopgaps)
    best = (word,) if word in best else best
    return tuple(key for key, raw in rows.items() if raw in best)


def _find_key(column: Column, rows: Mapping[str, str], raw: str) -> str | None:
    """Return what is written for a configured word; None for what the column cannot hold."""
    keys = [key for key, word in rows.items() if word == raw] or [key for key in rows if key == raw]
    if rows or column.base_type not in WHOLE:
        return keys[0] if len(keys) == 1 else raw if not rows and column.base_type in TEXT else None
    return raw if raw.removeprefix("-").isdecimal() else None


def _find_meaning(raw: str, vocabulary: Mapping[str, Names]) -> str | None:
    return next((word for word, names in vocabulary.items() if rank(raw, names) is not None), None)


def _list_numbers(table: Table, column: Column) -> Iterator[str]:
    """Yield the numbers that CHECKs admit, where they admit few."""
    checks = [check for check in checks_of(table).values() if column.name in check.columns]
    tested = [(check, column.name) for check in checks] + [(check, "value") for check in column.domain_checks]
    if column.base_type in WHOLE and any(check.holds({name: _NO_NUMBER}) is False for check, name in tested):
        for number in _NUMBERS:
            if all(check.holds({name: number}) is not False for check, name in tested):
                yield str(number)
