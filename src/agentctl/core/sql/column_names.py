"""The names of the columns that a query returns, as PostgreSQL makes them where the query gives none."""

from pglast import ast
from pglast.enums import A_Expr_Kind, MinMaxOp, SetOperation, SQLValueFunctionOp, SubLinkType

from agentctl.core.sql.names import list_names

NAMELESS = ""
"""The name of a column that PostgreSQL calls `?column?`."""
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


def name_column(node: object) -> str | None:
    """Return the name of an expression's column; NAMELESS for `?column?`, None where it is not known here."""
    return _find_name(node)[0]


def is_star(value: object) -> bool:
    """Whether a selected value is all columns of something."""
    steps = value.indirection if isinstance(value, ast.A_Indirection) else getattr(value, "fields", None)
    return any(isinstance(step, ast.A_Star) for step in steps or ())


def is_set_operation(query: ast.SelectStmt) -> bool:
    """Whether a query is a UNION or its like, whose first arm names the columns."""
    return query.op not in {None, SetOperation.SETOP_NONE}


def name_columns_of_values(query: ast.SelectStmt) -> tuple[str, ...]:
    """Return the names of the columns of VALUES."""
    rows = query.valuesLists or ((),)
    width = len(rows[0]) if isinstance(rows[0], tuple) else 0
    return tuple(f"column{number}" for number in range(1, width + 1))


def _find_name(node: object) -> tuple[str | None, bool]:
    """Return a name, and whether it is strong enough for a cast around it to keep it."""
    match node:
        case ast.ColumnRef(fields=names) | ast.FuncCall(funcname=names):
            return _find_last_name(names), True
        case ast.TypeCast(arg=inner, typeName=kind):
            name, strong = _find_name(inner)
            kept = strong or name is None
            return (name, True) if kept else (_find_last_name(kind.names) if kind else None, False)
        case ast.CollateClause(arg=inner):
            return _find_name(inner)
        case ast.CaseExpr(defresult=inner):
            name, strong = _find_name(inner) if inner is not None else (NAMELESS, False)
            return (name, True) if strong or name is None else ("case", False)
    return _find_name_of_compound(node)


def _find_name_of_compound(node: object) -> tuple[str | None, bool]:
    match node:
        case ast.A_Indirection(arg=inner, indirection=steps):
            name = _find_last_name(steps)
            return (name, True) if name else _find_name(inner)
        case ast.SubLink():
            return _find_name_of_subquery(node)
        case ast.MinMaxExpr(op=operator):
            return ("greatest" if operator == MinMaxOp.IS_GREATEST else "least"), True
        case ast.SQLValueFunction(op=SQLValueFunctionOp(name=operator)):
            # SVFOP_CURRENT_TIME_N is `current_time`.
            return operator.removeprefix("SVFOP_").removesuffix("_N").lower(), True
        case ast.A_Expr(kind=kind):
            return ("nullif", True) if kind == A_Expr_Kind.AEXPR_NULLIF else (NAMELESS, False)
    fixed = _FIXED.get(type(node)) if isinstance(node, ast.Node) else None
    return fixed, bool(fixed)


def _find_name_of_subquery(node: ast.SubLink) -> tuple[str | None, bool]:
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
    return (targets[0].name, True) if targets[0].name else _find_name(targets[0].val)


def _find_last_name(parts: object) -> str | None:
    names = list_names(parts)
    return names[-1] if names else None
