"""An agent's form: what stands in input_schema, as fields to ask for and as one JSON Schema to judge by.

A form array is translated into JSON Schema, so that both kinds are judged by one mechanism. It asks nobody
and fetches nothing: a `$ref` to another place is refused.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from agentctl.core.agents.bounded_judging import SECONDS, judge_apart
from agentctl.core.agents.form_shapes import NoForm, find_form
from agentctl.core.agents.schema_rules import DRAFT, find_fault, is_light
from agentctl.core.errors import SchemaLacks
from agentctl.core.hint_text import quote_briefly
from agentctl.core.strict_json import find_member, parse_json, write_json


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


class Option(Struct, frozen=True):
    """One choice: the JSON value that is sent, and what people see."""

    value: object
    label: str


class Field(Struct, frozen=True):
    """One input; `default` is None where there is none."""

    name: str
    label: str
    kind: FieldKind
    required: bool
    options: tuple[Option, ...] = ()
    default: object = None
    secret: bool = False


class Form(Struct, frozen=True):
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
    FieldKind.URL: {"type": "string", "format": "url"},
    FieldKind.EMAIL: {"type": "string", "format": "email"},
    FieldKind.DATE: {"type": "string", "format": "date"},
}
_FORMATS = {"uri": FieldKind.URL, "url": FieldKind.URL, "email": FieldKind.EMAIL, "date": FieldKind.DATE}
# JSON Schema's words for types; forms use them, too.
_TYPES = {
    "number": FieldKind.NUMBER,
    "integer": FieldKind.INTEGER,
    "boolean": FieldKind.CHECKBOX,
    "string": FieldKind.TEXT,
    "object": FieldKind.JSON,
    "array": FieldKind.JSON,
}
_CHOICES = frozenset({FieldKind.SELECT, FieldKind.MULTISELECT})


def read_form(raw: object) -> Form:
    """Read the content of input_schema: nothing, form fields, or a JSON Schema.

    Args:
        raw: decoded JSON, or JSON as text.

    Raises:
        SchemaLacks: it is none of these.

    """
    if isinstance(raw, str):
        try:
            raw = parse_json(raw.strip() or "null")
        except ValueError:
            raise _make_form_error("it is text, but not JSON") from None
    try:
        form = find_form(raw)
    except NoForm as error:
        raise _make_form_error(str(error)) from None
    if not form:
        return Form((), {})
    if isinstance(form, dict):
        return _read_json_schema(form)
    fields = tuple(map(_read_field, form))
    _require_unique(fields)
    return Form(fields, _make_schema(fields))


def _make_form_error(why: str) -> SchemaLacks:
    return SchemaLacks(
        f"The agent's input_schema cannot be understood: {why}.",
        hint="Correct it in the agents table.",
        code="input_schema",
    )


def spell_value(value: object) -> str:
    """Write a JSON value as people type it: text without quotes, anything else as JSON."""
    return value if isinstance(value, str) else write_json(value, ensure_ascii=False)


def _read_field(item: object) -> Field:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise _make_form_error("a field has no name")
    raw_options = item.get("options")
    options = _drop_duplicates(map(_read_option, raw_options if isinstance(raw_options, list) else ()))
    kind = _classify_field(item.get("type"), choice=bool(options))
    return Field(
        name=item["name"],
        label=spell_value(item.get("label") or item["name"]),
        kind=kind,
        required=item.get("required") in (True, "true"),
        options=options if kind in _CHOICES else (),
        default=item.get("default"),
        secret=item.get("type") == "password",
    )


def _classify_field(name: object, *, choice: bool) -> FieldKind:
    """Return the kind of a form's field; an unknown kind is a choice if the field has options, else text."""
    if not isinstance(name, str) or name not in {*FieldKind, *_TYPES, "password"}:
        return FieldKind.SELECT if choice else FieldKind.TEXT
    return FieldKind(name) if name in set(FieldKind) else _TYPES.get(name, FieldKind.TEXT)


