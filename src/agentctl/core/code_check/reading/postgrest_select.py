"""What a select of PostgREST names: columns, and embedded tables with theirs.

It reads the text as supabase-js sends it. What does not fit the grammar is a `Misfit` and is not repaired: a
parser that is more generous than PostgREST's would promise what the server refuses.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from agentctl.core.code_check.reading.postgrest_field import MANY, MOST_NESTED, Cursor, Misfit, Name, fitted

_WHITE = frozenset("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff").union(
    map(chr, range(0x2000, 0x200B))
)
"""What JavaScript's `\\s` takes for white space; Python's has others."""
_CAST = re.compile(r"::[\w$ \ufffc]+")
_AGGREGATE = re.compile(r"\.(?:sum|avg|count|max|min)\(\)")
_JOINS = frozenset({"left", "inner"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column, whatever is made of it: a part of its JSON, a cast, an aggregate."""

    name: Name


@dataclass(frozen=True, slots=True)
class Embed:
    """A related table.

    Attributes:
        hint: names the relationship, where there may be several.
        items: what of it is selected.

    """

    target: Name
    alias: Name | None
    hint: Name | None
    items: "tuple[Item, ...]"

    @property
    def known_as(self) -> Name:
        """The name that filters and orders call it by."""
        return self.alias or self.target


Item = Column | Embed


@lru_cache(MANY)
def parse_select(text: str) -> tuple[Item, ...] | Misfit:
    """Read a select as the source has it.

    `*` and `count()` name no column and leave nothing. Nor does `count`: PostgreSQL takes it for the function
    where there is no such column.
    """
    kept = _sent(text)
    sent = "".join(text[place] for place in kept)
    return fitted(Cursor(sent, kept), lambda cursor: _items(cursor, 0))


def _sent(text: str) -> list[int]:
    """Return the places of the characters that supabase-js sends: no white space, unless it is quoted."""
    quoted, kept = False, []
    for place, character in enumerate(text):
        if not quoted and character in _WHITE:
            continue
        quoted ^= character == '"'
        kept.append(place)
    return kept


def _items(cursor: Cursor, depth: int) -> tuple[Item, ...]:
    if depth > MOST_NESTED:
        raise cursor.no_fit("nested too deeply")
    if cursor.at_end() or cursor.at(")"):
        return ()
    items = [*_item(cursor, depth)]
    while cursor.takes(","):
        items += _item(cursor, depth)
    return tuple(items)


def _item(cursor: Cursor, depth: int) -> tuple[Item, ...]:
    if cursor.takes("..."):
        return (_embed(cursor, None, cursor.name(), depth),)
    if cursor.takes("*"):
        return ()
    alias, name = None, cursor.name()
    if cursor.at(":") and not cursor.at("::"):
        cursor.expect(":")
        alias, name = name, cursor.name()
    if name.text == "count" and cursor.takes("()"):
        cursor.match(_CAST)
        return ()
    if cursor.at("!") or cursor.at("("):
        return (_embed(cursor, alias, name, depth),)
    return _column(cursor, name)


def _embed(cursor: Cursor, alias: Name | None, target: Name, depth: int) -> Embed:
    hint = None
    for _ in range(2):
        if cursor.takes("!") and (word := cursor.name()).text not in _JOINS:
            hint = hint or word
    cursor.expect("(")
    items = _items(cursor, depth + 1)
    cursor.expect(")")
    return Embed(target, alias, hint, items)


def _column(cursor: Cursor, name: Name) -> tuple[Item, ...]:
    json = cursor.json_path()
    cursor.match(_CAST)
    aggregate = cursor.match(_AGGREGATE)
    if aggregate:
        cursor.match(_CAST)
    rows_are_counted = name.text == "count" and not json and not aggregate
    return () if rows_are_counted else (Column(name),)
