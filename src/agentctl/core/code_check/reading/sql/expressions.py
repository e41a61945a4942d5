"""Takes an expression apart: the columns that it names, the queries in it, the calls with named arguments.

It walks without recursion and does not resolve names.
"""

from msgspec import Struct, field
from pglast import ast
from pglast.enums import A_Expr_Kind

from agentctl.core.code_check.reading.sql.literals import list_texts
from agentctl.core.code_check.reading.uses import CodeLiteral
from agentctl.core.sql.names import list_names

_NO_EXPRESSION = (ast.TypeName, ast.A_Const, ast.String)
_OF_A_TOOL = "sqlc"
"""The schema of functions that exist in sqlc's eyes only; their arguments are no columns."""


class Parts(Struct):
    """What an expression consists of, each in no particular order.

    Attributes:
        columns: with the literals that each is compared with.
        queries: all that stand in it, but not those nested in these.
        calls: of functions with at least one argument by name.

    """

    columns: list[tuple[ast.ColumnRef, tuple[CodeLiteral, ...]]] = field(default_factory=list)
    queries: list[ast.SelectStmt] = field(default_factory=list)
    calls: list[ast.FuncCall] = field(default_factory=list)


def take_apart(*expressions: object) -> Parts:
    """Return the parts of several expressions."""
    parts = Parts()
    waiting: list[object] = list(expressions)
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting += node
        elif isinstance(node, ast.Node) and not isinstance(node, _NO_EXPRESSION):
            waiting += _note_node(node, parts)
    return parts


def _note_node(node: ast.Node, parts: Parts) -> list[object]:
    """Note a node; return what is in it."""
    if isinstance(node, ast.ColumnRef):
        parts.columns.append((node, ()))
        return []
    if isinstance(node, ast.SelectStmt):
        parts.queries.append(node)
        return []
    if isinstance(node, ast.A_Expr):
        return _note_operation(node, parts)
    if isinstance(node, ast.FuncCall):
        return _note_call(node, parts)
    return [getattr(node, name) for name in node]


def _note_operation(node: ast.A_Expr, parts: Parts) -> list[object]:
    for column, other in ((node.lexpr, node.rexpr), (node.rexpr, node.lexpr)):
        if isinstance(column, ast.ColumnRef) and (compared := _list_compared(node, other)):
            parts.columns.append((column, compared))
            return [other]
    return [node.lexpr, node.rexpr]


def _list_compared(node: ast.A_Expr, other: object) -> tuple[CodeLiteral, ...]:
    if list_names(node.name) not in {("=",), ("<>",)}:
        return ()
    if node.kind == A_Expr_Kind.AEXPR_OP:
        return list_texts([other])
    return list_texts(other) if node.kind == A_Expr_Kind.AEXPR_IN and isinstance(other, tuple) else ()


def _note_call(node: ast.FuncCall, parts: Parts) -> list[object]:
    if list_names(node.funcname)[:-1] == (_OF_A_TOOL,):
        return []
    if any(isinstance(argument, ast.NamedArgExpr) for argument in node.args or ()):
        parts.calls.append(node)
    return [node.args, node.agg_order, node.agg_filter, node.over]
