"""Writes expressions as text for people: defaults, the keys of indexes, what a trigger is.

Nothing is concluded from these texts.
"""

from typing import Any

from pglast import ast
from pglast.stream import RawStream

from agentctl.core.database.quoting import quoted
from agentctl.core.sql.names import name_of

NOT_SHOWN = "(?)"


def text_of(node: Any) -> str:
    """Return a part of a statement as text; `(?)` where it is nested too deeply."""
    match node:
        case ast.TypeCast(arg=ast.A_Const(val=ast.String(sval=str(text)))) if _is_regclass(node):
            return f"{quote_text(text)}::regclass"
        case ast.FuncCall(args=(only,)) if name_of(node.funcname).name == "nextval":
            return f"nextval({text_of(only)})"
        case ast.ColumnRef(fields=(ast.String(sval=str(name)),)):
            return quoted(name)
    try:
        return RawStream()(node)
    except (RecursionError, NotImplementedError):
        return NOT_SHOWN


def sequence_of(node: object) -> str | None:
    """Return the sequence that a default takes its values from."""
    if not isinstance(node, ast.FuncCall) or name_of(node.funcname).name != "nextval":
        return None
    (only, *_) = node.args or (None,)
    while isinstance(only, ast.TypeCast):
        only = only.arg
    value = only.val if isinstance(only, ast.A_Const) else None
    return value.sval if isinstance(value, ast.String) else None


def _is_regclass(node: ast.TypeCast) -> bool:
    return node.typeName is not None and name_of(node.typeName.names).name == "regclass"


def quote_text(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
