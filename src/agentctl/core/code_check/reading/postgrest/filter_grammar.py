"""Parses PostgREST's conditions joined by `and` and `or`, as `.or()` of supabase-js passes them on.

It returns the columns and the values they are compared with. It evaluates nothing, and does not keep how the
conditions are joined.
"""

import re
from functools import lru_cache

from msgspec import Struct

from agentctl.core.code_check.reading.postgrest.cursor import (
    HOLE,
    MANY,
    MOST_NESTED,
    Cursor,
    Misfit,
    MisfitError,
    Name,
    parse_whole,
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
_LIST = re.compile(r"""[ \t]*\((?>(?:"(?:[^"\\]|\\.)*"(?=[,)])|[^)])*)\)[ \t]*""", re.DOTALL)


class Condition(Struct, frozen=True):
    """A condition on one column.

    Attributes:
        json: whether it is on a part of the column's JSON.
        operator: without `not`; None if it is not known.
        value: the value that the whole column is compared with; None for a list, or if it is not known.

    """

    column: Name
    json: bool = False
    operator: str | None = None
    value: str | None = None


@lru_cache(MANY)
def parse_filter(text: str) -> tuple[Condition, ...] | Misfit:
    """Parse conditions separated by commas; a condition that is only a hole has an unknown column."""
    return parse_whole(Cursor(text), lambda cursor: _read_conditions(cursor, 0))


def _read_conditions(cursor: Cursor, depth: int) -> tuple[Condition, ...]:
    if depth > MOST_NESTED:
        raise cursor.make_error("nested too deeply")
    conditions = [*_read_group(cursor, depth)]
    cursor.skip_blanks()
    while cursor.take(","):
        cursor.skip_blanks()
        conditions += _read_group(cursor, depth)
        cursor.skip_blanks()
    return tuple(conditions)


def _read_group(cursor: Cursor, depth: int) -> tuple[Condition, ...]:
    start = cursor.position
    try:
        return (_read_condition(cursor),)
    except MisfitError as error:
        cursor.position = start
        if not cursor.match(_GROUP):
            raise error from None
    cursor.skip_blanks()
    cursor.expect("(")
    cursor.skip_blanks()
    conditions = _read_conditions(cursor, depth + 1)
    cursor.expect(")")
    return conditions


def _read_condition(cursor: Cursor) -> Condition:
    column = cursor.read_name()
    if not column.is_known and (cursor.is_at_end() or cursor.is_at(",") or cursor.is_at(")")):
        return Condition(column)
    json = cursor.skip_json_path()
    cursor.skip_blanks()
    cursor.expect(".")
    operator_match = cursor.match(_OPERATOR)
    if operator_match is None:
        return _read_unknown_condition(cursor, column, json=json)
    operator = operator_match["plain"] or operator_match["search"] or operator_match["quantified"]
    if operator == "in":
        if cursor.match(_LIST):
            return Condition(column, json, operator)
        return _read_unknown_condition(cursor, column, json=json)
    value = _read_value(cursor)
    return Condition(column, json, operator, None if operator_match["each"] or HOLE in value else value)


def _read_unknown_condition(cursor: Cursor, column: Name, *, json: bool) -> Condition:
    """Read the rest of a condition whose operator or list is a hole."""
    start = cursor.position
    rest = cursor.match(_PLAIN)
    if rest is None or HOLE not in rest[0]:
        cursor.position = start
        raise cursor.make_error("expected an operator")
    return Condition(column, json)


def _read_value(cursor: Cursor) -> str:
    if quoted := cursor.match(_QUOTED):
        return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    text_match = cursor.match(_ARRAY) or cursor.match(_PLAIN)
    return text_match[0] if text_match else ""
