"""Finds the calls that hand a text to a database.

It looks at the names of methods only; a text that does not begin with a verb of SQL is left alone.
"""

import ast
import re
from collections.abc import Iterator

from agentctl.core.code_check.reading.python.names import Names, inner_nodes

_METHODS = frozenset(
    {
        "copy",
        "copy_expert",
        "cursor",
        "exec_driver_sql",
        "execute",
        "executemany",
        "fetch",
        "fetch_all",
        "fetch_one",
        "fetch_val",
        "fetchrow",
        "fetchval",
        "iterate",
        "mogrify",
        "prepare",
        "scalar",
        "scalars",
        "stream",
    }
)
_SECOND_ARGUMENT = frozenset({"execute_batch", "execute_values"})
_KEYWORDS = frozenset({"operation", "query", "sql", "statement"})
_BEGINS = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:select|insert|update|delete|merge|with|copy|values|table|explain|prepare|declare|create|alter)\b",
    re.IGNORECASE | re.DOTALL,
)
CALLED = re.compile(rb"\b(?:" + "|".join(sorted(_METHODS | _SECOND_ARGUMENT)).encode() + rb")\s*\((?!\s*\))")


def begins_with_a_verb(text: str) -> bool:
    """Whether a text looks like SQL."""
    return bool(_BEGINS.match(text))


def list_handed_over(module: ast.Module) -> Iterator[tuple[ast.expr, Names]]:
    """Return the expressions that calls hand to a database, with the names that they see."""
    waiting = [Names(module)]
    while waiting:
        names = waiting.pop()
        for node in inner_nodes(names.body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                waiting.append(Names(node, names))
            elif isinstance(node, ast.Call) and (argument := _find_argument(node)) is not None:
                yield argument, names


def _find_argument(call: ast.Call) -> ast.expr | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    position = 1 if name in _SECOND_ARGUMENT else 0
    if not position and not (isinstance(function, ast.Attribute) and name in _METHODS):
        return None
    if len(call.args) > position:
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS), None)
