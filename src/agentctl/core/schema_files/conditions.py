"""Prints the conditions of CHECKs as pg_get_constraintdef does, for catalog/check_constraint.py to judge.

Whatever it does not know, or does not know the types of, becomes `(?)`, which nobody takes for anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pglast import ast
from pglast.ast import Node
from pglast.enums import A_Expr_Kind, BoolExprType, BoolTestType, NullTestType

from agentctl.core.sql.names import name_of
from agentctl.core.sql.parsing import nodes_in

UNKNOWN = "(?)"
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
_TESTS = {
    BoolTestType.IS_TRUE: "{} IS TRUE",
    BoolTestType.IS_NOT_TRUE: "{} IS NOT TRUE",
    BoolTestType.IS_FALSE: "{} IS FALSE",
    BoolTestType.IS_NOT_FALSE: "{} IS NOT FALSE",
}


@dataclass(frozen=True, slots=True)
class Operand:
    """What a column, or VALUE of a domain, is in a condition.

    Attributes:
        text: how it is printed.
        type: as PostgreSQL prints it without modifiers, with domains followed.
        is_enum: whether that is an enum.

    """

    text: str
    type: str
    is_enum: bool = False

    @property
    def plain(self) -> bool:
        """Whether equal values of it are spelled equally."""
        return self.is_enum or self.type in _PLAIN


Kinds = Callable[[ast.TypeName], Operand]
"""Tells what a value is after a cast; how it is printed does not matter."""


def condition_text(node: Node | None, operands: Mapping[str, Operand], kinds: Kinds) -> str:
    """Print a condition.

    Args:
        node: of it.
        operands: by the names that it uses; `value` is that of a domain.
        kinds: of the types that it names.

    """
    try:
        return _Printer(operands, kinds).condition(node, 0)
    except RecursionError:
        return UNKNOWN


def columns_in(node: object) -> Iterator[str]:
    """Yield the columns that an expression names."""
    for one in nodes_in(node):
        if isinstance(one, ast.ColumnRef):
            yield name_of(one.fields or ()).name


class _Printer:
    def __init__(self, operands: Mapping[str, Operand], kinds: Kinds) -> None:
        self._operands = operands
        self._kinds = kinds

    def condition(self, node: object, depth: int) -> str:
        """Print what is true, false or NULL."""
        if depth > _DEEP:
            return UNKNOWN
        match node:
            case ast.BoolExpr():
                return self._junction(node, depth + 1)
            case ast.NullTest():
                word = "IS NULL" if node.nulltesttype is NullTestType.IS_NULL else "IS NOT NULL"
                return f"({self._tested(node.arg, depth + 1)} {word})"
            case ast.BooleanTest() if node.booltesttype in _TESTS:
                return f"({_TESTS[node.booltesttype].format(self.condition(node.arg, depth + 1))})"
            case ast.A_Expr() if node.kind is not A_Expr_Kind.AEXPR_OP or _operator(node) in _COMPARISONS:
                return self._comparison(node, depth + 1)
        return self._value(node, "boolean", depth)

    def _junction(self, node: ast.BoolExpr, depth: int) -> str:
        parts = [self.condition(one, depth) for one in node.args or ()]
        if node.boolop is BoolExprType.NOT_EXPR:
            return f"(NOT {parts[0]})"
        return f"({(' AND ' if node.boolop is BoolExprType.AND_EXPR else ' OR ').join(parts)})"

    def _tested(self, node: object, depth: int) -> str:
        """Print what is looked at for NULL, whatever its type is."""
        column = self._operand(node)
        return column.text if column else self._value(node, self._type(node), depth)

    def _comparison(self, node: ast.A_Expr, depth: int) -> str:
        left, right, operator = node.lexpr, node.rexpr, _operator(node)
        many = right if isinstance(right, tuple) else _elements(right)
        kind = self._common((left, *many) if many else (left, right))
        shown = self._value(left, kind, depth)
        each = [self._value(one, kind, depth) for one in many]
        match node.kind:
            case A_Expr_Kind.AEXPR_OP:
                return f"({shown} {operator} {self._value(right, kind, depth)})"
            case A_Expr_Kind.AEXPR_DISTINCT | A_Expr_Kind.AEXPR_NOT_DISTINCT:
                no = "" if node.kind is A_Expr_Kind.AEXPR_DISTINCT else "NOT "
                return f"({shown} IS {no}DISTINCT FROM {self._value(right, kind, depth)})"
            case A_Expr_Kind.AEXPR_BETWEEN:
                return f"(({shown} >= {each[0]}) AND ({shown} <= {each[1]}))"
            case A_Expr_Kind.AEXPR_NOT_BETWEEN:
                return f"(({shown} < {each[0]}) OR ({shown} > {each[1]}))"
        return _among(node, shown, each)

    def _value(self, node: object, kind: str, depth: int) -> str:
        """Print a value that is compared with values of a type."""
        if depth > _DEEP:
            return UNKNOWN
        match node:
            case ast.A_Const():
                return self._constant(node, kind)
            case ast.ColumnRef():
                return _opened(self._operand(node))
            case ast.TypeCast():
                return self._cast(node, depth + 1)
            case ast.FuncCall() | ast.CoalesceExpr():
                return self._call(node, kind, depth + 1)
        return self._operation(node, depth)

    def _operation(self, node: object, depth: int) -> str:
        if isinstance(node, ast.A_Expr) and _is_sum(node):
            return self._reckoned(node, depth + 1)
        is_condition = isinstance(node, ast.BoolExpr | ast.NullTest | ast.BooleanTest) or (
            isinstance(node, ast.A_Expr) and _operator(node) in _COMPARISONS
        )
        return self.condition(node, depth) if is_condition else UNKNOWN

    def _call(self, node: ast.FuncCall | ast.CoalesceExpr, kind: str, depth: int) -> str:
        name = "COALESCE" if isinstance(node, ast.CoalesceExpr) else self._function(node)
        if name is None:
            return UNKNOWN
        own = kind if name in {"COALESCE", "abs"} else "text"
        return f"{name}({', '.join(self._value(one, own, depth) for one in node.args or ())})"

    def _reckoned(self, node: ast.A_Expr, depth: int) -> str:
        if self._type(node) not in _NUMBERS:
            return UNKNOWN
        right = self._value(node.rexpr, "numeric", depth)
        left = self._value(node.lexpr, "numeric", depth) if node.lexpr is not None else ""
        return (
            f"({left} {_operator(node)} {right})"
            if left
            else f"(- {right})"
            if _operator(node) == "-"
            else UNKNOWN
        )

    def _constant(self, node: ast.A_Const, kind: str) -> str:
        value = node.val
        if node.isnull:
            return "NULL"
        match value:
            case ast.Integer():
                return f"({value.ival})" if (value.ival or 0) < 0 else str(value.ival)
            case ast.Float():
                return _number(str(value.fval))
            case ast.Boolean():
                return "true" if value.boolval else "false"
            case ast.String() if kind:
                return f"{_quoted(str(value.sval))}::{kind}"
        return UNKNOWN

    def _cast(self, node: ast.TypeCast, depth: int) -> str:
        kind = self._type(node)
        if isinstance(node.arg, ast.A_Const) and isinstance(node.arg.val, ast.String):
            return self._constant(node.arg, kind)
        return f"({self._value(node.arg, kind, depth)})::{kind}" if kind else UNKNOWN

    def _function(self, node: ast.FuncCall) -> str | None:
        """Return the name of a function that is understood."""
        schema, name = name_of(node.funcname or ())
        odd = node.agg_star or node.agg_distinct or node.over or node.agg_filter or len(node.args or ()) != 1
        return name if name in _FUNCTIONS and schema in {None, "pg_catalog"} and not odd else None

    def _operand(self, node: object) -> Operand | None:
        return (
            self._operands.get(name_of(node.fields or ()).name) if isinstance(node, ast.ColumnRef) else None
        )

    def _common(self, nodes: Sequence[object]) -> str:
        return next((kind for kind in map(self._type, nodes) if kind), "")

    def _type(self, node: object) -> str:
        """Return a value's type where it is certain and equal values are spelled equally, else nothing."""
        found = ""
        match node:
            case ast.ColumnRef():
                found = _plain(self._operand(node))
            case ast.TypeCast() if node.typeName and not node.typeName.typmods:
                found = _plain(self._kinds(node.typeName))
            case ast.FuncCall() if name := self._function(node):
                found = _FUNCTIONS[name] or self._common(node.args or ())
            case ast.CoalesceExpr():
                found = self._common(node.args or ())
            case ast.A_Const():
                found = "numeric" if isinstance(node.val, ast.Integer | ast.Float) else ""
            case ast.A_Expr() if _is_sum(node):
                operands = [self._type(one) for one in (node.lexpr, node.rexpr) if one is not None]
                found = "numeric" if all(kind in _NUMBERS for kind in operands) else ""
        return found


