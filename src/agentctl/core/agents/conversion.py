"""Turns text that a person typed into the JSON value that a field takes.

It says why a text does not fit; validation.py judges whether the field allows the value.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping

from agentctl.core.agents.form import Field, FieldKind, spell_value
from agentctl.core.hint_text import quote_briefly
from agentctl.core.strict_json import JsonNumber, is_shallow

_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
_TOO_LARGE = "is JSON with a number that is too large"


class Unfit(ValueError):
    """A text or a JSON document does not fit; the message says why."""


def convert(field: Field, text: str) -> object:
    """Return the JSON value of a text for a field.

    Raises:
        Unfit: it has no such value.

    """
    require_unicode(text)
    return _CONVERTERS.get(field.kind, _keep_text)(field, text)


def require_unicode(text: str) -> None:
    """Refuse bytes of a command line or a terminal that are not UTF-8: Python hides them in lone surrogates.

    Raises:
        Unfit: the text has such bytes.

    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("is not UTF-8 text") from None


def read_json(text: str) -> object:
    """Read JSON strictly: no NaN, no number beyond a double's range, no repeated key, no deep nesting.

    Raises:
        Unfit: it is not such JSON; the message says why.

    """
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_parse_fraction,
            parse_int=_parse_whole,
            object_pairs_hook=_require_unique_keys,
        )
        shallow = is_shallow(value)
    except json.JSONDecodeError as error:
        raise Unfit(f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        shallow = False
    if not shallow:
        raise Unfit("is JSON that is nested too deeply")
    return value


def _keep_text(_field: Field, text: str) -> object:
    return text


def _convert_number(field: Field, text: str) -> object:
    plain = text.strip()
    try:
        value = read_json(plain[1:] if plain[:1] == "+" and plain[1:2].isdigit() else plain)
    except Unfit:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | JsonNumber):
        raise Unfit(f"{_quote_text(field, text)} is not a number")
    return value


def _convert_checkbox(field: Field, text: str) -> object:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise Unfit(f"{_quote_text(field, text)} is neither yes nor no")
    return word in _YES


def _quote_text(field: Field, text: str) -> str:
    return "the value" if field.secret else quote_briefly(text)


def _convert_choices(field: Field, text: str) -> object:
    choices = _Choices(field)
    if whole := list(choices.find_value(text)):  # a choice that has a comma in it
        return whole
    return [next(choices.find_value(part.strip()), part.strip()) for part in text.split(",") if part.strip()]


def _convert_choice(field: Field, text: str) -> object:
    return next(_Choices(field).find_value(text), text)  # validation names the options


class _Choices:
    """Finds options of a field by name; an index makes the look-up of many texts fast."""

    def __init__(self, field: Field) -> None:
        self._by_spelling: list[tuple[Callable[[str], str], dict[str, list[object]]]] = []
        for spelling in (str, str.casefold):
            for name_of in (lambda option: spell_value(option.value), lambda option: option.label):
                values: dict[str, list[object]] = {}
                for option in field.options:
                    values.setdefault(spelling(name_of(option)), []).append(option.value)
                self._by_spelling.append((spelling, values))

    def find_value(self, text: str) -> Iterator[object]:
        """Yield the option that a text names, by value or by label; case is ignored where that is clear."""
        for spelling, values in self._by_spelling:
            if len(several := values.get(spelling(text), [])) == 1:
                yield several[0]
                return


def _convert_json(_field: Field, text: str) -> object:
    return read_json(text)


_CONVERTERS: Mapping[FieldKind, Callable[[Field, str], object]] = {
    FieldKind.NUMBER: _convert_number,
    FieldKind.INTEGER: _convert_number,
    FieldKind.CHECKBOX: _convert_checkbox,
    FieldKind.SELECT: _convert_choice,
    FieldKind.MULTISELECT: _convert_choices,
    FieldKind.JSON: _convert_json,
}


def _refuse_constant(name: str) -> object:
    raise Unfit(f"is JSON with {name}, which is not a number")


def _parse_fraction(text: str) -> JsonNumber:
    if not math.isfinite(float(text)):
        raise Unfit(_TOO_LARGE)
    return JsonNumber(text)


def _parse_whole(text: str) -> int:
    try:
        number = int(text)
        float(number)
    except (ValueError, OverflowError):  # Python refuses to read one of thousands of digits
        raise Unfit(_TOO_LARGE) from None
    return number


def _require_unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise Unfit(f"is JSON that has {quote_briefly(name)} twice")
        members[name] = value
    return members
