"""Parses the columns that PostgREST sorts by, as `.order()` of supabase-js passes them on.

Directions are skipped. The last column has none: supabase-js adds it.
"""

import re
from functools import lru_cache

from msgspec import Struct

from agentctl.core.code_check.reading.postgrest.cursor import MANY, Cursor, Misfit, Name, parse_whole

_DIRECTION = re.compile(r"(?:\.asc|\.desc)?(?:\.nullsfirst|\.nullslast)?(?=,)")


class OrderTerm(Struct, frozen=True):
    """A column to sort by; `embeds` is the embedded table that it is in, as in `agents(name)`."""

    column: Name
    embeds: tuple[Name, ...] = ()


@lru_cache(MANY)
def parse_order(text: str) -> tuple[OrderTerm, ...] | Misfit:
    """Parse the first argument of `.order()`."""
    return parse_whole(Cursor(text), lambda cursor: cursor.read_list(_read_term))


def _read_term(cursor: Cursor) -> OrderTerm:
    name = cursor.read_name()
    term = OrderTerm(name)
    if cursor.take("("):
        term = OrderTerm(cursor.read_name(), embeds=(name,))
        cursor.skip_json_path()
        cursor.expect(")")
    else:
        cursor.skip_json_path()
    cursor.match(_DIRECTION)
    cursor.skip_blanks()
    return term
