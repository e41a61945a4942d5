"""Reads JSON of others exactly, so that its value can be walked by recursion and written again.

`parse_json` refuses any other JSON, and `read_stored_json` returns its text. `find_member` and `list_members`
follow a path of names, whatever stands there. No number passes through a float, which would change some of
them. It knows neither webhooks nor databases.
"""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

DEEPEST = 100
"""The levels of nesting that the program can walk by recursion."""

_CONTAINERS = (dict, list)


class JsonNumber(Decimal):
    """A number with a fraction or an exponent, exactly as a JSON document has it.

    `write_json` writes it as a number. A plain Decimal, an amount of credits, is something else.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Write it as people do: libraries quote values in their messages."""
        return str(self)


def is_shallow(value: object, levels: int = DEEPEST) -> bool:
    """Tell whether a JSON value is nested no deeper than the program can walk by recursion."""
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(levels):
        if not level:
            return True
        level = [
            child for parent in level for child in _list_children(parent) if isinstance(child, _CONTAINERS)
        ]
    return not level


def _list_children(parent: Any) -> Any:
    return parent.values() if isinstance(parent, dict) else parent


def find_member(value: object, *names: str) -> Any:
    """Return what stands at a path of names in a JSON value; None where that leads nowhere."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def list_members(value: object, *names: str) -> list[Any]:
    """Return the list at a path of names in a JSON value; an empty one where there is none."""
    members = find_member(value, *names)
    return members if isinstance(members, list) else []


def parse_json(text: str) -> Any:
    """Return the value of a JSON text that every reader of JSON would understand.

    Raises:
        ValueError: it is not JSON, is nested too deeply, or holds NaN, Infinity or a number that overflows.

    """
    try:
        value = json.loads(text, parse_constant=_refuse_number, parse_float=_parse_finite)
    except RecursionError:
        raise ValueError(DEEPEST) from None
    if not is_shallow(value):
        raise ValueError(DEEPEST)
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(text)


def _parse_finite(text: str) -> JsonNumber:
    return JsonNumber(text) if math.isfinite(float(text)) else _refuse_number(text)


def read_stored_json(text: str | bytes) -> Any:
    """Return the value of a JSON text that a database holds; never raises.

    Numbers beyond a float's range or Python's limit of digits become texts; so does the whole value if it is
    nested too deeply.
    """
    try:
        value = json.loads(text, parse_float=_read_fraction)
    except RecursionError:
        return _show_text(text)
    except ValueError:
        value = _read_with_long_numbers(text)
    return value if is_shallow(value) else _show_text(text)


def _read_with_long_numbers(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_float=_read_fraction, parse_int=_read_whole)
    except (RecursionError, ValueError):  # too deep, or bytes that are no UTF-8
        return _show_text(text)


def _read_fraction(text: str) -> JsonNumber | str:
    return JsonNumber(text) if math.isfinite(float(text)) else text


def _read_whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        return text


def _show_text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode(errors="replace")


def write_json(
    value: object,
    *,
    indent: int | None = None,
    ensure_ascii: bool = True,
    separators: tuple[str, str] | None = None,
    default: Callable[[object], object] | None = None,
) -> str:
    """Write a value as JSON, its numbers as they were read.

    Args:
        value: of JSON's types, with JsonNumber for fractions.
        indent: the blanks of a level; None for one line.
        ensure_ascii: escape every other character.
        separators: what stands between members, and behind a name; the usual ones have a blank.
        default: makes JSON of any other value; without it they are refused.

    Raises:
        TypeError: a value is of no type of JSON's.
        ValueError: a float is NaN or infinite.

    """
    import simplejson  # noqa: PLC0415 - not every command writes JSON

    def make_plain(other: object) -> object:
        if isinstance(other, JsonNumber):
            return simplejson.RawJSON(str(other))
        if default is None:
            raise TypeError(f"{type(other).__name__} cannot be written as JSON")
        return default(other)

    return str(
        simplejson.dumps(
            value,
            indent=indent,
            ensure_ascii=ensure_ascii,
            separators=separators,
            default=make_plain,
            use_decimal=False,
            namedtuple_as_object=False,
            allow_nan=False,
        )
    )
