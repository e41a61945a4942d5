"""The name of a column that a query returns, as PostgreSQL makes it where the query gives none."""

from pglast import ast
from pglast.enums import A_Expr_Kind, MinMaxOp, SubLinkType

NAMELESS = ""
_FIXED: dict[type[ast.Node], str] = {
    ast.CoalesceExpr: "coalesce",
    ast.A_ArrayExpr: "array",
    ast.RowExpr: "row",
    ast.GroupingFunc: "grouping",
    ast.MergeSupportFunc: "merge_action",
    ast.A_Const: NAMELESS,
    ast.ParamRef: NAMELESS,
    ast.BoolExpr: NAMELESS,
    ast.NullTest: NAMELESS,
    ast.BooleanTest: NAMELESS,
}


def label(node: object) -> str | None:
    """Return the name of an expression's column; NAMELESS for `?column?`, None where it is not known here."""
    return _labelled(node)[0]


def _labelled(node: object) -> tuple[str | None, bool]:
    """Return a name, and whether it is strong enough for a cast around it to keep it."""
    match node:
        case ast.ColumnRef(fields=fields):
            return _last(fields), True
        case ast.FuncCall(funcname=names):
            return _last(names), True
        case ast.TypeCast(arg=inner, typeName=kind):
            name, strong = _labelled(inner)
            return (name, True) if strong or name is None else (_last(kind.names) if kind else None, False)
        case ast.CollateClause(arg=inner):
            return _labelled(inner)
        case ast.CaseExpr(defresult=inner):
            name, strong = _labelled(inner) if inner is not None else (NAMELESS, False)
            return (name, True) if strong or name is None else ("case", False)
    return _compound(node)


def _compound(node: object) -> tuple[str | None, bool]:
    match node:
        case ast.A_Indirection(arg=inner, indirection=steps):
            name = _last(steps)
            return (name, True) if name else _labelled(inner)
        case ast.SubLink():
            return _of_subquery(node)
        case ast.MinMaxExpr(op=operator):
            return ("greatest" if operator == MinMaxOp.IS_GREATEST else "least"), True
        case ast.A_Expr(kind=kind):
            return ("nullif", True) if kind == A_Expr_Kind.AEXPR_NULLIF else (NAMELESS, False)
    fixed = _FIXED.get(type(node)) if isinstance(node, ast.Node) else None
    return fixed, bool(fixed)


def _of_subquery(node: ast.SubLink) -> tuple[str | None, bool]:
    if node.subLinkType == SubLinkType.EXISTS_SUBLINK:
        return "exists", True
    if node.subLinkType == SubLinkType.ARRAY_SUBLINK:
        return "array", True
    if node.subLinkType != SubLinkType.EXPR_SUBLINK:
        return NAMELESS, False
    query = node.subselect
    targets = query.targetList if isinstance(query, ast.SelectStmt) else None
    if not targets:
        return None, False
    return (targets[0].name, True) if targets[0].name else _labelled(targets[0].val)


def _last(parts: object) -> str | None:
    names = [part.sval for part in parts if isinstance(part, ast.String)] if isinstance(parts, tuple) else []
    return names[-1] if names else None
