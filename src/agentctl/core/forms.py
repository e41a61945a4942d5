"""An agent's form: what stands in input_schema, as fields to ask for and as one JSON Schema to judge by.

A form array is translated into JSON Schema, so that both kinds are judged by one mechanism. It asks nobody
and fetches nothing: a `$ref` to another place is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agentctl.core.errors import SchemaLacks

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class FieldKind(StrEnum):
    """The kinds of fields that forms have."""

    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    INTEGER = "integer"
    SELECT = "select"
    MULTISELECT = "multiselect"
    CHECKBOX = "checkbox"
    URL = "url"
    EMAIL = "email"
    DATE = "date"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: the JSON value that is sent, and what people see."""

    value: object
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One input; `default` is None where there is none."""

    name: str
    label: str
    kind: FieldKind
    required: bool
    options: tuple[Option, ...] = ()
    default: object = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an agent, and the JSON Schema that its inputs must meet; an empty one takes anything."""

    fields: tuple[Field, ...]
    schema: Mapping[str, object]

    def field(self, name: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


_SCHEMAS: Mapping[FieldKind, Mapping[str, object]] = {
    FieldKind.NUMBER: {"type": "number"},
    FieldKind.INTEGER: {"type": "integer"},
    FieldKind.CHECKBOX: {"type": "boolean"},
    FieldKind.URL: {"type": "string", "format": "uri"},
    FieldKind.EMAIL: {"type": "string", "format": "email"},
    FieldKind.DATE: {"type": "string", "format": "date"},
}
_FORMATS = {"uri": FieldKind.URL, "url": FieldKind.URL, "email": FieldKind.EMAIL, "date": FieldKind.DATE}
_TYPES = {
    "number": FieldKind.NUMBER,
    "integer": FieldKind.INTEGER,
    "boolean": FieldKind.CHECKBOX,
    "string": FieldKind.TEXT,
}


def read_form(raw: object) -> Form:
    """Read what stands in input_schema: nothing, form fields, or a JSON Schema.

    Args:
        raw: decoded JSON, or a text that holds JSON.

    Raises:
        SchemaLacks: it is none of these.

    """
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError):
            raise _unreadable("it is text that is no JSON") from None
    if isinstance(raw, dict) and isinstance(raw.get("fields"), list):
        raw = raw["fields"]
    if raw is None or raw in ([], {}):
        return Form((), {})
    match raw:
        case list():
            fields = tuple(_field(item) for item in raw)
            return Form(fields, _schema_of(fields))
        case dict():
            return _from_json_schema(raw)
    raise _unreadable("it is neither a list of fields nor a JSON Schema")


def _unreadable(why: str) -> SchemaLacks:
    msg = f"The agent's input_schema cannot be understood: {why}."
    return SchemaLacks(msg, hint="Correct it in the agents table.", code="input_schema")


def _field(item: object) -> Field:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise _unreadable("a field has no name")
    kind = item.get("type")
    options = item.get("options") if isinstance(item.get("options"), list) else []
    return Field(
        name=item["name"],
        label=str(item.get("label") or item["name"]),
        kind=FieldKind(kind) if kind in set(FieldKind) else FieldKind.TEXT,
        required=item.get("required") in (True, "true"),
        options=tuple(_option(option) for option in options or ()),
        default=item.get("default"),
        secret=kind == "password",
    )


def _option(option: object) -> Option:
    if isinstance(option, dict) and "value" in option:
        return Option(option["value"], str(option.get("label") or option["value"]))
    return Option(option, str(option))


def _schema_of(fields: tuple[Field, ...]) -> Mapping[str, object]:
    return {
        "$schema": DRAFT,
        "type": "object",
        "properties": {field.name: _property(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> Mapping[str, object]:
    choices = {"enum": [option.value for option in field.options]} if field.options else {}
    if field.kind is FieldKind.MULTISELECT:
        return {"type": "array", "items": choices, "uniqueItems": True}
    if field.kind is FieldKind.SELECT:
        return choices
    schema = _SCHEMAS.get(field.kind, {"type": "string"})
    blank = {"minLength": 1} if field.required and schema.get("type") == "string" else {}
    return {**schema, **blank}


def _from_json_schema(raw: dict[str, object]) -> Form:
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - only agents with a form pay

    try:
        Draft202012Validator.check_schema(raw)
    except SchemaError as error:
        raise _unreadable(f"as a JSON Schema, {error.message}") from None
    except RecursionError:
        raise _unreadable("it is nested too deeply") from None
    properties = raw.get("properties")
    required = raw.get("required")
    names = required if isinstance(required, list) else []
    fields = tuple(
        _field_of(name, schema, required=name in names)
        for name, schema in (properties if isinstance(properties, dict) else {}).items()
    )
    return Form(fields, raw)


def _field_of(name: str, schema: object, *, required: bool) -> Field:
    own = schema if isinstance(schema, dict) else {}
    return Field(
        name=name,
        label=str(own.get("title") or name),
        kind=_kind_of(own),
        required=required,
        options=tuple(_option(value) for value in _choices(own)),
        default=own.get("default"),
        secret=own.get("writeOnly") is True or own.get("format") == "password",
    )


def _kind_of(schema: Mapping[str, object]) -> FieldKind:
    items = schema.get("items")
    if isinstance(schema.get("enum"), list):
        return FieldKind.SELECT
    if schema.get("type") == "array" and isinstance(items, dict) and isinstance(items.get("enum"), list):
        return FieldKind.MULTISELECT
    if (format_ := schema.get("format")) in _FORMATS:
        return _FORMATS[str(format_)]
    kind = schema.get("type")
    return _TYPES.get(kind, FieldKind.JSON) if isinstance(kind, str) else FieldKind.TEXT


def _choices(schema: Mapping[str, object]) -> list[object]:
    items = schema.get("items")
    choices = schema.get("enum") or (items.get("enum") if isinstance(items, dict) else None)
    return choices if isinstance(choices, list) else []
