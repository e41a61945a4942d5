"""The name that PostgreSQL gives to a value which a query does not name.

It is the column's name in a view, and part of the name of an index over an expression.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pglast import ast
from pglast.enums import A_Expr_Kind, SubLinkType

from agentctl.core.schema_files.store import name_of


def name_of_value(node: object) -> str | None:
    """Return the name of a value; None where nothing of it gives one."""
    name = _NAMES.get(type(node))
    return name(node) if name else None


def _column(node: ast.ColumnRef) -> str | None:
    last = (node.fields or (None,))[-1]
    return last.sval if isinstance(last, ast.String) else None


def _part(node: ast.A_Indirection) -> str | None:
    names = [one.sval for one in node.indirection or () if isinstance(one, ast.String)]
    return names[-1] if names else name_of_value(node.arg)


def _cast(node: ast.TypeCast) -> str | None:
    return name_of_value(node.arg) or name_of(node.typeName.names or () if node.typeName else ()).name


def _operation(node: ast.A_Expr) -> str | None:
    return "nullif" if node.kind is A_Expr_Kind.AEXPR_NULLIF else None


def _subquery(node: ast.SubLink) -> str | None:
    match node.subLinkType:
        case SubLinkType.EXISTS_SUBLINK:
            return "exists"
        case SubLinkType.ARRAY_SUBLINK:
            return "array"
        case SubLinkType.EXPR_SUBLINK if isinstance(node.subselect, ast.SelectStmt):
            target = (node.subselect.targetList or (None,))[0]
            return (target.name or name_of_value(target.val)) if isinstance(target, ast.ResTarget) else None
    return None


def _word(prefix: str) -> Callable[[Any], str]:
    """Name a keyword after its kind: SVFOP_CURRENT_DATE is `current_date`."""
    return lambda node: str(node.op.name).removeprefix(prefix).removesuffix("_N").lower()


_NAMES: Mapping[type, Callable[[Any], str | None]] = {
    ast.ColumnRef: _column,
    ast.FuncCall: lambda node: name_of(node.funcname or ()).name,
    ast.A_Indirection: _part,
    ast.TypeCast: _cast,
    ast.CollateClause: lambda node: name_of_value(node.arg),
    ast.CaseExpr: lambda node: name_of_value(node.defresult) or "case",
    ast.A_Expr: _operation,
    ast.SubLink: _subquery,
    ast.SQLValueFunction: _word("SVFOP_"),
    ast.MinMaxExpr: _word("IS_"),
    ast.CoalesceExpr: lambda _: "coalesce",
    ast.A_ArrayExpr: lambda _: "array",
    ast.RowExpr: lambda _: "row",
    ast.GroupingFunc: lambda _: "grouping",
}
