"""Reads the literals of SQL.

A literal that a cast may change, or that means something else in SQL than in JSON, does not count.
"""

import math
import re
from collections.abc import Iterable

from pglast import ast

from agentctl.core.code_check.reading.sql.placeholders import HELD
from agentctl.core.code_check.reading.uses import CodeLiteral

_PUT_IN_LATER = re.compile(rf"{HELD}|\{{\{{|\{{%|\$\{{|<%|%%")
_WIDEST = range(-(2**63), 2**63)
_KEEPS_TEXTS = frozenset({"text", "varchar", "citext"})
_KEEPS_INTEGERS = frozenset({"int4", "int8", "numeric"})


def read_literal(node: object) -> CodeLiteral | None:
    """Return the value of a literal; None where the node is not one."""
    if isinstance(node, ast.A_Const):
        return CodeLiteral(None) if node.isnull else _read_constant(node.val)
    if isinstance(node, ast.TypeCast):
        inner = read_literal(node.arg)
        return inner if inner is not None and _is_kept(inner, node.typeName) else None
    return None


def list_literals(nodes: Iterable[object]) -> tuple[CodeLiteral, ...]:
    """Return the literals among some values, each once: true is not 1."""
    read = map(read_literal, nodes)
    return tuple(
        {(type(literal.value), literal.value): literal for literal in read if literal is not None}.values()
    )


def list_texts(nodes: Iterable[object]) -> tuple[CodeLiteral, ...]:
    """Return the literals of a comparison if all are texts, which take the other side's type."""
    read = list(map(read_literal, nodes))
    texts_only = tuple(literal for literal in read if literal is not None and isinstance(literal.value, str))
    return tuple(dict.fromkeys(texts_only)) if len(texts_only) == len(read) else ()


def _read_constant(value: object) -> CodeLiteral | None:
    if isinstance(value, ast.String):
        return None if _PUT_IN_LATER.search(value.sval or "") else CodeLiteral(value.sval or "")
    if isinstance(value, ast.Boolean):
        return CodeLiteral(bool(value.boolval))
    if isinstance(value, ast.Integer):
        return CodeLiteral(value.ival or 0)
    return _read_number(value.fval or "") if isinstance(value, ast.Float) else None


def _read_number(text: str) -> CodeLiteral | None:
    """Read what PostgreSQL's grammar calls a float: every number that is not a 32-bit integer."""
    try:
        number = (
            float(text) if re.search("[.eE]", text) and not text.lower().startswith("0x") else int(text, 0)
        )
    except ValueError:
        return None
    if isinstance(number, int):
        return CodeLiteral(number) if number in _WIDEST else None
    return CodeLiteral(number) if math.isfinite(number) else None


def _is_kept(inner: CodeLiteral, kind: ast.TypeName | None) -> bool:
    """Whether a cast leaves a literal as it is, as one to an enum does."""
    if kind is None or kind.typmods or kind.arrayBounds:
        return False
    names = [part.sval for part in kind.names or ()]
    if inner.value is None:
        return True
    if isinstance(inner.value, int):
        return not isinstance(inner.value, bool) and names[-1] in _KEEPS_INTEGERS
    return isinstance(inner.value, str) and _is_textual(names)


def _is_textual(names: list[str]) -> bool:
    return names[-1] in _KEEPS_TEXTS or not (names[0] == "pg_catalog" or _BUILT_IN.fullmatch(names[-1]))


_BUILT_IN = re.compile(
    r"(?:int|float)[248]|bit|bool|boolean|bpchar|bytea|char|name|numeric|money|uuid|varbit|oid|reg\w+|pg_\w+"
    r"|date|time|timetz|timestamp|timestamptz|interval|\w+range|jsonb?|jsonpath|xml|xid8?|tid|tsquery|tsvector"
    r"|cidr|inet|macaddr8?|box|circle|line|lseg|path|point|polygon|hstore|ltree|geometry|geography|vector"
)
"""Types whose values may be spelled in several ways, by the names that stand behind no schema."""
