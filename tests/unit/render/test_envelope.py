"""The JSON envelope: the same four facts always, money exact, text escaped and nothing lost."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from agentctl.core.errors import OutcomeUnknown, Refused
from agentctl.render.envelope import envelope, to_json


def test_a_success_has_its_data_and_no_error() -> None:
    assert envelope(command="history", exit_code=0, data={"a": 1}, error=None) == {
        "schema": "agentctl/1",
        "command": "history",
        "ok": True,
        "exit_code": 0,
        "data": {"a": 1},
        "error": None,
    }


def test_a_failure_says_code_message_hint_and_whether_to_try_again() -> None:
    error = Refused("No such thing.", hint="Look.", code="agent_not_found", retryable=True)
    whole = envelope(command="run", exit_code=4, data=None, error=error)
    assert (whole["ok"], whole["exit_code"], whole["data"]) == (False, 4, None)
    assert whole["error"] == {
        "code": "agent_not_found",
        "message": "No such thing.",
        "hint": "Look.",
        "retryable": True,
    }


def test_an_error_without_a_code_of_its_own_has_its_kinds() -> None:
    whole = envelope(command="run", exit_code=5, data={}, error=OutcomeUnknown("?"))
    assert isinstance(whole["error"], dict)
    assert whole["error"]["code"] == "outcome_unknown"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (10, "10"),
        (Decimal("10.50"), '"10.50"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (datetime(2026, 11, 1, 8, tzinfo=UTC), '"2026-11-01T08:00:00Z"'),
        (None, "null"),
        ({"a": [1.5, True]}, '{"a": [1.5, true]}'),
    ],
)
def test_money_ids_and_times_are_written_exactly(value: object, written: str) -> None:
    assert to_json(value) == written


@pytest.mark.parametrize(
    "text", ["\x1b]52;c;aGk=\x07", "\x9b2J", "\u202egnp", "\x7f", "[red]x[/]", "&#27;", "a\nb", "世界 🙂"]
)
def test_hostile_text_comes_back_as_it_was_and_is_printable_ascii_on_the_way(text: str) -> None:
    written = to_json({text: text})
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written) == {text: text}


def test_what_json_cannot_say_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="set cannot be written"):
        to_json({"a": set()})
