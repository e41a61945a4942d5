"""Reads JSON that others have written, so that its value can be walked by recursion and written again.

`parse_json` refuses any other JSON, and `read_stored_json` returns its text. `find_member` and `list_members`
follow a path of names, whatever stands there. It knows neither webhooks nor databases.
"""

import json
import math
from typing import Any, NoReturn

DEEPEST = 100
"""The levels of nesting that the program can walk by recursion."""

_CONTAINERS = (dict, list)


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


def _parse_finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


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


def _read_fraction(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _read_whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        return text


def _show_text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode(errors="replace")
