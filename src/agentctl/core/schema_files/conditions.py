"""Reads the conditions of CHECKs off the grammar's nodes, as catalog/check_constraint.py judges them.

Whatever it does not know, or whose types it does not know, becomes `Unknown`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct
from pglast import ast
from pglast.ast import Node
from pglast.enums import A_Expr_Kind, BoolExprType, BoolTestType, NullTestType

from agentctl.core.catalog.check_expression import Expression, Literal, Name, Operation, Unknown
from agentctl.core.sql.names import name_of
from agentctl.core.sql.parsing import nodes_in

_UNKNOWN = Unknown()
_DEEP = 40
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric"})
_PLAIN = _NUMBERS | {"text", "character varying", "boolean"}
_SPELLED_ANYHOW = re.compile(
    r"(time|date|interval|double|real|uuid|json|bytea|money|bit\b|inet|character\b)[^\[]*"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TEXT_FUNCTIONS = frozenset({"lower", "upper", "btrim"})
_FUNCTIONS = {
    "length": "integer",
    "char_length": "integer",
    "character_length": "integer",
    "abs": "",
} | dict.fromkeys(_TEXT_FUNCTIONS, "text")
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_DISTINCTIONS = {
    A_Expr_Kind.AEXPR_DISTINCT: "IS DISTINCT",
    A_Expr_Kind.AEXPR_NOT_DISTINCT: "IS NOT DISTINCT",
}
_TESTS = {
    BoolTestType.IS_TRUE: "IS TRUE",
    BoolTestType.IS_NOT_TRUE: "IS NOT TRUE",
    BoolTestType.IS_FALSE: "IS FALSE",
    BoolTestType.IS_NOT_FALSE: "IS NOT FALSE",
}


class Operand(Struct, frozen=True):
    """What a column, or the value of a domain, is in a condition.

    Attributes:
        name: by which the condition shall name it.
        type: as PostgreSQL prints it without modifiers, with domains followed.
        is_enum: whether that is an enum.

    """

    name: str
    type: str
    is_enum: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether equal values of it are spelled equally."""
        return self.is_enum or self.type in _PLAIN


ReadType = Callable[[ast.TypeName], Operand]
"""Returns what a value is after a cast; its name does not matter."""


def read_condition(node: Node | None, operands: Mapping[str, Operand], read_type: ReadType) -> Expression:
    """Read a condition.

    Args:
        node: the grammar's.
        operands: by the names that it uses; `value` is that of a domain.
        read_type: what knows the types that it names.

    """
    try:
        return _ConditionReader(operands, read_type).read_condition(node, 0)
    except RecursionError:
        return _UNKNOWN


def columns_in(node: object) -> Iterator[str]:
    """Yield the columns that an expression names."""
    return (name_of(inner.fields).name for inner in nodes_in(node) if isinstance(inner, ast.ColumnRef))


