"""Inputs from the command line, a file and a person, put together and judged at once."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from agentctl.core.agents.conversion import Unfit, convert, read_json
from agentctl.core.agents.form import Field, FieldKind, Form, Option, read_form
from agentctl.core.agents.inputs import Judge, read_input_file, resolve_inputs
from agentctl.core.errors import AgentctlError, InvalidInputs, UsageError
from agentctl.core.strict_json import write_json

FORM = read_form(
    [
        {"name": "topic", "type": "text", "required": True},
        {"name": "words", "type": "number", "default": 600},
        {"name": "draft", "type": "checkbox"},
        {"name": "tags", "type": "multiselect", "options": ["a", "b"]},
    ]
)


def given(*items: str, form: Form = FORM, text: str | None = None) -> dict[str, object]:
    return resolve_inputs(form, items=items, input_file_text=text, ask=None).inputs


def problems(*items: str, form: Form = FORM, text: str | None = None) -> list[str]:
    with pytest.raises(InvalidInputs) as caught:
        given(*items, form=form, text=text)
    return caught.value.problems


def test_text_is_converted_by_the_form_and_defaults_are_filled_in() -> None:
    assert given("topic=Tea", "draft=yes", "tags=a,b") == {
        "topic": "Tea",
        "words": 600,
        "draft": True,
        "tags": ["a", "b"],
    }


def test_json_is_taken_as_it_is_and_text_may_hold_anything() -> None:
    form = read_form(None)
    assert given("a:=[1,null]", "b=x=y:=z", "c=", form=form) == {"a": [1, None], "b": "x=y:=z", "c": ""}


def test_a_file_gives_text_and_a_doubled_at_a_literal_one(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("Grün\n")

    assert given(f"topic=@{tmp_path / 't.txt'}")["topic"] == "Grün"
    assert given("topic=@@home")["topic"] == "@home"


def test_the_command_line_wins_over_the_input_file() -> None:
    assert given("words=5", text='{"topic": "Tea", "words": 1}') == {"topic": "Tea", "words": 5}


def test_an_empty_text_for_an_optional_field_counts_as_not_given() -> None:
    assert given("topic=Tea", "words=", "tags=") == {"topic": "Tea", "words": 600}


def test_credentials_travel_beside_the_inputs_unless_the_form_has_a_field_of_that_name() -> None:
    text = '{"topic": "Tea", "credentials": {"wordpress": "x"}}'
    found = resolve_inputs(FORM, items=(), input_file_text=text, ask=None)
    assert found.credentials == {"wordpress": "x"}
    assert "credentials" not in found.inputs

    own = read_form([{"name": "credentials", "type": "text"}])
    assert given("credentials=x", form=own) == {"credentials": "x"}


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        (("topic=Tea", "words=many"), "words: 'many' is not a number"),
        (("topic=Tea", "words=1e400"), "words: '1e400' is not a number"),
        (("topic=Tea", "words=NaN"), "words: 'NaN' is not a number"),
        (("topic=Tea", "draft=maybe"), "draft: 'maybe' is neither yes nor no"),
        (("topic=Tea", "topic=Coffee"), "topic: is given twice"),
        (("topic=Tea", "loose"), "loose: is not NAME=TEXT, NAME:=JSON or NAME=@FILE"),
        (("topic=Tea", "=x"), "=x: is not NAME=TEXT, NAME:=JSON or NAME=@FILE"),
        (
            ("topic=@/no/such/file",),
            "topic: The file /no/such/file cannot be read: No such file or directory.",
        ),
        (("topic=Tea", "words:={"), "words: is not valid JSON"),
    ],
)
def test_a_word_that_does_not_fit_is_named(items: tuple[str, ...], problem: str) -> None:
    (found,) = problems(*items)
    assert found.startswith(problem)


def test_problems_of_words_and_of_the_form_come_together() -> None:
    found = problems("words=many", "nonsense=1", "loose")
    assert [line.partition(":")[0] for line in found] == ["words", "loose", "topic", "nonsense"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1]", "input file: is not a JSON object"),
        ("{", "input file: is not valid JSON: Expecting property name"),
        ('{"a": NaN}', "input file: is JSON with NaN, which is not a number"),
        ('{"a": 1e999}', "input file: is JSON with a number that is too large"),
        ('{"a": 1, "a": 2}', "input file: is JSON that has 'a' twice"),
        ("[" * 100_000, "input file: is JSON that is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "input file: is JSON with a number that is too large"),
    ],
)
def test_an_input_file_that_is_no_json_object_is_refused(text: str, problem: str) -> None:
    assert problems(text=text)[0].startswith(problem)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe{", "is not UTF-8 text"), (b" " * (10 * 1024**2 + 1), "larger than 10 MiB")],
)
def test_an_unreadable_input_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "in.json").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_input_file(str(tmp_path / "in.json"))


def test_a_person_is_asked_only_for_what_is_missing_and_only_if_all_else_is_well() -> None:
    asked: list[str] = []

    def ask(field: Field, _judge: Judge) -> object:
        asked.append(field.name)
        return "Tea"

    found = resolve_inputs(FORM, items=("words=5",), input_file_text=None, ask=ask)
    assert found.inputs == {"words": 5, "topic": "Tea"}
    assert asked == ["topic"]

    with pytest.raises(InvalidInputs):
        resolve_inputs(FORM, items=("words=many",), input_file_text=None, ask=ask)
    assert asked == ["topic"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-1.5", -1.5),
        ("+3", 3),
        ("0.1", Decimal("0.1")),
        ("123456789012345678901", 123456789012345678901),
    ],
)
def test_numbers_stay_exact(text: str, value: object) -> None:
    assert convert(Field("n", "N", FieldKind.NUMBER, required=True), text) == value


def test_a_choice_is_found_by_value_or_label_in_any_case_where_that_is_clear() -> None:
    options = (Option("a", "Apple"), Option("A", "Big apple"), Option(7, "Seven"))
    field = Field("f", "F", FieldKind.SELECT, required=True, options=options)

    assert [convert(field, text) for text in ("a", "A", "apple", "seven", "7", "x")] == [
        "a",
        "A",
        "a",
        7,
        7,
        "x",
    ]


def test_json_keeps_long_numbers_and_refuses_what_no_number_is() -> None:
    assert read_json("[18446744073709551617, 1.25]") == [18446744073709551617, 1.25]
    with pytest.raises(Unfit):
        read_json("Infinity")


WORDS = [
    "name",
    "type",
    "options",
    "required",
    "default",
    "label",
    "value",
    "properties",
    "items",
    "enum",
    "a",
]
WORDS += ["$ref", "$schema", "fields", "title", "format", "pattern", "multipleOf", "minimum", "anyOf", "b"]
KINDS = [*FieldKind, "password", "file", "string", "object", "array", "null"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
FIELD = st.fixed_dictionaries(
    {"name": st.sampled_from("abc")},
    optional={
        "type": st.sampled_from(KINDS) | VALUES,
        "options": VALUES,
        "required": VALUES,
        "default": VALUES,
    },
)
PROPERTY = st.fixed_dictionaries(
    {},
    optional={"type": st.sampled_from(KINDS), "enum": st.lists(VALUES), "default": VALUES, "format": VALUES},
)
FORMS = (
    VALUES
    | st.lists(FIELD, max_size=3)
    | st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("abc"), PROPERTY)})
)
ITEMS = st.lists(
    st.text(max_size=8)
    | st.builds("{}{}{}".format, st.sampled_from("abc"), st.sampled_from(["=", ":="]), st.text(max_size=5))
    | st.builds("{}:={}".format, st.sampled_from("abc"), st.builds(json.dumps, VALUES)),
    max_size=3,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@for_all(FORMS | st.builds(json.dumps, FORMS), ITEMS, st.none() | st.builds(json.dumps, VALUES))
def test_any_form_and_any_inputs_are_accepted_or_refused_in_few_words(
    raw: object, items: list[str], text: str | None
) -> None:
    def ask(_field: Field, _judge: Judge) -> object:
        return "x"

    message = ""
    try:
        found = resolve_inputs(read_form(raw), items=items, input_file_text=text, ask=ask)
        write_json(found.inputs)
    except AgentctlError as error:
        message = error.message
    assert len(message) < 5000


def one(kind: str, **more: object) -> Form:
    return read_form([{"name": "a", "type": kind, **more}])


@pytest.mark.parametrize(
    ("kind", "default", "inputs"),
    [
        ("number", "600", {"a": 600}),
        ("checkbox", "true", {"a": True}),
        ("multiselect", "x,y", {"a": ["x", "y"]}),
        ("text", "", {"a": ""}),
        ("text", "5", {"a": "5"}),
        ("json", "5", {"a": "5"}),
        ("number", "", {}),
        ("url", "", {}),
        ("date", "", {}),
        ("select", "", {}),
        ("checkbox", False, {"a": False}),
        ("number", 0, {"a": 0}),
        ("number", None, {}),
    ],
)
def test_a_default_that_is_written_as_text_is_converted_and_an_empty_one_is_none(
    kind: str, default: object, inputs: dict[str, object]
) -> None:
    assert given(form=one(kind, default=default)) == inputs


def test_a_default_that_breaks_its_own_rule_is_named_as_such_and_can_be_replaced() -> None:
    form = one("number", default="many")
    assert problems(form=form) == ["a: 'many' is not a number (the form's default)"]
    assert given("a=5", form=form) == {"a": 5}


def test_a_default_may_be_the_label_of_its_option() -> None:
    assert given(form=one("select", options=[{"value": 7, "label": "Seven"}], default="Seven")) == {"a": 7}


def test_every_line_is_short_and_a_crowd_of_them_is_cut() -> None:
    found = problems(*(f"stranger{number}=x" for number in range(150)), "topic=Tea", "x" * 9999, "=" * 9999)
    assert len(found) == 101
    assert found[-1].endswith("more")
    assert max(map(len, found)) <= 300


@pytest.mark.parametrize("name", ["a:b", "a.b", "a b", "@", "Ü"])
def test_a_field_may_have_almost_any_name(name: str) -> None:
    form = read_form([{"name": name, "type": "text", "required": True}])
    assert problems(form=form) == [f"{name}: is required"]
    assert given(f"{name}=x", form=form) == {name: "x"}


def test_a_problem_of_one_field_hides_none_of_another_whose_name_begins_alike() -> None:
    form = read_form([{"name": "a:b", "type": "number"}, {"name": "a", "required": True}])
    assert problems("a:b=x", form=form) == ["a:b: 'x' is not a number", "a: is required"]


def test_text_that_is_not_utf_8_is_refused_with_a_form_and_without() -> None:
    for form in (FORM, read_form(None)):
        assert problems("topic=caf\udce9", form=form) == ["topic: is not UTF-8 text"]


def test_a_file_with_windows_line_ends_gives_its_text_without_the_last(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(b"\xef\xbb\xbfTea\r\nCoffee\r\n")
    assert given(f"topic=@{tmp_path / 't.txt'}")["topic"] == "Tea\r\nCoffee"


@pytest.mark.parametrize(
    ("name", "why"), [(".", "Is a directory"), ("a\0b", "no file can have that name"), ("-", "is closed")]
)
def test_a_file_that_cannot_be_opened_is_a_problem(
    name: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match=why):
        read_input_file(name)


def test_a_file_that_is_too_large_is_that_wherever_it_is_cut(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(b" " + "ä".encode() * (5 * 1024**2 + 1))
    with pytest.raises(UsageError, match="larger than 10 MiB"):
        read_input_file(str(tmp_path / "in.json"))


def test_whoever_asks_can_judge_an_answer_by_the_whole_form() -> None:
    form = one("email", required=True)
    judged: list[list[str]] = []

    def ask(_field: Field, judge: Judge) -> object:
        judged.extend([judge("nobody"), judge(""), judge("a@example.com")])
        return "a@example.com"

    assert resolve_inputs(form, items=(), input_file_text=None, ask=ask).inputs == {"a": "a@example.com"}
    assert judged == [["a: 'nobody' is not an e-mail address"], ["a: is required"], []]


def test_nobody_is_asked_where_something_else_is_wrong_too() -> None:
    def ask(_field: Field, _judge: Judge) -> object:
        raise AssertionError

    with pytest.raises(InvalidInputs):
        resolve_inputs(FORM, items=("stranger=1",), input_file_text=None, ask=ask)


def test_null_for_a_required_field_that_takes_null_is_an_answer() -> None:
    schema = {"required": ["a", "b"], "properties": {"a": {"type": ["string", "null"]}, "b": {}}}

    def ask(field: Field, _judge: Judge) -> object:
        return field.name

    found = resolve_inputs(read_form(schema), items=("a:=null",), input_file_text=None, ask=ask)
    assert found.inputs == {"a": None, "b": "b"}


def test_what_was_given_is_not_blamed_on_the_forms_default() -> None:
    assert problems("topic=Tea", "words=many") == ["words: 'many' is not a number"]
