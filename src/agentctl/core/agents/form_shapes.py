"""Tells the shapes apart in which applications keep a form: a list, an object of fields, a JSON Schema.

Each may stand under a key. What is none of them is not taken for a form that is empty.
"""

from collections.abc import Mapping
from typing import Any

from agentctl.core.hint_text import shorten
from agentctl.core.strict_json import is_shallow

_WRAPPERS = (
    *("fields", "inputs", "form", "form_fields", "input_fields", "questions", "items", "elements"),
    *("schema", "json_schema", "jsonSchema", "input_schema", "inputSchema", "definition"),
)
_SCHEMA_WORDS: Mapping[str, type | tuple[type, ...]] = {
    "$schema": str,
    "$ref": str,
    "$defs": dict,
    "definitions": dict,
    "type": (str, list),
    "properties": dict,
    "patternProperties": dict,
    "required": list,
    "additionalProperties": (bool, dict),
    "allOf": list,
    "anyOf": list,
    "oneOf": list,
    "if": dict,
    "not": dict,
    "minProperties": int,
    "maxProperties": int,
    "propertyNames": dict,
}
"""What a JSON Schema of an object has at its top, and of which type."""
_FIELD_WORDS = frozenset(
    {"type", "label", "title", "required", "default", "options", "enum", "placeholder", "description", "help"}
)

_TYPE_NAMES = frozenset(
    {"string", "text", "textarea", "number", "integer", "boolean", "checkbox", "date", "url"}
)


class NoForm(Exception):
    """A value is no form; the message says what it is instead."""


def find_form(raw: object) -> list[Any] | dict[str, Any]:
    """Return the list of fields or the JSON Schema that a value holds, in whatever shape.

    Raises:
        NoForm: it holds neither.

    """
    if not is_shallow(raw):
        raise NoForm("it is nested too deeply")
    if raw is None or isinstance(raw, list):
        return raw or []
    if not isinstance(raw, dict):
        raise NoForm("it is neither a list of fields nor a JSON Schema")
    is_schema = not raw or _is_json_schema(raw)
    for key in _WRAPPERS:
        wrapped = raw.get(key)
        is_object = isinstance(wrapped, dict) and not is_schema and not _is_field(wrapped)
        if is_object or isinstance(wrapped, list):
            return find_form(wrapped)
    if is_schema:
        return raw
    if all(map(_is_field, raw.values())):
        return [_make_item(name, field) for name, field in raw.items()]
    keys = ", ".join(list(raw)[:5])
    raise NoForm(f"it is an object with {shorten(keys)}, neither fields nor a JSON Schema")


def _is_json_schema(raw: Mapping[str, object]) -> bool:
    """Whether an object has a word of JSON Schema's, used as there; a field may be called so, too."""
    words = (name for name, kinds in _SCHEMA_WORDS.items() if isinstance(raw.get(name), kinds))
    return any(name != "properties" or not _is_field(raw[name]) for name in words)


def _is_field(value: object) -> bool:
    """Whether a value describes one field: by words of forms, or by the name of its type."""
    if isinstance(value, str):
        return value.lower() in _TYPE_NAMES
    if not isinstance(value, dict) or _FIELD_WORDS.isdisjoint(value):
        return False
    return isinstance(value.get("type", ""), str) and not isinstance(value.get("properties"), dict)


def _make_item(name: str, field: object) -> dict[str, object]:
    if isinstance(field, str):
        return {"name": name, "type": field.lower()}
    assert isinstance(field, dict)  # noqa: S101 - as _is_field has seen
    renamed = {
        "label": field.get("label", field.get("title")),
        "options": field.get("options", field.get("enum")),
    }
    return {**field, **{key: value for key, value in renamed.items() if value is not None}, "name": name}