class _ConditionReader(Struct, frozen=True):
    operands: Mapping[str, Operand]
    read_type: ReadType

    def read_condition(self, node: object, depth: int) -> Expression:
        """Read what is true, false or NULL."""
        if depth > _DEEP:
            return _UNKNOWN
        match node:
            case ast.BoolExpr():
                return self._read_junction(node, depth + 1)
            case ast.NullTest():
                test = "IS NULL" if node.nulltesttype is NullTestType.IS_NULL else "IS NOT NULL"
                return Operation(test, (self._read_tested(node.arg, depth + 1),))
            case ast.BooleanTest() if node.booltesttype in _TESTS:
                return Operation(_TESTS[node.booltesttype], (self.read_condition(node.arg, depth + 1),))
            case ast.A_Expr() if node.kind is not A_Expr_Kind.AEXPR_OP or _operator_of(node) in _COMPARISONS:
                return self._read_comparison(node, depth + 1)
        return self._read_value(node, "boolean", depth)

    def _read_junction(self, node: ast.BoolExpr, depth: int) -> Expression:
        names = {BoolExprType.NOT_EXPR: "NOT", BoolExprType.AND_EXPR: "AND", BoolExprType.OR_EXPR: "OR"}
        operands = tuple(self.read_condition(operand, depth) for operand in node.args or ())
        return Operation(names[node.boolop], operands) if node.boolop is not None else _UNKNOWN

    def _read_tested(self, node: object, depth: int) -> Expression:
        """Read what is tested for NULL, of whatever type."""
        column = self._find_operand(node)
        return Name(column.name) if column else self._read_value(node, self._type_of(node), depth)

    def _read_comparison(self, node: ast.A_Expr, depth: int) -> Expression:
        right, operator = node.rexpr, _operator_of(node)
        many = right if isinstance(right, tuple) else _elements_of(right)
        kind = self._common_type((node.lexpr, *many) if many else (node.lexpr, right))
        left = self._read_value(node.lexpr, kind, depth)
        each = [self._read_value(item, kind, depth) for item in many]
        match node.kind:
            case A_Expr_Kind.AEXPR_OP | A_Expr_Kind.AEXPR_DISTINCT | A_Expr_Kind.AEXPR_NOT_DISTINCT:
                name = _DISTINCTIONS.get(node.kind, operator)
                return Operation(name, (left, self._read_value(right, kind, depth)))
            case A_Expr_Kind.AEXPR_BETWEEN:
                return _join_bounds("AND", left, (">=", each[0]), ("<=", each[1]))
            case A_Expr_Kind.AEXPR_NOT_BETWEEN:
                return _join_bounds("OR", left, ("<", each[0]), (">", each[1]))
        return _read_membership(node, left, each)

    def _read_value(self, node: object, kind: str, depth: int) -> Expression:
        """Read a value that is compared with values of a type."""
        if depth > _DEEP:
            return _UNKNOWN
        match node:
            case ast.A_Const():
                return _read_constant(node, kind)
            case ast.ColumnRef():
                return _read_column(self._find_operand(node))
            case ast.TypeCast():
                return self._read_cast(node, depth + 1)
            case ast.FuncCall() | ast.CoalesceExpr():
                return self._read_call(node, kind, depth + 1)
        return self._read_operation(node, depth)

    def _read_operation(self, node: object, depth: int) -> Expression:
        if isinstance(node, ast.A_Expr) and _is_sum(node):
            return self._read_sum(node, depth + 1)
        is_condition = isinstance(node, ast.BoolExpr | ast.NullTest | ast.BooleanTest) or (
            isinstance(node, ast.A_Expr) and _operator_of(node) in _COMPARISONS
        )
        return self.read_condition(node, depth) if is_condition else _UNKNOWN

    def _read_call(self, node: ast.FuncCall | ast.CoalesceExpr, kind: str, depth: int) -> Expression:
        name = _function_of(node)
        if name is None:
            return _UNKNOWN
        own = kind if name in {"coalesce", "abs"} else "text"
        return Operation(name, tuple(self._read_value(operand, own, depth) for operand in node.args or ()))

    def _read_sum(self, node: ast.A_Expr, depth: int) -> Expression:
        operator = _operator_of(node)
        if self._type_of(node) not in _NUMBERS or (node.lexpr is None and operator != "-"):
            return _UNKNOWN
        sides = (side for side in (node.lexpr, node.rexpr) if side is not None)
        return Operation(operator, tuple(self._read_value(side, "numeric", depth) for side in sides))

    def _read_cast(self, node: ast.TypeCast, depth: int) -> Expression:
        kind = self._type_of(node)
        if isinstance(node.arg, ast.A_Const) and isinstance(node.arg.val, ast.String):
            return _read_constant(node.arg, kind)
        value = self._read_value(node.arg, kind, depth)
        return Operation("cast", (value, Literal(kind))) if kind else _UNKNOWN

    def _find_operand(self, node: object) -> Operand | None:
        return self.operands.get(name_of(node.fields).name) if isinstance(node, ast.ColumnRef) else None

    def _common_type(self, nodes: Sequence[object]) -> str:
        return next((kind for kind in map(self._type_of, nodes) if kind), "")

    def _type_of(self, node: object) -> str:
        """Return a value's type where it is certain and equal values are spelled equally, else ""."""
        match node:
            case ast.ColumnRef():
                return _plain_type(self._find_operand(node))
            case ast.TypeCast() if node.typeName and not node.typeName.typmods:
                return _plain_type(self.read_type(node.typeName))
            case ast.FuncCall() | ast.CoalesceExpr():
                name = _function_of(node)
                return (_FUNCTIONS.get(name) or self._common_type(node.args or ())) if name else ""
            case ast.A_Const(val=ast.Integer() | ast.Float()):
                return "numeric"
            case ast.A_Expr() if _is_sum(node):
                kinds = [self._type_of(side) for side in (node.lexpr, node.rexpr) if side is not None]
                return "numeric" if all(kind in _NUMBERS for kind in kinds) else ""
        return ""