def _drop_duplicates(options: Iterable[Option]) -> tuple[Option, ...]:
    """Drop options whose value was listed before."""
    distinct: dict[str, Option] = {}
    for option in options:
        distinct.setdefault(write_json(option.value), option)
    return tuple(distinct.values())


def _read_option(option: object) -> Option:
    if isinstance(option, dict) and ("value" in option or "label" in option):
        value = option.get("value", option.get("label"))
        return Option(value, spell_value(option.get("label") or value))
    return Option(option, spell_value(option))


def _require_unique(fields: tuple[Field, ...]) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.name in seen:
            raise _make_form_error(f"two fields are called {quote_briefly(field.name)}")
        seen.add(field.name)


def _make_schema(fields: tuple[Field, ...]) -> Mapping[str, object]:
    return {
        "$schema": DRAFT,
        "type": "object",
        "properties": {field.name: _describe_field(field) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _describe_field(field: Field) -> Mapping[str, object]:
    choices = {"enum": [option.value for option in field.options]} if field.options else {}
    if field.kind is FieldKind.MULTISELECT:
        not_empty = {"minItems": 1} if field.required else {}
        return {"type": "array", "items": choices, "uniqueItems": True, **not_empty}
    not_blank = {"minLength": 1} if field.required else {}  # which concerns texts only
    if field.kind in {FieldKind.SELECT, FieldKind.JSON}:
        return choices or not_blank
    return {**_SCHEMAS.get(field.kind, {"type": "string"}), **not_blank}


def _read_json_schema(raw: dict[str, object]) -> Form:
    fault = find_fault(raw) if is_light(raw) else _find_fault_apart(raw)
    if fault is not None:
        raise _make_form_error(fault)
    properties = raw.get("properties")
    required = raw.get("required")
    names = required if isinstance(required, list) else []
    fields = tuple(
        _describe_property(name, schema, required=name in names)
        for name, schema in (properties if isinstance(properties, dict) else {}).items()
    )
    return Form(fields, raw)


def _find_fault_apart(raw: Mapping[str, object]) -> str | None:
    """Check the schema in a process that can be ended: even compiling a pattern may take very long."""
    ruling = judge_apart({"schema": raw})
    if ruling.answer is None:
        least = f"longer than {SECONDS:.0f} seconds" if not ruling.in_time else "more memory than is allowed"
        return f"checking whether it is a JSON Schema takes {least}"
    fault: str | None = ruling.answer["fault"]
    return fault


def _describe_property(name: str, schema: object, *, required: bool) -> Field:
    own = schema if isinstance(schema, dict) else {}
    return Field(
        name=name,
        label=spell_value(own.get("title") or name),
        kind=_classify_schema(own),
        required=required,
        options=_drop_duplicates(Option(value, spell_value(value)) for value in _list_choices(own)),
        default=own.get("default"),
        secret=own.get("writeOnly") is True or own.get("format") == "password",
    )


def _classify_schema(schema: Mapping[str, object]) -> FieldKind:
    schema = _drop_null(schema)
    if isinstance(schema.get("enum"), list):
        return FieldKind.SELECT
    if schema.get("type") == "array" and isinstance(find_member(schema, "items", "enum"), list):
        return FieldKind.MULTISELECT
    if (format_ := schema.get("format")) in _FORMATS:
        return _FORMATS[str(format_)]
    kind = schema.get("type")
    return _TYPES.get(kind, FieldKind.JSON) if isinstance(kind, str) else FieldKind.TEXT


def _drop_null(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Return the schema of a field without its null, if one other schema remains."""
    kinds, ways = schema.get("type"), schema.get("anyOf") or schema.get("oneOf")
    if isinstance(kinds, list) and len(rest := [kind for kind in kinds if kind != "null"]) == 1:
        return {**schema, "type": rest[0]}
    if isinstance(ways, list) and len(others := [way for way in ways if way != {"type": "null"}]) == 1:
        return {**schema, **others[0]} if isinstance(others[0], dict) else schema
    return schema


def _list_choices(schema: Mapping[str, object]) -> list[object]:
    schema = _drop_null(schema)
    choices = schema.get("enum") or find_member(schema, "items", "enum")
    return choices if isinstance(choices, list) else []
