"""Forms as they stand in databases: arrays of fields, JSON Schemas, and what is neither."""

import json
from typing import Any

import pytest

from agentctl.core.agents.form import FieldKind, Form, read_form
from agentctl.core.agents.validation import problems_of
from agentctl.core.errors import SchemaLacks


def told(form: Form, inputs: dict[str, object]) -> list[str]:
    return [problem.text for problem in problems_of(form, inputs)]


FIELDS: list[dict[str, Any]] = [
    {"name": "topic", "type": "text", "label": "Topic", "required": True},
    {"name": "tone", "type": "select", "options": ["neutral", "friendly"], "default": "neutral"},
    {"name": "words", "type": "number"},
    {"name": "tags", "type": "multiselect", "options": [{"value": "a", "label": "Apple"}, {"value": "b"}]},
    {"name": "draft", "type": "checkbox"},
    {"name": "site", "type": "url"},
    {"name": "mail", "type": "email"},
    {"name": "day", "type": "date"},
    {"name": "note", "type": "hologram"},
    {"name": "body", "type": "textarea"},
]
SCHEMA = {
    "type": "object",
    "required": ["topic"],
    "properties": {
        "topic": {"type": "string", "title": "The topic"},
        "tone": {"enum": ["neutral", "friendly"]},
        "count": {"type": "integer", "minimum": 1},
        "options": {"type": "object"},
        "key": {"type": "string", "writeOnly": True},
    },
}


def test_every_type_of_field_is_read_and_unknown_ones_are_text() -> None:
    form = read_form(FIELDS)

    assert [field.kind for field in form.fields] == [
        FieldKind.TEXT,
        FieldKind.SELECT,
        FieldKind.NUMBER,
        FieldKind.MULTISELECT,
        FieldKind.CHECKBOX,
        FieldKind.URL,
        FieldKind.EMAIL,
        FieldKind.DATE,
        FieldKind.TEXT,
        FieldKind.TEXTAREA,
    ]
    assert [option.label for option in form.fields[3].options] == ["Apple", "b"]


@pytest.mark.parametrize("raw", [FIELDS, {"fields": FIELDS}, json.dumps(FIELDS)])
def test_a_list_a_wrapped_list_and_their_text_are_the_same_form(raw: object) -> None:
    assert read_form(raw) == read_form(FIELDS)


FIELD = {"type": "string", "label": "Topic", "required": True}


@pytest.mark.parametrize(
    "raw",
    [
        {"topic": FIELD},
        {"topic": {"type": "text", "title": "Topic", "required": True}},
        {"fields": {"topic": FIELD}},
        {"inputs": [{"name": "topic", **FIELD}]},
        {"title": "A form", "questions": [{"name": "topic", **FIELD}]},
        {"type": "form", "fields": [{"name": "topic", **FIELD}]},
        {"version": 2, "schema": {"topic": FIELD}},
        json.dumps({"topic": FIELD}),
    ],
)
def test_an_object_of_fields_is_the_same_form_as_a_list(raw: object) -> None:
    assert read_form(raw) == read_form([{"name": "topic", **FIELD}])


def test_an_object_of_fields_has_choices_and_types_by_name() -> None:
    form = read_form({"type": {"type": "string"}, "tone": {"enum": ["calm", "loud"]}, "words": "number"})

    kinds = {field.name: field.kind for field in form.fields}
    assert kinds == {"type": FieldKind.TEXT, "tone": FieldKind.SELECT, "words": FieldKind.NUMBER}


@pytest.mark.parametrize("key", ["schema", "json_schema", "inputSchema", "definition"])
def test_a_json_schema_may_stand_under_a_key(key: str) -> None:
    assert read_form({"version": 1, key: SCHEMA}) == read_form(SCHEMA)


@pytest.mark.parametrize(
    ("raw", "shape"),
    [
        ({"title": "Form"}, "an object with title"),
        ({"steps": [{"fields": []}]}, "an object with steps"),
        ({"a": {"b": {"type": "text"}}}, "an object with a"),
        ({"topic": FIELD, "other": 7}, "an object with topic, other"),
    ],
)
def test_a_shape_that_nobody_knows_is_refused_and_named(raw: object, shape: str) -> None:
    with pytest.raises(SchemaLacks, match=shape):
        read_form(raw)


