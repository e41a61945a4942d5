"""The columns that PostgREST is told to sort by, as `.order()` of supabase-js passes them on.

Directions are read over. The last column has none: supabase-js writes it behind.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from agentctl.core.code_check.reading.postgrest_field import MANY, Cursor, Misfit, Name, fitted

_DIRECTION = re.compile(r"(?:\.asc|\.desc)?(?:\.nullsfirst|\.nullslast)?(?=,)")


@dataclass(frozen=True, slots=True)
class Term:
    """A column to sort by; `embed` is the embedded table that it is in: `agents(name)`."""

    column: Name
    embed: Name | None = None


@lru_cache(MANY)
def parse_order(text: str) -> tuple[Term, ...] | Misfit:
    """Read what `.order()` is given."""
    return fitted(Cursor(text), _terms)


def _terms(cursor: Cursor) -> tuple[Term, ...]:
    terms = [_term(cursor)]
    while cursor.takes(","):
        terms.append(_term(cursor))
    return tuple(terms)


def _term(cursor: Cursor) -> Term:
    name = cursor.name()
    term = Term(name)
    if cursor.takes("("):
        term = Term(cursor.name(), embed=name)
        cursor.json_path()
        cursor.expect(")")
    else:
        cursor.json_path()
    cursor.match(_DIRECTION)
    cursor.blanks()
    return term
