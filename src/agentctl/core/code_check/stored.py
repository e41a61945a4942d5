"""Tells what a literal is once it stands in a column: the value that a CHECK sees.

Where PostgreSQL would round it, pad it or read it in ways of its own, nobody tells.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from agentctl.core.code_check.literals import NUMBER, WHOLE, explain_refusal, text_of
from agentctl.core.code_check.reading.uses import CodeLiteral
from agentctl.core.code_check.types import INTEGERS, Type

UNKNOWN = object()
"""A value that cannot be told."""


def read_stored(literal: CodeLiteral, type_: Type, *, sql: bool) -> object:
    """Return the value that a CHECK would see, None for NULL; `UNKNOWN` where that is in doubt."""
    if literal == CodeLiteral():
        return None
    text = text_of(literal, sql=sql, base=type_.base)
    if text is None or explain_refusal(literal, type_, sql=sql):
        return UNKNOWN
    if type_.labels is not None:
        return text
    read = _READERS.get(type_.base)
    # JavaScript writes fractions a little otherwise.
    odd = isinstance(literal.value, float) and type_.base not in {*INTEGERS, "numeric"}
    return UNKNOWN if read is None or odd else read(text, type_)


def _read_whole(text: str, _: Type) -> object:
    return Decimal(text) if WHOLE.fullmatch(text) else UNKNOWN


def _read_number(text: str, type_: Type) -> object:
    """Return a number that PostgreSQL need not round."""
    if not NUMBER.fullmatch(text):
        return UNKNOWN
    value = Decimal(text)
    scale = type_.digits[1] if type_.digits else 0 if type_.is_domain else None
    return value if scale is None or _count_decimals(value) <= scale else UNKNOWN


def _count_decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if value and isinstance(exponent, int) else 0


def _read_truth(text: str, _: Type) -> object:
    return {"true": True, "false": False}.get(text, UNKNOWN)


def _read_text(text: str, type_: Type) -> object:
    # Blanks at the end may be cut off, down to the length of a domain that nobody tells.
    return UNKNOWN if text.endswith(" ") and type_.base == "character varying" else text


_READERS: Mapping[str, Callable[[str, Type], object]] = {
    **dict.fromkeys(INTEGERS, _read_whole),
    "numeric": _read_number,
    "boolean": _read_truth,
    "text": _read_text,
    "character varying": _read_text,
}
