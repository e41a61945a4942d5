"""The rule `success_when`: what it takes, and what it finds in answers of any shape."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.errors import ConfigError
from agentctl.core.strict_json import parse_json
from agentctl.core.webhook.success_rule import parse_rule

ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "0", "-"]), inner),
    max_leaves=10,
)


@given(st.text(max_size=30) | st.text(alphabet='ab.-=! 09"[]{}:,', max_size=30), ANSWERS)
def test_any_text_is_a_rule_that_judges_any_answer_or_is_refused(text: str, answer: object) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_rule(text).holds(answer) in {True, False, None}


@given(ANSWERS)
def test_every_value_equals_its_own_literal_and_nothing_else_differs_from_it(value: object) -> None:
    literal = json.dumps(value)
    value = parse_json(literal)
    assert parse_rule(f"a == {literal}").holds({"a": value})
    assert not parse_rule(f"a != {literal}").holds({"a": value})


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("0 == 1", [1]),
        ("0 == 1", {"0": 1}),
        ("a.0.b == x", {"a": [{"b": "x"}]}),
        ("a-b.c_d == 1", {"a-b": {"c_d": 1}}),
        ("größe == 1", {"größe": 1}),
        ("a==1.0", {"a": 1}),
        ("a == 9007199254740993", {"a": 9007199254740993}),
        ("a != 9007199254740993", {"a": 9007199254740992}),
        ("a != 1", {"a": True}),
        ("a == 1.2.3", {"a": "1.2.3"}),
        ('a == "true"', {"a": "true"}),
        ("a != true", {"a": "true"}),
        ('a == {"x": 1, "y": 2}', {"a": {"y": 2.0, "x": 1}}),
        ("a.b == null", {"a": {"b": None}}),
        ("a == 1", [{"a": 1}]),
        ("0.a == 1", [{"a": 1}]),
        ("1.a == 2", [{"a": 1}, {"a": 2}]),
    ],
)
def test_a_rule_holds(rule: str, answer: object) -> None:
    assert parse_rule(rule).holds(answer)


@pytest.mark.parametrize("position", ["9" * 5000, "-1", "\u0660", "²"])
def test_what_is_no_position_in_a_list_leads_nowhere(position: str) -> None:
    assert parse_rule(f"{position} == null").list_values([7]) == []


@pytest.mark.parametrize("operator", ["==", "!="])
@pytest.mark.parametrize(
    ("path", "answer"),
    [("a", {}), ("a.b", {"a": "text"}), ("9", [1]), ("a", [{"a": 1}, {"a": 2}]), ("a", None), ("a", "a")],
)
def test_a_path_that_leads_nowhere_is_neither_equal_nor_unequal(
    path: str, operator: str, answer: object
) -> None:
    assert parse_rule(f"{path} {operator} null").holds(answer) is None


@pytest.mark.parametrize(
    "rule", ["a === 1", "a == 'x'", "a[0] == 1", "a..b == 1", "a. == 1", "== 1", "a == {"]
)
def test_what_other_languages_write_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="success_when cannot be"):
        parse_rule(rule)
