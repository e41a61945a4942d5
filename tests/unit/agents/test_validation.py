"""What is said of inputs that do not fit: all of it, in lines of bounded length, and no secret."""

from typing import Any

import pytest

from agentctl.core.agents.form import Form, read_form
from agentctl.core.agents.validation import problems_of


def lines(form: Form, inputs: dict[str, object]) -> list[str]:
    return [problem.text for problem in problems_of(form, inputs)]


def one(rule: dict[str, Any]) -> Form:
    return read_form({"type": "object", "properties": {"a": rule}})


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "integer"},
        {"enum": ["y" * 500] + [f"option {number}" for number in range(5000)]},
        {"pattern": "^y+$"},
        {"maxLength": 3},
        {"format": "email"},
        {"const": "y" * 5000},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"not": {}},
    ],
)
def test_a_line_is_short_whatever_was_given(rule: dict[str, Any]) -> None:
    (line,) = lines(one(rule), {"a": "x" * 100_000})
    assert line.startswith("a: ")
    assert len(line) <= 300


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "integer"},
        {"enum": ["y"]},
        {"pattern": "^y+$"},
        {"maxLength": 3},
        {"format": "email"},
        {"format": "uri", "minLength": 90},
        {"anyOf": [{"type": "integer"}, {"minLength": 90}]},
    ],
)
def test_a_secret_is_not_repeated(rule: dict[str, Any]) -> None:
    told = lines(one({**rule, "writeOnly": True}), {"a": "sesame"})
    assert told
    assert "sesame" not in str(told)


def test_a_rule_about_the_inputs_together_does_not_repeat_them() -> None:
    form = read_form({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})
    assert lines(form, {"key": "sesame"}) == ["inputs: an object is not valid under any of the given schemas"]


def test_an_unknown_name_inside_an_object_is_told_even_if_the_form_has_a_field_of_that_name() -> None:
    inner = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"x": {}},
        "patternProperties": {"^p": {}},
    }
    form = read_form({"properties": {"inner": inner, "topic": {}}})
    assert lines(form, {"inner": {"topic": 1, "p1": 2, "x": 3}}) == ["inner.topic: unknown input; expected x"]


def test_values_are_shown_as_json_writes_them() -> None:
    form = read_form([{"name": "a", "type": "text"}])
    told = [lines(form, {"a": value})[0] for value in (None, True, 1.5, [1], {"b": 1})]
    assert told == [f"a: {value} is not text" for value in ("null", "true", "1.5", "a list", "an object")]


@pytest.mark.parametrize("kind", ["url", "email", "date", "text", "select", "multiselect"])
def test_a_required_field_that_was_left_empty_is_one_problem(kind: str) -> None:
    form = read_form([{"name": "a", "type": kind, "required": True}])
    assert lines(form, {"a": [] if kind == "multiselect" else ""}) == ["a: is required"]


def test_an_address_of_a_json_schema_may_have_any_scheme_and_one_of_a_form_is_of_the_web() -> None:
    assert lines(one({"format": "uri"}), {"a": "s3://bucket/key"}) == []
    assert lines(one({"format": "uri"}), {"a": "bucket/key"})
    for text in ("s3://bucket/key", "https://", "https://a b", "\x01https://a", "https://[::1"):
        assert lines(read_form([{"name": "a", "type": "url"}]), {"a": text})


@pytest.mark.parametrize("value", [10**300, 1e308, -1, 0.3])
@pytest.mark.parametrize("step", [1e-320, 0.1, 1e308])
def test_a_number_and_a_step_of_any_size_are_judged(value: float, step: float) -> None:
    assert len(lines(one({"multipleOf": step}), {"a": value})) <= 1


def test_of_a_million_problems_the_first_hundred_are_told() -> None:
    form = read_form([{"name": "tags", "type": "multiselect", "options": ["a"]}])
    strangers: dict[str, object] = {f"name {number}": 1 for number in range(100_000)}
    assert 100 <= len(lines(form, {**strangers, "tags": [[number] for number in range(5000)]})) <= 200
