"""Inputs through the program: forms from a real database, a person at a terminal, words, files, pipes."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.marketplace import Marketplace
from support.program import Program

EMAIL = {"name": "mail", "type": "email", "label": "Your e-mail", "required": True}


@pytest.fixture
def with_form(marketplace: Marketplace, agentctl: Program) -> Callable[[Any], None]:
    """Configure the program, and give the agent `plain` a form."""
    (agentctl.home / "agentctl.toml").write_text(
        f'[profiles.test]\ndatabase_url = "{marketplace.url}"\nuser = "ops@example.com"\n'
    )
    marketplace.set_webhook("Plain", "https://n8n.example.com/webhook/plain")

    def give(form: object) -> None:
        marketplace.execute(
            "UPDATE agents SET input_schema = %s WHERE name = 'Plain' RETURNING id", (json.dumps(form),)
        )

    return give


def test_asks_again_with_the_reason_for_an_invalid_answer(
    with_form: Callable[[Any], None], agentctl: Program
) -> None:
    with_form([EMAIL, {"name": "draft", "type": "checkbox", "required": True}])

    screen = agentctl.on_terminal(
        "run",
        "plain",
        "--dry-run",
        answers=[
            ("Your e-mail", "nobody\r"),
            ("'nobody' is not an e-mail address", ""),
            ("Your e-mail", "a@example.com\r"),
            ("draft (yes or no)", "perhaps\r"),
            ("neither yes nor no", ""),
            ("draft", "yes\r"),
        ],
    )

    assert screen.exit_code == 0, screen.text


def test_never_shows_a_secret_input_even_if_it_is_invalid(
    with_form: Callable[[Any], None], agentctl: Program
) -> None:
    with_form({"required": ["key"], "properties": {"key": {"type": "integer", "writeOnly": True}}})

    screen = agentctl.on_terminal(
        "run",
        "plain",
        "--dry-run",
        answers=[("key: ", "sesame\r"), ("is not a number", ""), ("key: ", "7\r")],
    )

    assert screen.exit_code == 0, screen.text
    assert "sesame" not in screen.text


def test_end_of_input_at_a_question_interrupts_and_writes_nothing(
    with_form: Callable[[Any], None], agentctl: Program, marketplace: Marketplace
) -> None:
    with_form([EMAIL])

    screen = agentctl.on_terminal("run", "plain", answers=[("Your e-mail", "\x04")])

    assert screen.exit_code == 130
    assert "Interrupted." in screen.text
    assert "Traceback" not in screen.text
    assert marketplace.execute("SELECT 1 FROM agent_executions") == []


def test_a_form_label_cannot_control_the_terminal(
    with_form: Callable[[Any], None], agentctl: Program
) -> None:
    with_form([{"name": "a", "label": "A\x1b]0;evil\x07", "required": True}])

    screen = agentctl.on_terminal("run", "plain", "--dry-run", answers=[("A", "x\r")])

    assert screen.exit_code == 0, screen.text
    assert "\x1b]0" not in screen.text


def test_treats_an_unknown_input_type_as_text(with_form: Callable[[Any], None], agentctl: Program) -> None:
    with_form([{"name": "a", "type": []}])

    assert agentctl("run", "plain", "a=1", "--dry-run").exit_code == 0


@pytest.mark.parametrize("form", ["no json", [1], {"type": 1}, {"$ref": "#/x"}])
def test_an_unusable_form_is_a_setup_error(
    with_form: Callable[[Any], None], agentctl: Program, form: object
) -> None:
    with_form(form)

    result = agentctl("run", "plain", "a=1", "--dry-run", "--json")

    assert (result.exit_code, result.json["error"]["code"]) == (3, "input_schema")


def test_refuses_unsendable_inputs_before_the_charge(
    with_form: Callable[[Any], None], agentctl: Program, marketplace: Marketplace
) -> None:
    with_form(None)
    deep = '{"a":' * 900 + "1" + "}" * 900

    result = agentctl("run", "plain", "-f", "-", "--json", stdin=deep)

    assert result.exit_code == 2, result
    assert "nested too deeply" in result.json["error"]["message"]
    assert marketplace.execute("SELECT 1 FROM agent_executions") == []
