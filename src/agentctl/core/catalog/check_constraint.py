"""Decides whether a CHECK constraint accepts a row, without asking the database.

The answer is "unknown" where the row leaves something open or the constraint is not understood. It never
raises and never guesses.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TypeGuard

from agentctl.core import amounts
from agentctl.core.catalog.check_expression import (
    Expression,
    Literal,
    Name,
    Operation,
    Unknown,
    parse_expression,
    walk,
)

_CHECK = re.compile(
    r"CHECK \((?P<expression>.*)\)(?: NO INHERIT)?(?: NOT VALID)?(?: NOT ENFORCED)?", re.DOTALL
)
_OPEN = object()
"""What is not determined."""
_TEXTS = frozenset({"text", "character varying", "bpchar", "citext", "varchar"})
_NUMBERS = frozenset({"integer", "bigint", "smallint", "numeric"})
_SPELLED_ANYHOW = re.compile("time|date|interval|double|real|uuid|json|bytea|money|bit|inet|char")


class Check:
    """A CHECK constraint, as a table or a domain has it; equal to another of the same text.

    Attributes:
        definition: as pg_get_constraintdef prints it.
        parsed: the condition, where a reader of schema files has parsed it; None where PostgreSQL printed it.

    """

    def __init__(self, definition: str, parsed: Expression | None = None) -> None:
        self.definition = definition
        self.parsed = parsed

    def __eq__(self, other: object) -> bool:
        return self.definition == other.definition if isinstance(other, Check) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.definition)

    def __repr__(self) -> str:
        return f"Check({self.definition!r})"

    @cached_property
    def expression(self) -> Expression:
        """The condition; `Unknown` where nothing of it is understood."""
        return _parse_definition(self.definition) if self.parsed is None else self.parsed

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset(part.name for part in walk(self.expression) if isinstance(part, Name))

    @property
    def is_understood(self) -> bool:
        """Whether at least a part of the condition is understood."""
        return not isinstance(self.expression, Unknown)

    def literals(self, column: str) -> tuple[str, ...]:
        """Return the texts that a column is compared with, in their order."""
        texts = (
            text
            for part in walk(self.expression)
            if isinstance(part, Operation) and part.name in {"=", "<>", "= ANY", "<> ALL"}
            if column in {inner.name for inner in walk(part) if isinstance(inner, Name)}
            for text in _list_texts(part.operands)
        )
        return tuple(dict.fromkeys(texts))

    def holds(self, values: Mapping[str, object]) -> bool | None:
        """Return whether PostgreSQL accepts a row; None where that depends on something unknown.

        Args:
            values: by column; None is NULL, and what is left out may be anything.

        """
        result = _evaluate_expression(self.expression, values)
        return None if result is _OPEN else result is not False


@lru_cache(maxsize=4096)
def _parse_definition(definition: str) -> Expression:
    check = _CHECK.fullmatch(definition)
    return parse_expression(check["expression"]) if check else Unknown()


def _list_texts(operands: Iterable[Expression]) -> Iterator[str]:
    """Yield the texts that are compared, without the names of types."""
    for operand in operands:
        match operand:
            case Literal(str(text)):
                yield text
            case Operation("cast", (value, _)):
                yield from _list_texts((value,))
            case Operation("ARRAY", elements):
                yield from _list_texts(elements)


def _evaluate_expression(expression: Expression, values: Mapping[str, object]) -> object:
    match expression:
        case Literal(value):
            return value
        case Name(name):
            return values.get(name, _OPEN)
        case Operation(name) if name in _OWN_ORDER:
            return _OWN_ORDER[name](expression, values)
        case Operation(name, operands):
            return _apply_function(name, [_evaluate_expression(operand, values) for operand in operands])
    return _OPEN


def _apply_function(name: str, operands: list[object]) -> object:
    """Apply an operator or function to values; of NULL comes NULL, whatever the other operand is."""
    function = _ANSWERS_NULL.get(name) or _STRICT.get(name)
    if function is None:
        return _OPEN
    if name in _STRICT and None in operands:
        return None
    try:
        return _OPEN if _OPEN in operands else function(*operands)
    except (TypeError, ArithmeticError):  # other types or numbers than PostgreSQL would have here
        return _OPEN


def _evaluate_junction(expression: Operation, values: Mapping[str, object]) -> object:
    operands = [_evaluate_expression(operand, values) for operand in expression.operands]
    return _join_values(operands, dominant=expression.name == "OR")


def _join_values(operands: list[object], *, dominant: bool) -> object:
    """Return AND or OR in SQL's logic: one dominant value decides, whatever the others are."""
    if any(value is dominant for value in operands):
        return dominant
    if _OPEN in operands:
        return _OPEN
    return None if None in operands else not dominant


