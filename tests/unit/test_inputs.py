"""Inputs from the command line, a file and a person, put together and judged at once."""

from pathlib import Path

import pytest

from agentctl.core.conversion import Unfit, convert, read_json
from agentctl.core.errors import InvalidInputs, UsageError
from agentctl.core.forms import Field, FieldKind, Form, Option, read_form
from agentctl.core.inputs import Judge, read_input_file, resolve_inputs

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
        ('{"a": NaN}', "input file: is JSON with NaN, which is no number"),
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
    [("12", 12), ("-1.5", -1.5), ("+3", 3), ("0.1", 0.1), ("123456789012345678901", 123456789012345678901)],
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
