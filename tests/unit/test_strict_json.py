"""JSON that a database holds becomes something that can be walked and written, whatever it is."""

import json
from decimal import Decimal

import pytest

from agentctl.core.strict_json import is_shallow, read_stored_json
from agentctl.render.envelope import to_json

DEEP = "[" * 5000 + "]" * 5000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e400", "1e400"),
        ("[-1e999999999999]", ["-1e999999999999"]),
        ("[0.1, 2]", [Decimal("0.1"), 2]),
        ("9" * 4300, int("9" * 4300)),
        ("[%s, 1e400]" % ("9" * 4301), ["9" * 4301, "1e400"]),
        ('{"a": 1, "a": 2}', {"a": 2}),
        (r'"\ud800\u0000"', "\ud800\0"),
        ("NaN-ish", "NaN-ish"),
    ],
)
def test_what_python_cannot_hold_as_a_number_is_its_text(text: str, value: object) -> None:
    assert read_stored_json(text) == value
    assert read_stored_json(text.encode()) == value


@pytest.mark.parametrize("levels", [101, 900, 5000, 200_000])
def test_json_that_is_nested_too_deeply_is_its_text(levels: int) -> None:
    text = '{"a":' * levels + "1" + "}" * levels

    assert read_stored_json(text) == text


def test_a_hundred_levels_can_be_written_again() -> None:
    text = "[" * 100 + "]" * 100
    value = read_stored_json(text)

    assert is_shallow(value)
    assert json.loads(to_json({"data": {"result": value}}, indent=2))["data"]["result"] == value


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are() -> None:
    assert read_stored_json(b'"\xff"') == '"\N{REPLACEMENT CHARACTER}"'
