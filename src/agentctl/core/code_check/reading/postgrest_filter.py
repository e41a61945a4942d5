"""Conditions of PostgREST that are joined by `and` and `or`, as `.or()` of supabase-js passes them on.

It says which columns they name and what they compare them with. It evaluates nothing, and does not keep how
they are joined.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from agentctl.core.code_check.reading.postgrest_field import (
    HOLE,
    MANY,
    MOST_NESTED,
    Cursor,
    Misfit,
    Name,
    NoFit,
    fitted,
)

_OPERATOR = re.compile(
    r"""(?:not\.)?(?:
    (?P<plain>in|isdistinct|is|neq|cs|cd|ov|sl|sr|nxr|nxl|adj)
  | (?P<search>(?:pl|ph|w)?fts)(?:\([\w$ ]+\))?
  | (?P<quantified>eq|gte|gt|lte|lt|like|ilike|match|imatch)(?P<each>\((?:any|all)\))?
  )\.""",
    re.VERBOSE,
)
_GROUP = re.compile(r"(?:not\.)?(?:and|or)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?=[,)]|\Z)', re.DOTALL)
_ARRAY = re.compile(r"\{[^{}]*\}")
_PLAIN = re.compile(r"[^,)]*")
_LIST = re.compile(r"""[ \t]*\((?:"(?:[^"\\]|\\.)*"(?=[,)])|[^)])*+\)[ \t]*""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """One column's condition.

    Attributes:
        json: whether a part of its JSON is meant.
        operator: without `not`; None where it is not told.
        value: that the whole column is compared with; None for a list, and where it is not told.

    """

    column: Name
    json: bool = False
    operator: str | None = None
    value: str | None = None


@lru_cache(MANY)
def parse_filter(text: str) -> tuple[Condition, ...] | Misfit:
    """Read conditions with commas between them; one that is all hole is a column that is not told."""
    return fitted(Cursor(text), lambda cursor: _trees(cursor, 0))


def _trees(cursor: Cursor, depth: int) -> tuple[Condition, ...]:
    if depth > MOST_NESTED:
        raise cursor.no_fit("nested too deeply")
    conditions = [*_tree(cursor, depth)]
    cursor.blanks()
    while cursor.takes(","):
        cursor.blanks()
        conditions += _tree(cursor, depth)
        cursor.blanks()
    return tuple(conditions)


def _tree(cursor: Cursor, depth: int) -> tuple[Condition, ...]:
    start = cursor.place
    try:
        return (_condition(cursor),)
    except NoFit as error:
        cursor.place = start
        if not cursor.match(_GROUP):
            raise error from None
    cursor.blanks()
    cursor.expect("(")
    cursor.blanks()
    conditions = _trees(cursor, depth + 1)
    cursor.expect(")")
    return conditions


def _condition(cursor: Cursor) -> Condition:
    column = cursor.name()
    if not column.told and (cursor.at_end() or cursor.at(",") or cursor.at(")")):
        return Condition(column)
    json = cursor.json_path()
    cursor.blanks()
    cursor.expect(".")
    found = cursor.match(_OPERATOR)
    if found is None:
        return _open(cursor, column, json=json)
    operator = found["plain"] or found["search"] or found["quantified"]
    if operator == "in":
        return _among(cursor, column, json=json)
    value = _value(cursor)
    return Condition(column, json, operator, None if found["each"] or HOLE in value else value)


def _open(cursor: Cursor, column: Name, *, json: bool) -> Condition:
    """Read a condition whose operator or list is a hole."""
    start = cursor.place
    rest = cursor.match(_PLAIN)
    if rest is None or HOLE not in rest[0]:
        cursor.place = start
        raise cursor.no_fit("expected an operator")
    return Condition(column, json)


def _among(cursor: Cursor, column: Name, *, json: bool) -> Condition:
    if cursor.match(_LIST):
        return Condition(column, json, "in")
    return _open(cursor, column, json=json)


def _value(cursor: Cursor) -> str:
    if quoted := cursor.match(_QUOTED):
        return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    found = cursor.match(_ARRAY) or cursor.match(_PLAIN)
    return found[0] if found else ""