@pytest.mark.parametrize("raw", [None, [], {}])
def test_an_agent_without_a_form_takes_anything(raw: object) -> None:
    assert told(read_form(raw), {"anything": [1, {"a": None}]}) == []


@pytest.mark.parametrize(
    "raw",
    [
        7,
        True,
        "{",
        ["x"],
        [{"type": "text"}],
        [{"name": ""}],
        {"type": 12},
        json.loads("[" * 300 + "]" * 300),
        [{"name": "a"}, {"name": "b"}, {"name": "a"}],
        '[{"name": "a", "default": NaN}]',
        {"$schema": "http://["},
        {"properties": {"a": {"pattern": "("}}},
    ],
)
def test_what_is_no_form_is_refused_with_a_reason(raw: object) -> None:
    with pytest.raises(SchemaLacks, match="input_schema cannot be understood"):
        read_form(raw)


def test_a_json_schema_gives_fields_to_ask_for() -> None:
    form = read_form(SCHEMA)

    kinds = {field.name: field.kind for field in form.fields}
    assert kinds == {
        "topic": FieldKind.TEXT,
        "tone": FieldKind.SELECT,
        "count": FieldKind.INTEGER,
        "options": FieldKind.JSON,
        "key": FieldKind.TEXT,
    }
    assert [field.name for field in form.fields if field.secret] == ["key"]
    assert [field.label for field in form.fields if field.required] == ["The topic"]


GOOD: dict[str, object] = {"topic": "Tea"}


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({}, "topic: is required"),
        ({"topic": ""}, "topic: is required"),
        ({"topic": 5}, "topic: 5 is not text"),
        ({**GOOD, "tone": "angry"}, "tone: 'angry' is not one of neutral, friendly"),
        ({**GOOD, "words": "many"}, "words: 'many' is not a number"),
        ({**GOOD, "words": True}, "words: true is not a number"),
        ({**GOOD, "tags": ["a", "c"]}, "tags.1: 'c' is not one of a, b"),
        ({**GOOD, "draft": "yes"}, "draft: 'yes' is not true or false"),
        ({**GOOD, "site": "example.com"}, "site: 'example.com' is not a web address"),
        ({**GOOD, "site": "javascript:x"}, "site: 'javascript:x' is not a web address"),
        ({**GOOD, "mail": "a@b@c"}, "mail: 'a@b@c' is not an e-mail address"),
        ({**GOOD, "day": "2026-02-30"}, "day: '2026-02-30' is not a date such as 2026-11-30"),
        ({**GOOD, "word": 1}, 'word: unknown input; did you mean "words"?'),
    ],
)
def test_a_problem_is_named_with_its_field_first(inputs: dict[str, object], problem: str) -> None:
    assert told(read_form(FIELDS), inputs) == [problem]


def test_all_problems_come_at_once() -> None:
    lines = told(read_form(FIELDS), {"tone": "x", "words": "y", "zzz": 1})

    assert [line.partition(":")[0] for line in sorted(lines)] == ["tone", "topic", "words", "zzz"]


@pytest.mark.parametrize(
    "inputs",
    [
        {**GOOD, "site": "https://example.com/a?b=c", "mail": "o.p+s@mail.example.com", "day": "2026-11-30"},
        {**GOOD, "tags": [], "draft": False, "words": 1.5, "note": "x", "body": "two\nlines"},
    ],
)
def test_what_fits_is_not_complained_about(inputs: dict[str, object]) -> None:
    assert told(read_form(FIELDS), inputs) == []


def test_a_json_schema_judges_with_its_own_rules() -> None:
    form = read_form(SCHEMA)

    assert told(form, {"topic": "x", "more": 1}) == []
    assert told(form, {"count": 0}) == [
        "topic: is required",
        "count: 0 is less than the minimum of 1",
    ]


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/schema.json", "#/$defs/nowhere"])
def test_a_schema_that_refers_elsewhere_is_refused_and_fetches_nothing(reference: str) -> None:
    form = read_form({"type": "object", "properties": {"x": {"$ref": reference}}})

    with pytest.raises(SchemaLacks, match="input_schema cannot be used"):
        told(form, {"x": 1})


def test_a_schema_that_never_ends_is_refused() -> None:
    form = read_form({"$ref": "#"})

    with pytest.raises(SchemaLacks):
        problems_of(form, {})


