"""Forms as they stand in databases: arrays of fields, JSON Schemas, and what is neither."""

import json
from typing import Any

import pytest

from agentctl.core.errors import SchemaLacks
from agentctl.core.forms import FieldKind, Form, read_form
from agentctl.core.validation import problems_of


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
        ({"topic": 5}, "topic: 5 is not a text"),
        ({**GOOD, "tone": "angry"}, "tone: 'angry' is not one of neutral, friendly"),
        ({**GOOD, "words": "many"}, "words: 'many' is not a number"),
        ({**GOOD, "words": True}, "words: true is not a number"),
        ({**GOOD, "tags": ["a", "c"]}, "tags.1: 'c' is not one of a, b"),
        ({**GOOD, "draft": "yes"}, "draft: 'yes' is not true or false"),
        ({**GOOD, "site": "example.com"}, "site: 'example.com' is not a web address"),
        ({**GOOD, "site": "javascript:x"}, "site: 'javascript:x' is not a web address"),
        ({**GOOD, "mail": "a@b@c"}, "mail: 'a@b@c' is not an e-mail address"),
        ({**GOOD, "day": "2026-02-30"}, "day: '2026-02-30' is not a date such as 2026-11-30"),
        ({**GOOD, "word": 1}, "word: is no input of this agent; did you mean words?"),
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
