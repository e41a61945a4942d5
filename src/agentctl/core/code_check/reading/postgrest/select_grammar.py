"""Parses a select of PostgREST: columns, and embedded tables with their columns.

It parses the text that supabase-js sends. A text that does not fit the grammar is a `Misfit` and is not
repaired: a parser that accepts more than PostgREST's would promise what the server refuses.
"""

import re
from functools import lru_cache
from itertools import chain

from msgspec import Struct

from agentctl.core.code_check.reading.postgrest.cursor import (
    MANY,
    MOST_NESTED,
    Cursor,
    Misfit,
    Name,
    parse_whole,
)

_WHITE = frozenset("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff").union(
    map(chr, range(0x2000, 0x200B))
)
"""The white space of JavaScript's `\\s`; Python's differs."""
_CAST = re.compile(r"::[\w$ \ufffc]+")
_AGGREGATE = re.compile(r"\.(?:sum|avg|count|max|min)\(\)")
_JOINS = frozenset({"left", "inner"})


class SelectedColumn(Struct, frozen=True):
    """A column, or a part of its JSON, a cast or an aggregate of it."""

    name: Name


class Embed(Struct, frozen=True):
    """A related table.

    Attributes:
        hint: the name of the relationship, if there can be several.
        items: the items that are selected from it.

    """

    target: Name
    alias: Name | None
    hint: Name | None
    items: "tuple[SelectItem, ...]"

    @property
    def known_as(self) -> Name:
        """The name that filters and orders use for it."""
        return self.alias or self.target


SelectItem = SelectedColumn | Embed


@lru_cache(MANY)
def parse_select(text: str) -> tuple[SelectItem, ...] | Misfit:
    """Parse a select as it stands in the source.

    `*` and `count()` name no column and are left out. So is `count`: without such a column, PostgreSQL reads
    it as the function.
    """
    kept = _list_sent_positions(text)
    sent = "".join(text[position] for position in kept)
    return parse_whole(Cursor(sent, kept), lambda cursor: _read_items(cursor, 0))


def _list_sent_positions(text: str) -> list[int]:
    """Return the positions of the characters that supabase-js sends: it drops white space outside quotes."""
    quoted, kept = False, []
    for position, character in enumerate(text):
        if not quoted and character in _WHITE:
            continue
        quoted ^= character == '"'
        kept.append(position)
    return kept


def _read_items(cursor: Cursor, depth: int) -> tuple[SelectItem, ...]:
    if depth > MOST_NESTED:
        raise cursor.make_error("nested too deeply")
    if cursor.is_at_end() or cursor.is_at(")"):
        return ()
    return tuple(chain(*cursor.read_list(lambda inner: _read_item(inner, depth))))


def _read_item(cursor: Cursor, depth: int) -> tuple[SelectItem, ...]:
    if cursor.take("..."):
        return (_read_embed(cursor, None, cursor.read_name(), depth),)
    if cursor.take("*"):
        return ()
    alias, name = None, cursor.read_name()
    if cursor.is_at(":") and not cursor.is_at("::"):
        cursor.expect(":")
        alias, name = name, cursor.read_name()
    if name.text == "count" and cursor.take("()"):
        cursor.match(_CAST)
        return ()
    if cursor.is_at("!") or cursor.is_at("("):
        return (_read_embed(cursor, alias, name, depth),)
    return _read_column(cursor, name)


def _read_embed(cursor: Cursor, alias: Name | None, target: Name, depth: int) -> Embed:
    hint = None
    for _ in range(2):
        if cursor.take("!") and (word := cursor.read_name()).text not in _JOINS:
            hint = hint or word
    cursor.expect("(")
    items = _read_items(cursor, depth + 1)
    cursor.expect(")")
    return Embed(target, alias, hint, items)


def _read_column(cursor: Cursor, name: Name) -> tuple[SelectItem, ...]:
    json = cursor.skip_json_path()
    cursor.match(_CAST)
    aggregate = cursor.match(_AGGREGATE)
    if aggregate:
        cursor.match(_CAST)
    rows_are_counted = name.text == "count" and not json and not aggregate
    return () if rows_are_counted else (SelectedColumn(name),)
