"""Writes the schema before every function, operator, type and system table that a statement of ours names.

A database's search path decides what an unqualified name means, and whoever may create objects in one of its
schemas could put their own function or operator before PostgreSQL's: it would run with the operator's rights.
The path itself stays the role's own, because the application's functions, triggers and policies rely on it.

It knows SQL's tokens, not its grammar. What it needs from our statements is tested on all of them with
PostgreSQL's own parser: operands that contain operators stand in parentheses, since qualified operators have
one precedence; a function's parenthesis follows its name at once, and no other parenthesis does that;
constructs that look operators up without naming them (IN, LIKE, BETWEEN, NULLIF, IS DISTINCT FROM, CASE x
WHEN, JOIN USING) do not occur. The application's names are in double quotes, as psycopg writes them, and stay
as they are.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    \s* (?:
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<text>   [eE]'(?:[^'\\]|\\.|'')*'? | [xXbB]?'(?:[^']|'')*'?
                | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<quoted> "(?:[^"]|"")*"? )
    | (?P<value>  %\(\w+\)[sbt] | %[sbt] | \$?\d[\d.]*(?:e[+-]?\d+)? )
    | (?P<word>   [a-zA-Z_][\w$]* )
    | (?P<sign>   :: | => | [-+*/<>=~!@\#^&|?`]+ | %%? )
    | (?P<other>  . | \Z )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
# They look like functions but are grammar: they always mean PostgreSQL's own.
_GRAMMAR = frozenset(
    {
        "all",
        "any",
        "array",
        "cast",
        "coalesce",
        "exists",
        "extract",
        "greatest",
        "least",
        "operator",
        "overlay",
    }
    | {"position", "row", "some", "substring", "trim", "values"}
)
# The types that the grammar does not know by itself. It takes integer, numeric, the long name of timestamptz
# and the like from pg_catalog, whatever the path is.
_TYPES = frozenset(
    {
        "bytea",
        "date",
        "float4",
        "float8",
        "int2",
        "int4",
        "int8",
        "json",
        "jsonb",
        "name",
        "oid",
        "regclass",
        "regtype",
    }
    | {"text", "tid", "timestamptz", "uuid", "xid", "xid8"}
)
_STAR_FOLLOWS = frozenset({"(", ",", ".", "select", "returning", "distinct"})
_SYSTEM_TABLE = re.compile(r"pg_(?!catalog$|temp$)\w+")


@lru_cache(maxsize=256)
def qualify_names(statement: str) -> str:
    """Return a statement in which every name of PostgreSQL's can only mean PostgreSQL's.

    Args:
        statement: SQL with psycopg's placeholders, or several statements with semicolons between them.

    """
    return "".join(_qualified_tokens(statement))


def _qualified_tokens(statement: str) -> Iterator[str]:
    assignments = _Assignments()
    before, last = "", ""
    for match in _TOKEN.finditer(statement):
        kind = match.lastgroup or "other"
        token = match[kind]
        yield match[0].removesuffix(token)
        if kind == "comment":
            yield token
            continue
        assigns = assignments.follow(token.lower())
        if kind == "word":
            yield _qualified_word(token, before, last, calls=statement.startswith("(", match.end()))
        elif kind == "sign" and not assigns:
            yield _qualified_operator(token, last)
        else:
            yield token
        before, last = last, token.lower()


def _qualified_word(word: str, before: str, last: str, *, calls: bool) -> str:
    name = word.lower()
    if last == ".":
        return word
    is_type = name in _TYPES and (last == "::" or before in {"column", "exists"})
    is_function = calls and name not in _GRAMMAR and last != "::"
    return f"pg_catalog.{word}" if is_type or is_function or _SYSTEM_TABLE.fullmatch(name) else word


def _qualified_operator(sign: str, last: str) -> str:
    if sign in {"::", "=>"} or (sign == "*" and last in _STAR_FOLLOWS):
        return sign
    return f"OPERATOR(pg_catalog.{sign})"


class _Assignments:
    """Tells the `=` of an assignment, in SET and UPDATE, from the operator."""

    def __init__(self) -> None:
        self._depth = 0
        self._clause: int | None = None  # the depth at which a SET clause is being read
        self._awaited = False

    def follow(self, part: str) -> bool:
        """Take the next token, and return whether it assigns."""
        if part == "(":
            self._depth += 1
        elif part == ")":
            self._depth -= 1
        if part == "set":
            self._clause, self._awaited = self._depth, True
        elif self._clause is not None and self._depth < self._clause:
            self._clause = None
        elif self._depth == self._clause:
            return self._follow_clause(part)
        return False

    def _follow_clause(self, part: str) -> bool:
        if part in {"where", "from", "returning", ";"}:
            self._clause = None
        elif part == ",":
            self._awaited = True
        elif part == "=" and self._awaited:
            self._awaited = False
            return True
        return False