def _evaluate_membership(expression: Operation, values: Mapping[str, object]) -> object:
    left, right = expression.operands
    while isinstance(right, Operation) and right.name == "cast":
        right = right.operands[0]
    if not isinstance(right, Operation) or right.name != "ARRAY":
        return _OPEN
    name = "=" if expression.name == "= ANY" else "<>"
    each = [_evaluate_expression(Operation(name, (left, item)), values) for item in right.operands]
    return _join_values(each, dominant=name == "=") if each else name != "="


def _evaluate_cast(expression: Operation, values: Mapping[str, object]) -> object:
    value, (_, kind) = _evaluate_expression(expression.operands[0], values), expression.operands
    name = str(kind.value) if isinstance(kind, Literal) else ""
    if value is None or value is _OPEN:
        return value
    if isinstance(value, bool):
        return value if name == "boolean" else _OPEN
    if isinstance(value, int | Decimal):
        return value if name == "numeric" or (name in _NUMBERS and _is_whole(value)) else _OPEN
    return _read_text(value, name) if isinstance(value, str) else _OPEN


def _is_whole(number: int | Decimal) -> bool:
    """Whether it is a whole number; asking `int` would write out all the digits of 1e99999999."""
    decimal = Decimal(number)
    return decimal.is_finite() and decimal == decimal.to_integral_value()


def _read_text(text: str, kind: str) -> object:
    """Return a text as a value of a type."""
    if kind == "boolean":
        return {"true": True, "t": True, "false": False, "f": False}.get(text, _OPEN)
    if kind in _NUMBERS:
        try:
            return Decimal(text)
        except ArithmeticError:
            return _OPEN
    # A text, or an enum's label, keeps its spelling; a time can be spelled in many ways.
    return text if (kind in _TEXTS or not _SPELLED_ANYHOW.match(kind)) and "(" not in kind else _OPEN


def _make_comparison(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[object, object], object]:
    # How texts sort depends on a collation, which is not known here.
    return lambda left, right: (
        compare(Decimal(left), Decimal(right)) if _is_number(left) and _is_number(right) else _OPEN
    )


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _are_equal(left: object, right: object) -> object:
    comparable = type(left) is type(right) or (_is_number(left) and _is_number(right))
    return left == right if comparable else _OPEN


def _negate_value(value: object) -> object:
    return value if value is _OPEN else not value


def _are_different(left: object, right: object) -> object:
    return _negate_value(_are_equal(left, right))


def _are_distinct(left: object, right: object) -> object:
    if left is None or right is None:
        return left is not right
    return _are_different(left, right)


def _take_numbers(function: Callable[..., object]) -> Callable[..., object]:
    return lambda *operands: function(*operands) if all(map(_is_number, operands)) else _OPEN


def _take_text(function: Callable[[str], object]) -> Callable[[object], object]:
    return lambda text: function(text) if isinstance(text, str) and text.isascii() else _OPEN


_OWN_ORDER: Mapping[str, Callable[[Operation, Mapping[str, object]], object]] = {
    "AND": _evaluate_junction,
    "OR": _evaluate_junction,
    "= ANY": _evaluate_membership,
    "<> ALL": _evaluate_membership,
    "cast": _evaluate_cast,
}
_ANSWERS_NULL: Mapping[str, Callable[..., object]] = {
    "IS NULL": lambda value: value is None,
    "IS NOT NULL": lambda value: value is not None,
    "IS TRUE": lambda value: value is True,
    "IS NOT TRUE": lambda value: value is not True,
    "IS FALSE": lambda value: value is False,
    "IS NOT FALSE": lambda value: value is not False,
    "IS DISTINCT": _are_distinct,
    "IS NOT DISTINCT": lambda left, right: _negate_value(_are_distinct(left, right)),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
}
_STRICT: Mapping[str, Callable[..., object]] = {
    "NOT": lambda value: not value if isinstance(value, bool) else _OPEN,
    "=": _are_equal,
    "<>": _are_different,
    "<": _make_comparison(operator.lt),
    ">": _make_comparison(operator.gt),
    "<=": _make_comparison(operator.le),
    ">=": _make_comparison(operator.ge),
    "+": _take_numbers(amounts.add),
    "-": _take_numbers(lambda *operands: amounts.subtract(*(Decimal(0), *operands)[-2:])),
    "*": _take_numbers(amounts.multiply),
    "abs": _take_numbers(amounts.absolute),
    "lower": _take_text(str.lower),
    "upper": _take_text(str.upper),
    "btrim": _take_text(lambda text: text.strip(" ")),
    **dict.fromkeys(
        ("length", "char_length", "character_length"), _take_text(lambda text: Decimal(len(text)))
    ),
}
