"""Judges inputs by a form: every problem at once, each in a sentence that begins with the input's name.

It changes nothing and asks nobody.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agentctl.core.errors import SchemaLacks
from agentctl.core.forms import Form

if TYPE_CHECKING:
    from jsonschema import FormatChecker, ValidationError

_EMAIL = re.compile(r"[^@\s]+@([^@\s.]+\.)*[^@\s.]+")
_LONGEST = 60  # characters of a value in a message
_FORMATS = {"email": "an e-mail address", "uri": "a web address", "date": "a date such as 2026-11-30"}
_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "a text",
    "array": "a list",
    "object": "an object",
}


def problems_of(form: Form, inputs: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the inputs, one line a problem; nothing where all is well.

    Raises:
        SchemaLacks: the agent's JSON Schema cannot be used, because it refers elsewhere for instance.

    """
    if not form.schema:
        return []
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only agents with a form pay for it
    from referencing import Registry  # noqa: PLC0415 - likewise

    # An empty registry: without one, jsonschema would fetch what a `$ref` names.
    validator = Draft202012Validator(form.schema, registry=Registry(), format_checker=_formats())
    try:
        errors = sorted(validator.iter_errors(inputs), key=lambda error: [str(part) for part in error.path])
        return [line for error in errors for line in _lines(form, error)]
    except Exception as error:  # noqa: BLE001 - what a schema of somebody else's can make it raise is open
        msg = f"The agent's input_schema cannot be used: {type(error).__name__}."
        raise SchemaLacks(msg, hint="Correct it in the agents table.", code="input_schema") from None


def _lines(form: Form, error: "ValidationError") -> Iterator[str]:
    name = ".".join(str(part) for part in error.absolute_path)
    value = _quoted(error.instance)
    match error.validator:
        case "required":
            yield from _missing(name, error)
        case "minLength" if error.instance == "":
            yield f"{name}: is required"
        case "additionalProperties" if isinstance(error.instance, dict):
            yield from _unknown(form, name, error.instance)
        case "enum":
            yield f"{name}: {value} is not one of {_listed(error.validator_value)}"
        case "type":
            yield f"{name}: {value} is not {_types(error.validator_value)}"
        case "format":
            what = _FORMATS.get(str(error.validator_value), str(error.validator_value))
            yield f"{name}: {value} is not {what}"
        case _:
            yield f"{name or 'inputs'}: {error.message}"


def _missing(name: str, error: "ValidationError") -> Iterator[str]:
    # jsonschema reports each missing name by itself, and says which only in its message.
    for key in error.validator_value if isinstance(error.validator_value, list) else ():
        if error.message.startswith(repr(key)):
            yield f"{_joined(name, key)}: is required"


def _types(wanted: object) -> str:
    kinds = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_TYPES.get(str(kind), str(kind)) for kind in kinds)


def _unknown(form: Form, name: str, given: Mapping[str, object]) -> Iterator[str]:
    known = [field.name for field in form.fields]
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
            yield f"{_joined(name, key)}: is no input of this agent; {hint}"


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _listed(values: object) -> str:
    return ", ".join(map(str, values)) if isinstance(values, Sequence) else str(values)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _formats() -> "FormatChecker":
    from jsonschema import FormatChecker  # noqa: PLC0415 - see problems_of

    checker = FormatChecker(formats=())
    checker.checks("email")(lambda value: not isinstance(value, str) or bool(_EMAIL.fullmatch(value)))
    checker.checks("uri")(lambda value: not isinstance(value, str) or _is_web_address(value))
    checker.checks("date")(lambda value: not isinstance(value, str) or _is_date(value))
    return checker


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
