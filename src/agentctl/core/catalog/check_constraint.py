"""Judges what a CHECK constraint would say to a row, without asking the database.

Where the row leaves something open, or the constraint says something that is not understood, the answer is
that nobody knows. It never raises, and never guesses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache

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
_ORDERED = (int, Decimal)
_SPELLED_ANYHOW = re.compile("time|date|interval|double|real|uuid|json|bytea|money|bit|inet|char")


@dataclass(frozen=True)
class Check:
    """A CHECK constraint, as a table or a domain has it.

    Attributes:
        definition: as pg_get_constraintdef prints it.
        parsed: what the one who wrote the definition knows that it means; None for PostgreSQL's own print.

    """

    definition: str
    parsed: Expression | None = field(default=None, compare=False, repr=False)

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
        """Whether anything can be said of it."""
        return not isinstance(self.expression, Unknown)

    def literals(self, column: str) -> tuple[str, ...]:
        """Return the texts that a column is compared with, in their order."""
        found = (
            text
            for part in walk(self.expression)
            if isinstance(part, Operation) and part.name in {"=", "<>", "= ANY", "<> ALL"}
            if column in {inner.name for inner in walk(part) if isinstance(inner, Name)}
            for text in _texts(part)
        )
        return tuple(dict.fromkeys(found))

    def holds(self, values: Mapping[str, object]) -> bool | None:
        """Say whether PostgreSQL would take a row; None where that depends on what is not known.

        Args:
            values: by column; None is NULL, and what is left out may be anything.

        """
        result = _value(self.expression, values)
        if result is _OPEN:
            return None
        return result is not False


@lru_cache(maxsize=4096)
def _parse_definition(definition: str) -> Expression:
    check = _CHECK.fullmatch(definition)
    return parse_expression(check["expression"]) if check else Unknown()


def _texts(part: Operation) -> list[str]:
    """Return the texts in a comparison, but for the names of types."""
    found: list[str] = []
    for operand in part.operands:
        if isinstance(operand, Literal) and isinstance(operand.value, str):
            found.append(operand.value)
        elif isinstance(operand, Operation) and operand.name == "cast":
            found += _texts(Operation("", operand.operands[:1]))
        elif isinstance(operand, Operation) and operand.name == "ARRAY":
            found += _texts(operand)
    return found


def _value(expression: Expression, values: Mapping[str, object]) -> object:
    match expression:
        case Literal(value):
            return value
        case Name(name):
            return values.get(name, _OPEN)
        case Operation(name) if name in _OWN_ORDER:
            return _OWN_ORDER[name](expression, values)
        case Operation(name, operands):
            return _applied(name, [_value(operand, values) for operand in operands])
    return _OPEN


def _applied(name: str, operands: list[object]) -> object:
    """Apply an operator or function to values; of NULL comes NULL, whatever the other operand is."""
    function = _ANSWERS_NULL.get(name) or _STRICT.get(name)
    if function is None:
        return _OPEN
    if name in _STRICT and None in operands:
        return None
    try:
        return _OPEN if _OPEN in operands else function(*operands)
    except (TypeError, ArithmeticError):  # values of other types than PostgreSQL would have here
        return _OPEN


def _junction(expression: Operation, values: Mapping[str, object]) -> object:
    operands = [_value(one, values) for one in expression.operands]
    return _joined(operands, dominant=expression.name == "OR")


def _joined(operands: list[object], *, dominant: bool) -> object:
    """Return AND or OR in SQL's logic: one dominant value decides, whatever the others are."""
    if any(one is dominant for one in operands):
        return dominant
    if _OPEN in operands:
        return _OPEN
    return None if None in operands else not dominant


def _among(expression: Operation, values: Mapping[str, object]) -> object:
    left, right = expression.operands
    while isinstance(right, Operation) and right.name == "cast":
        right = right.operands[0]
    if not isinstance(right, Operation) or right.name != "ARRAY":
        return _OPEN
    name = "=" if expression.name == "= ANY" else "<>"
    each = [_value(Operation(name, (left, item)), values) for item in right.operands]
    return _joined(each, dominant=name == "=") if each else name != "="


