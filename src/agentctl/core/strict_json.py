"""Reads JSON that others have written, so that whatever comes of it can be walked and written again.

It knows neither webhooks nor databases. What Python cannot hold exactly, or not at all, stays text.
"""

import json
import math
from typing import Any

DEEPEST = 100
"""Levels of nesting that others in this program walk by recursion."""

_CONTAINERS = (dict, list)


def is_shallow(value: object, levels: int = DEEPEST) -> bool:
    """Tell whether a JSON value is nested no deeper than the program can walk by recursion."""
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(levels):
        if not level:
            return True
        level = [child for parent in level for child in _children(parent) if isinstance(child, _CONTAINERS)]
    return not level


def _children(parent: Any) -> Any:
    return parent.values() if isinstance(parent, dict) else parent


def read_stored_json(text: str | bytes) -> Any:
    """Return the value of a JSON text that a database holds; never raises.

    Numbers beyond a float's range or Python's limit of digits become texts; so does the whole where it is
    nested too deeply, since nobody here could walk it.
    """
    try:
        value = json.loads(text, parse_float=_read_fraction)
    except RecursionError:
        return _spell(text)
    except ValueError:
        value = _read_with_long_numbers(text)
    return value if is_shallow(value) else _spell(text)


def _read_with_long_numbers(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_float=_read_fraction, parse_int=_read_whole)
    except (RecursionError, ValueError):  # too deep, or bytes that are no UTF-8
        return _spell(text)


def _read_fraction(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _read_whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts
        return text


def _spell(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode(errors="replace")
