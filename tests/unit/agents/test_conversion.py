"""Text that a person typed, as the JSON value that a field takes."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.agents.conversion import Unfit, convert, read_json
from agentctl.core.agents.form import Field, FieldKind, Option
from agentctl.core.strict_json import write_json


def field(kind: FieldKind, *options: Option, secret: bool = False) -> Field:
    return Field("f", "F", kind, required=True, options=options, secret=secret)


@given(st.sampled_from(FieldKind), st.text())
def test_any_text_is_converted_to_json_or_is_unfit_with_a_short_reason(kind: FieldKind, text: str) -> None:
    options = (Option("a, b", "A"), Option({"x": [1]}, "X"), Option(None, "none"))
    reason = ""
    try:
        write_json(convert(field(kind, *options), text))
    except Unfit as error:
        reason = str(error)
    assert len(reason) < 200


def test_a_text_of_characters_without_a_glyph_is_quoted_briefly() -> None:
    with pytest.raises(Unfit) as unfit:
        convert(field(FieldKind.NUMBER), "0" + "\U0001b2fc" * 40)
    assert len(str(unfit.value)) < 200
    assert str(unfit.value).endswith("…' is not a number")


NO_NUMBERS = '- + +-5 ++5 1_000 1,5 0x10 .5 5. 01 ١٢ ½ true null NaN -Infinity 1e400 -1e400 [1] "1"'


@pytest.mark.parametrize("text", ["", "+ 5", "1 2", "9" * 400, "9" * 5000, *NO_NUMBERS.split()])
def test_what_looks_like_a_number_to_somebody_else_is_none(text: str) -> None:
    with pytest.raises(Unfit, match="is not a number"):
        convert(field(FieldKind.NUMBER), text)


@pytest.mark.parametrize(
    ("text", "value"), [(" 7\t", 7), ("+7", 7), ("-0", 0), ("1E3", 1000), ("9e-9", Decimal("9e-9"))]
)
def test_blanks_around_a_number_and_its_sign_are_no_matter(text: str, value: object) -> None:
    assert convert(field(FieldKind.NUMBER), text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("Yes", True), (" ON ", True), ("1", True), ("n", False), ("OFF", False)]
)
def test_a_checkbox_takes_words(text: str, value: bool) -> None:
    assert convert(field(FieldKind.CHECKBOX), text) is value


@pytest.mark.parametrize("kind", [FieldKind.NUMBER, FieldKind.CHECKBOX])
def test_a_long_value_is_not_repeated_whole_and_a_secret_one_not_at_all(kind: FieldKind) -> None:
    with pytest.raises(Unfit) as long:
        convert(field(kind), "x" * 10_000)
    assert len(str(long.value)) < 200
    with pytest.raises(Unfit) as secret:
        convert(field(kind, secret=True), "sesame")
    assert "sesame" not in str(secret.value)


def test_a_choice_is_found_by_its_value_before_any_label() -> None:
    options = (Option(1, "2"), Option(2, "1"))
    assert convert(field(FieldKind.SELECT, *options), "1") == 1


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("NULL", None), ('{"a": 1}', {"a": 1}), ("1.5", 1.5)]
)
def test_a_choice_that_is_no_text_is_typed_as_json(text: str, value: object) -> None:
    options = tuple(Option(each, "label") for each in (True, None, {"a": 1}, 1.5))
    assert convert(field(FieldKind.SELECT, *options), text) == value


def test_a_choice_may_have_a_comma_in_it() -> None:
    kind = field(FieldKind.MULTISELECT, Option("pop", "Rock, Pop"), Option("jazz", "Jazz"))
    assert convert(kind, "Rock, Pop") == ["pop"]
    assert convert(kind, "pop, jazz,") == ["pop", "jazz"]


@pytest.mark.parametrize("kind", [FieldKind.TEXT, FieldKind.SELECT, FieldKind.JSON])
def test_bytes_that_are_no_text_are_refused(kind: FieldKind) -> None:
    with pytest.raises(Unfit, match="is not UTF-8 text"):
        convert(field(kind), "caf\udce9")


@given(st.text(alphabet='[]{}":,0123456789.eE-+ \\ntrufalsNI', max_size=30))
def test_json_is_read_as_others_will_read_it_or_is_unfit(text: str) -> None:
    try:
        value = read_json(text)
    except Unfit:
        return
    assert json.loads(write_json(value), parse_float=Decimal) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9" * 400, "a number that is too large"),  # a double, which is what JavaScript has, cannot hold it
        ("-" + "9" * 5000, "a number that is too large"),
        ("1" * 400 + ".5", "a number that is too large"),
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
        (f'{{"{"k" * 9999}": 1, "{"k" * 9999}": 2}}', "twice"),
        ("\ufeff{}", "is not valid JSON"),
    ],
)
def test_json_that_others_would_stumble_over_is_unfit_with_a_short_reason(text: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason) as unfit:
        read_json(text)
    assert len(str(unfit.value)) < 200
    assert read_json("[" * 100 + "]" * 100)


def test_an_object_of_many_names_takes_no_longer_than_it_must() -> None:
    # Comparing each name with each other would take hours.
    many = {str(number): number for number in range(300_000)}
    assert read_json(json.dumps(many)) == many
