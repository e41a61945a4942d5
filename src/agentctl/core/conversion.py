"""Text that a person typed, turned into the JSON value that a field takes.

It says why a text does not fit; whether a value is allowed at all is for validation.py to judge.
"""

import json
import math
from collections.abc import Callable, Mapping

from agentctl.core.forms import Field, FieldKind

_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})


class Unfit(ValueError):
    """A text or a JSON document is not what it should be; the message says what it is not."""


def convert(field: Field, text: str) -> object:
    """Return the JSON value of a text for a field.

    Raises:
        Unfit: it has none.

    """
    if field.options and field.kind is not FieldKind.MULTISELECT:
        return _choice(field, text)
    return _CONVERTERS.get(field.kind, _as_it_is)(field, text)


def read_json(text: str) -> object:
    """Read JSON strictly: no NaN, no number beyond a double's range, no key twice, no endless nesting.

    Raises:
        Unfit: it is none.

    """
    try:
        return json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        msg = f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise Unfit(msg) from None
    except RecursionError:
        msg = "is JSON that is nested too deeply"
        raise Unfit(msg) from None
    except Unfit:
        raise
    except ValueError:  # a whole number with thousands of digits
        msg = "is JSON with a number that is too long"
        raise Unfit(msg) from None


def _as_it_is(_field: Field, text: str) -> object:
    return text


def _number(_field: Field, text: str) -> object:
    try:
        value = read_json(text.strip().removeprefix("+"))
    except Unfit:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{text!r} is not a number"
        raise Unfit(msg)
    return value


def _checkbox(_field: Field, text: str) -> object:
    word = text.strip().lower()
    if word not in _YES | _NO:
        msg = f"{text!r} is neither yes nor no"
        raise Unfit(msg)
    return word in _YES


def _multiselect(field: Field, text: str) -> object:
    return [_choice(field, part.strip()) for part in text.split(",") if part.strip()]


def _choice(field: Field, text: str) -> object:
    """Find the option by its value or its label; in any case where that is not ambiguous."""
    for spelling in (str, str.casefold):
        found = [
            option.value
            for option in field.options
            if spelling(text) in {spelling(str(option.value)), spelling(option.label)}
        ]
        if len(found) == 1:
            return found[0]
    return text  # validation names the options


def _json(_field: Field, text: str) -> object:
    return read_json(text)


_CONVERTERS: Mapping[FieldKind, Callable[[Field, str], object]] = {
    FieldKind.NUMBER: _number,
    FieldKind.INTEGER: _number,
    FieldKind.CHECKBOX: _checkbox,
    FieldKind.MULTISELECT: _multiselect,
    FieldKind.JSON: _json,
}


def _refuse_constant(name: str) -> object:
    msg = f"is JSON with {name}, which is no number"
    raise Unfit(msg)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        msg = f"is JSON with the number {text}, which is too large"
        raise Unfit(msg)
    return number


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"is JSON that has {twice!r} twice"
        raise Unfit(msg)
    return dict(pairs)