def _plain(operand: Operand | None) -> str:
    return operand.type if operand and operand.plain else ""


def _is_sum(node: ast.A_Expr) -> bool:
    return node.kind is A_Expr_Kind.AEXPR_OP and _operator(node) in {"+", "-", "*"}


def _among(node: ast.A_Expr, shown: str, each: list[str]) -> str:
    """Print IN and ANY; the operators that nobody judges, such as LIKE, are unknown."""
    way = "ANY" if node.kind is A_Expr_Kind.AEXPR_OP_ANY else "ALL"
    if node.kind is A_Expr_Kind.AEXPR_IN:
        way = "ANY" if _operator(node) == "=" else "ALL"
    elif node.kind not in {A_Expr_Kind.AEXPR_OP_ANY, A_Expr_Kind.AEXPR_OP_ALL}:
        return UNKNOWN
    if not each or (_operator(node), way) not in {("=", "ANY"), ("<>", "ALL")}:
        return UNKNOWN
    return f"({shown} {_operator(node)} {way} (ARRAY[{', '.join(each)}]))"


def _elements(node: object) -> tuple[Any, ...]:
    """Return what an array is written to hold."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return tuple(node.elements or ()) if isinstance(node, ast.A_ArrayExpr) else ()


def _operator(node: ast.A_Expr) -> str:
    schema, name = name_of(node.name or ())
    return name if schema in {None, "pg_catalog"} else ""


def _opened(operand: Operand | None) -> str:
    """Print a column; one whose equal values may be spelled differently with its type, as a warning."""
    if operand is None:
        return UNKNOWN
    if operand.plain:
        return operand.text
    return f"({operand.text})::{operand.type}" if _SPELLED_ANYHOW.fullmatch(operand.type) else UNKNOWN


def _number(text: str) -> str:
    try:
        shown = str(Decimal(text))
    except InvalidOperation:
        return UNKNOWN
    return (
        shown if _NUMBER.fullmatch(shown) else f"(- {shown[1:]})" if _NUMBER.fullmatch(shown[1:]) else UNKNOWN
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