def test_what_is_wrong_with_a_json_schema_is_told_with_its_place_and_not_at_any_length() -> None:
    with pytest.raises(SchemaLacks, match=r"properties\.a\.required is not a JSON Schema") as caught:
        read_form({"properties": {"a": {"required": "x" * 10_000}}})
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("raw", ["", " \n", "null", "[]"])
def test_a_column_of_text_may_hold_no_form_too(raw: str) -> None:
    assert read_form(raw).fields == ()


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "string"}, FieldKind.TEXT),
        ({"type": "boolean"}, FieldKind.CHECKBOX),
        ({"type": "object"}, FieldKind.JSON),
        ({"type": "json"}, FieldKind.JSON),
        ({"type": "radio", "options": [1, 2]}, FieldKind.SELECT),
        ({"type": "text", "options": [1, 2]}, FieldKind.TEXT),
        ({"type": ["text"]}, FieldKind.TEXT),
        ({"type": {}, "options": {"a": 1}}, FieldKind.TEXT),
        ({}, FieldKind.TEXT),
    ],
)
def test_a_type_of_another_vocabulary_is_read_for_what_it_is(item: dict[str, Any], kind: FieldKind) -> None:
    form = read_form([{"name": "a", **item}])
    assert form.fields[0].kind is kind
    example = {FieldKind.CHECKBOX: True, FieldKind.JSON: {"b": 1}, FieldKind.SELECT: 1}
    assert told(form, {"a": example.get(kind, "text")}) == []


@pytest.mark.parametrize(
    ("options", "values", "labels"),
    [
        (["a", "a", "b"], ["a", "b"], ["a", "b"]),
        ([1, True, "1", 1], [1, True, "1"], ["1", "true", "1"]),
        ([{"label": "Apple"}, {"value": None}], ["Apple", None], ["Apple", "null"]),
        ([{"value": {"x": 1}, "label": ["odd"]}, [1]], [{"x": 1}, [1]], ['["odd"]', "[1]"]),
        ("a,b", [], []),
        ({"a": "Apple"}, [], []),
        (None, [], []),
    ],
)
def test_options_are_read_however_they_are_written(
    options: object, values: list[object], labels: list[str]
) -> None:
    (field,) = read_form([{"name": "a", "type": "select", "options": options}]).fields
    assert [option.value for option in field.options] == values
    assert [option.label for option in field.options] == labels


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": ["integer", "null"]}, FieldKind.INTEGER),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, FieldKind.NUMBER),
        ({"oneOf": [{"type": "null"}, {"enum": ["a", "b"]}]}, FieldKind.SELECT),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, FieldKind.TEXT),
        ({"anyOf": [True, {"type": "null"}]}, FieldKind.TEXT),
        ({"type": "array", "items": {"enum": [1, 2]}}, FieldKind.MULTISELECT),
        ({"type": "array", "items": {"type": "string"}}, FieldKind.JSON),
    ],
)
def test_a_json_schema_that_also_takes_null_is_asked_for_as_what_it_takes_else(
    schema: dict[str, Any], kind: FieldKind
) -> None:
    (field,) = read_form({"properties": {"a": schema}}).fields
    assert field.kind is kind
    assert bool(field.options) is (kind in {FieldKind.SELECT, FieldKind.MULTISELECT})


def test_an_enum_of_objects_is_an_enum_of_objects() -> None:
    (field,) = read_form({"properties": {"a": {"enum": [{"value": 1, "label": "One"}]}}}).fields
    assert field.options[0].value == {"value": 1, "label": "One"}


@pytest.mark.parametrize(
    ("draft", "rule", "good"),
    [
        ("http://json-schema.org/draft-04/schema#", {"minimum": 1, "exclusiveMinimum": True}, 2),
        ("http://json-schema.org/draft-07/schema#", {"items": [{"type": "string"}]}, ["x"]),
        ("https://example.com/my-own", {"minimum": 1}, 2),
    ],
)
def test_a_json_schema_is_judged_by_the_draft_that_it_names(
    draft: str, rule: dict[str, Any], good: object
) -> None:
    form = read_form({"$schema": draft, "properties": {"a": rule}})
    assert told(form, {"a": good}) == []
    assert told(form, {"a": [1] if "items" in rule else 0})
