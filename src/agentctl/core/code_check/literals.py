"""Tells which literals a type refuses, as PostgreSQL's input functions do.

PostgREST passes JSON on, of which PostgreSQL takes every scalar as a text for the column's type: '12' is an
integer and 1.5 is none. In SQL only texts are read like that, and numbers are converted. What is in doubt is
taken: a value is refused here only where PostgreSQL refuses it in every version.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from math import isfinite

from agentctl.core.code_check.reading.uses import CodeLiteral, Shape
from agentctl.core.code_check.types import INTEGERS, Type

_BITS = 256
_LONG = 100
_WITH_EXPONENT = 1e21
_SPACE = " \t\n\v\f\r"
WHOLE = re.compile(r"[+-]?[0-9]+")
"""How integers are mostly written; NUMBER: and numbers."""
_SPECIAL_WHOLE = re.compile(r"[+-]?(?:[0-9_]+|0[xob][0-9a-f_]+)", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:e[+-]?[0-9]{1,4})?", re.IGNORECASE)
_SPECIAL_NUMBER = re.compile(
    r"[+-]?(?:0[xob][0-9a-f_.p+-]+|[0-9_]*+\.?[0-9_]*+(?:e[+-]?[0-9_]++)?|nan.*|inf.*)", re.IGNORECASE
)
_UUID = re.compile(r"(\{)?(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}(?(1)\})", re.IGNORECASE)
_TRUTHS = frozenset(
    {*("true"[:end] for end in range(1, 5)), *("false"[:end] for end in range(1, 6))}
    | {*("yes"[:end] for end in range(1, 4)), "n", "no", "on", "of", "off", "1", "0"}
)
_MOMENTS = ("now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs", "zulu")
_OWN_TYPES: Mapping[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({*INTEGERS, "numeric"}),
    float: frozenset({"numeric"}),
}
_TIMES = frozenset(
    {
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
        "time without time zone",
        "time with time zone",
    }
)


def explain_refusal(literal: CodeLiteral, type_: Type, *, sql: bool) -> str | None:
    """Say why a literal, NULL apart, cannot be of a type; None where it can, or where nobody knows.

    Args:
        literal: what the code writes.
        type_: of the column or argument.
        sql: whether it is written in SQL; else it goes through JSON.

    """
    if literal.shape is not None:
        return None if sql else _judge_container(literal.shape, type_)
    text = text_of(literal, sql=sql, base=type_.base)
    if text is None:
        return None
    if type_.base.endswith("[]"):
        return _judge_array(literal, text)
    if type_.labels is not None:
        return None if text in type_.labels else "it has no such label"
    judge = _JUDGES.get(type_.base)
    problem = (judge(text) if judge else None) or _judge_digits(text, type_)
    # JavaScript writes fractions a little otherwise.
    return problem or (None if isinstance(literal.value, float) else _judge_length(text, type_))


def text_of(literal: CodeLiteral, *, sql: bool, base: str) -> str | None:
    """Return what a type's input function would get to read; None for NULL, and where nobody knows."""
    value = literal.value
    if value is None or literal.shape is not None:
        return None
    if isinstance(value, str):
        return value
    if sql and base not in _OWN_TYPES[type(value)]:
        return None  # there are casts, and everybody may add some
    if isinstance(value, bool):
        return str(value).lower()
    return _write_number(value)


def _write_number(value: int | float) -> str | None:  # noqa: PYI041  # else isinstance() would tell nothing
    """Write a number as JavaScript does, which has no type of its own for whole ones."""
    if isinstance(value, int):
        return str(value) if value.bit_length() < _BITS else None
    if value.is_integer() and abs(value) < _WITH_EXPONENT:
        return str(int(value))
    return repr(value) if isfinite(value) else None


def _judge_container(shape: Shape, type_: Type) -> str | None:
    if type_.base.endswith("[]"):
        return "that is not a list" if shape is Shape.OBJECT else None
    if type_.labels is not None:
        alike = any(label.startswith(("{", "[")) for label in type_.labels)
        return None if alike else "it has no such label"
    one_value = type_.base in _JUDGES
    return f"that is not a valid {type_.base}" if one_value else None


def _judge_array(literal: CodeLiteral, text: str) -> str | None:
    is_list = isinstance(literal.value, str) and text.strip(_SPACE).startswith(("{", "["))
    return None if is_list else "that is not a list"


def _judge_whole(text: str, *, name: str) -> str | None:
    stripped = text.strip(_SPACE)
    if not WHOLE.fullmatch(stripped):
        return None if _SPECIAL_WHOLE.fullmatch(stripped) else f"that is not a valid {name}"
    digits, limit = stripped.lstrip("+-").lstrip("0"), 2 ** (INTEGERS[name] - 1)
    fits = len(digits) < _LONG and -limit <= int(stripped) < limit
    return None if fits else f"that is outside the range of {name}"


def _judge_number(text: str) -> str | None:
    stripped = text.strip(_SPACE)
    plain = NUMBER.fullmatch(stripped) or (stripped and _SPECIAL_NUMBER.fullmatch(stripped))
    return None if plain else "that is not a number"


def _judge_uuid(text: str) -> str | None:
    return None if _UUID.fullmatch(text) else "that is not a UUID"


def _judge_truth(text: str) -> str | None:
    return None if text.strip(_SPACE).lower() in _TRUTHS else "that is neither true nor false"


def _judge_moment(text: str) -> str | None:
    """Judge by what every time has: a digit, or one of a few words."""
    has = any(character.isdigit() for character in text) or any(word in text.lower() for word in _MOMENTS)
    return None if has else "that is not a date or time"


def _judge_digits(text: str, type_: Type) -> str | None:
    if type_.digits is None or not NUMBER.fullmatch(text.strip(_SPACE)):
        return None
    value, (precision, scale) = Decimal(text.strip(_SPACE)), type_.digits
    fits = value == 0 or value.adjusted() < precision - scale
    return None if fits else "that has too many digits"


def _judge_length(text: str, type_: Type) -> str | None:
    if type_.length is None or any("\ud800" <= character <= "\udfff" for character in text):
        return None
    # PostgreSQL takes superfluous blanks off.
    fits = len(text.rstrip(" ")) <= type_.length
    return None if fits else f"that is longer than {type_.length} characters"


_JUDGES: Mapping[str, Callable[[str], str | None]] = {
    **{name: partial(_judge_whole, name=name) for name in INTEGERS},
    **dict.fromkeys(("numeric", "real", "double precision"), _judge_number),
    **dict.fromkeys(_TIMES, _judge_moment),
    "uuid": _judge_uuid,
    "boolean": _judge_truth,
}
