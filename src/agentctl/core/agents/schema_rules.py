"""JSON Schema as agents use it: which draft applies, whether a schema is valid, and what checking may cost.

Somebody may have written a schema in order to keep a checker busy for ever. A schema is light if its content
bounds the work; any other is checked in a process that can be ended (bounded_judging.py).
"""

import math
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from agentctl.core.agents.ecma_patterns import translate_schema
from agentctl.core.hint_text import shorten
from agentctl.core.strict_json import JsonNumber

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# Room for every quotient of two doubles.
_EXACT = Context(prec=2000, Emax=999_999, Emin=-999_999, traps=[])
_HEAVY_KEYWORDS = frozenset(
    {
        *("pattern", "patternProperties"),  # a regular expression may take exponential time
        *("$ref", "$dynamicRef", "$recursiveRef"),  # each may double what the last one has doubled
        *("unevaluatedItems", "unevaluatedProperties"),  # these judge nested values again
    }
)
_MOST_NODES = 3000
_LONGEST_TEXTS = 50_000  # characters
_MOST_WORK = 10**6  # a node of the schema beside two nodes of the inputs, as `uniqueItems` compares them


def is_light(schema: object, inputs: object = None) -> bool:
    """Tell whether checking inputs against a schema, or the schema itself, takes a second at most."""
    nodes = characters = 0
    for node in _list_nodes(schema):
        nodes += 1
        characters += len(node) if isinstance(node, str) else 0
        if nodes > _MOST_NODES or characters > _LONGEST_TEXTS:
            return False
        if isinstance(node, dict) and not _HEAVY_KEYWORDS.isdisjoint(node):
            return False
    most = math.isqrt(_MOST_WORK // (nodes or 1))
    return sum(1 for _ in islice(_list_nodes(inputs), most + 1)) <= most


def _list_nodes(value: object) -> Iterator[object]:
    """Yield a JSON value and everything in it, names included."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, dict):
            waiting += [*node, *node.values()]
        elif isinstance(node, list):
            waiting += node


def validator_class(schema: Mapping[str, object]) -> type["Validator"]:
    """Return the validator for the draft that a JSON Schema names, or for the latest.

    Raises:
        ValueError: its $schema is not an address.

    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only agents with a form pay
    from jsonschema.validators import validator_for  # noqa: PLC0415 - likewise

    named = isinstance(schema.get("$schema"), str)
    return _judge_exactly(
        validator_for(schema, default=Draft202012Validator) if named else Draft202012Validator
    )


def _judge_exactly(validator: type["Validator"]) -> type["Validator"]:
    """Let a validator judge numbers with a fraction as they are written, where jsonschema expects floats."""
    from jsonschema import validators  # noqa: PLC0415 - only agents with a form pay

    types: Any = validator.TYPE_CHECKER
    extend: Any = validators.extend
    exact: Any = extend(
        validator,
        validators={"multipleOf": _find_remainder},
        type_checker=types.redefine("integer", lambda _, value: _is_whole(value)),
    )
    return cast('type["Validator"]', exact)


def _is_whole(value: object) -> bool:
    if isinstance(value, JsonNumber):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _find_remainder(validator: Any, factor: Any, value: Any, _schema: object) -> Iterator["ValidationError"]:
    from jsonschema import ValidationError  # noqa: PLC0415 - only agents with a form pay

    if validator.is_type(value, "number") and _EXACT.remainder(Decimal(value), Decimal(factor)):
        yield ValidationError(f"{value!r} is not a multiple of {factor}")


def find_fault(schema: Mapping[str, object]) -> str | None:
    """Return why a value is no JSON Schema, and where; None if it is one."""
    from jsonschema import SchemaError  # noqa: PLC0415 - only agents with a form pay

    try:
        judge = validator_class(schema)
    except ValueError:
        return "its $schema is not a URL"
    try:
        judge.check_schema(python_schema(schema).rules)
    except SchemaError as error:
        location = ".".join(str(part) for part in error.absolute_path)
        return f"{shorten(location) or 'it'} is not a JSON Schema: {shorten(error.message)}"
    except Exception as error:  # noqa: BLE001 - what a schema of somebody else's can make it raise is open
        return f"it is not a JSON Schema: {shorten(str(error)) or type(error).__name__}"
    return None


class PythonSchema(Struct, frozen=True):
    """A JSON Schema with Python's patterns; `written` maps each to the pattern that its author wrote."""

    rules: dict[str, Any]
    written: Mapping[str, str]


def python_schema(schema: Mapping[str, object]) -> PythonSchema:
    """Translate the patterns of a schema.

    Raises:
        ValueError: a pattern uses something that Python does not know.

    """
    written: dict[str, str] = {}
    rules: Any = translate_schema(schema, written)
    return PythonSchema(rules, written)