def _read_constant(node: ast.A_Const, kind: str) -> Expression:
    value = node.val
    if node.isnull:
        return Literal(None)
    match value:
        case ast.Integer():
            return Literal(Decimal(value.ival or 0))
        case ast.Float():
            return _read_number(str(value.fval))
        case ast.Boolean():
            return Literal(bool(value.boolval))
        case ast.String() if kind:
            return Operation("cast", (Literal(str(value.sval)), Literal(kind)))
    return _UNKNOWN


def _read_number(text: str) -> Expression:
    try:
        shown = str(Decimal(text))
    except InvalidOperation:
        return _UNKNOWN
    if _NUMBER.fullmatch(shown):
        return Literal(Decimal(shown))
    return Operation("-", (Literal(Decimal(shown[1:])),)) if _NUMBER.fullmatch(shown[1:]) else _UNKNOWN


def _read_column(operand: Operand | None) -> Expression:
    """Read a column; one whose equal values can differ in spelling is cast to its own type, as a warning."""
    if operand is None:
        return _UNKNOWN
    if operand.is_plain:
        return Name(operand.name)
    is_known = _SPELLED_ANYHOW.fullmatch(operand.type)
    return Operation("cast", (Name(operand.name), Literal(operand.type))) if is_known else _UNKNOWN


def _join_bounds(junction: str, value: Expression, *bounds: tuple[str, Expression]) -> Expression:
    return Operation(junction, tuple(Operation(operator, (value, bound)) for operator, bound in bounds))


def _read_membership(node: ast.A_Expr, value: Expression, each: list[Expression]) -> Expression:
    """Read IN and ANY; operators that are never judged, such as LIKE, are unknown."""
    way = "ANY" if node.kind is A_Expr_Kind.AEXPR_OP_ANY else "ALL"
    if node.kind is A_Expr_Kind.AEXPR_IN:
        way = "ANY" if _operator_of(node) == "=" else "ALL"
    elif node.kind not in {A_Expr_Kind.AEXPR_OP_ANY, A_Expr_Kind.AEXPR_OP_ALL}:
        return _UNKNOWN
    name = f"{_operator_of(node)} {way}"
    if not each or name not in {"= ANY", "<> ALL"}:
        return _UNKNOWN
    return Operation(name, (value, Operation("ARRAY", tuple(each))))


def _plain_type(operand: Operand | None) -> str:
    return operand.type if operand and operand.is_plain else ""


def _is_sum(node: ast.A_Expr) -> bool:
    return node.kind is A_Expr_Kind.AEXPR_OP and _operator_of(node) in {"+", "-", "*"}


def _elements_of(node: object) -> tuple[Any, ...]:
    """Return the elements of an array as they are written."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return tuple(node.elements or ()) if isinstance(node, ast.A_ArrayExpr) else ()


def _operator_of(node: ast.A_Expr) -> str:
    schema, name = name_of(node.name)
    return name if schema in {None, "pg_catalog"} else ""


def _function_of(node: ast.FuncCall | ast.CoalesceExpr) -> str | None:
    """Return the name of a function that is understood."""
    if isinstance(node, ast.CoalesceExpr):
        return "coalesce"
    schema, name = name_of(node.funcname)
    odd = node.agg_star or node.agg_distinct or node.over or node.agg_filter or len(node.args or ()) != 1
    return name if name in _FUNCTIONS and schema in {None, "pg_catalog"} and not odd else None