def _cast(expression: Operation, values: Mapping[str, object]) -> object:
    value, (_, kind) = _value(expression.operands[0], values), expression.operands
    name = str(kind.value) if isinstance(kind, Literal) else ""
    if value is None or value is _OPEN:
        return value
    if isinstance(value, bool):
        return value if name == "boolean" else _OPEN
    if isinstance(value, int | Decimal):
        return value if name == "numeric" or (name in _NUMBERS and _is_whole(value)) else _OPEN
    return _read(value, name) if isinstance(value, str) else _OPEN


def _is_whole(number: int | Decimal) -> bool:
    """Whether it is a whole number; asking `int` would write out all the digits of 1e99999999."""
    decimal = Decimal(number)
    return decimal.is_finite() and decimal == decimal.to_integral_value()


def _read(text: str, kind: str) -> object:
    """Return what a text is as a value of a type."""
    if kind == "boolean":
        return {"true": True, "t": True, "false": False, "f": False}.get(text, _OPEN)
    if kind in _NUMBERS:
        try:
            return Decimal(text)
        except ArithmeticError:
            return _OPEN
    # A text stays what it is as a text, and as a label of an enum; as a time it may be spelled anyhow.
    return text if (kind in _TEXTS or not _SPELLED_ANYHOW.match(kind)) and "(" not in kind else _OPEN


def _ordered(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[object, object], object]:
    def judge(left: object, right: object) -> object:
        numbers = [one for one in (left, right) if isinstance(one, _ORDERED) and not isinstance(one, bool)]
        # How texts sort depends on a collation that nobody here knows.
        return (
            compare(Decimal(numbers[0]), Decimal(numbers[1])) if len(numbers) == len((left, right)) else _OPEN
        )

    return judge


def _equal(left: object, right: object) -> object:
    comparable = type(left) is type(right) or (
        isinstance(left, _ORDERED)
        and isinstance(right, _ORDERED)
        and not isinstance(left, bool)
        and not isinstance(right, bool)
    )
    return left == right if comparable else _OPEN


def _negate(value: object) -> object:
    return value if value is _OPEN else not value


def _differ(left: object, right: object) -> object:
    return _negate(_equal(left, right))


def _distinct(left: object, right: object) -> object:
    if left is None or right is None:
        return left is not right
    return _differ(left, right)


def _number(function: Callable[..., object]) -> Callable[..., object]:
    def reckon(*operands: object) -> object:
        if not all(isinstance(one, _ORDERED) and not isinstance(one, bool) for one in operands):
            return _OPEN
        try:
            return function(*operands)
        except ArithmeticError:  # more digits than anybody's number has
            return _OPEN

    return reckon


def _text(function: Callable[[str], object]) -> Callable[..., object]:
    return lambda *operands: (
        function(operands[0])
        if len(operands) == 1 and isinstance(operands[0], str) and operands[0].isascii()
        else _OPEN
    )


_OWN_ORDER: Mapping[str, Callable[[Operation, Mapping[str, object]], object]] = {
    "AND": _junction,
    "OR": _junction,
    "= ANY": _among,
    "<> ALL": _among,
    "cast": _cast,
}
_ANSWERS_NULL: Mapping[str, Callable[..., object]] = {
    "IS NULL": lambda value: value is None,
    "IS NOT NULL": lambda value: value is not None,
    "IS TRUE": lambda value: value is True,
    "IS NOT TRUE": lambda value: value is not True,
    "IS FALSE": lambda value: value is False,
    "IS NOT FALSE": lambda value: value is not False,
    "IS DISTINCT": _distinct,
    "IS NOT DISTINCT": lambda left, right: _negate(_distinct(left, right)),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
}
_STRICT: Mapping[str, Callable[..., object]] = {
    "NOT": lambda value: not value if isinstance(value, bool) else _OPEN,
    "=": _equal,
    "<>": _differ,
    "<": _ordered(lambda left, right: left < right),
    ">": _ordered(lambda left, right: left > right),
    "<=": _ordered(lambda left, right: left <= right),
    ">=": _ordered(lambda left, right: left >= right),
    "+": _number(amounts.add),
    "-": _number(lambda *operands: amounts.subtract(*(Decimal(0), *operands)[-2:])),
    "*": _number(amounts.multiply),
    "abs": _number(amounts.absolute),
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "btrim": _text(lambda text: text.strip(" ")),
    "length": _text(lambda text: Decimal(len(text))),
    "char_length": _text(lambda text: Decimal(len(text))),
    "character_length": _text(lambda text: Decimal(len(text))),
}
