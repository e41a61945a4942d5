"""What an operator is told to type arrives as it was meant, in a real shell, and executes nothing."""

import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from agentctl.core.hint_text import (
    count_things,
    shell_command,
    shell_word,
    suggest_nearest,
    toml_key,
    toml_text,
)

HOSTILE = (
    "$(touch executed)",
    "`touch executed`",
    "; touch executed",
    "x && touch executed #",
    "a'; touch executed; '",
    'a"$(touch executed)"',
    "two  words",
    "new\nline; touch executed",
    "\x1b]0;title\x07",
    "tab\tand\rreturn",
    "\u202emorf",
    "-rf",
    "--help",
    "=ls",
    "~root",
    "*",
    "{a,b}",
    "!!",
    "back\\slash",
    "größe 🍵",
    "ops@example.com",
    "",
)


def _arguments(command: str, folder: Path) -> list[str]:
    """Let bash read a command, and return the arguments that it would start agentctl with."""
    script = f"agentctl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], check=True, capture_output=True, cwd=folder, timeout=30
    )
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_word_arrives_in_a_shell_and_executes_nothing(text: str, tmp_path: Path) -> None:
    command = shell_command("agentctl credits grant", text, "AMOUNT", options="--reason TEXT")

    assert command.isprintable()
    arguments = _arguments(command, tmp_path)
    assert [word for word in arguments if word != "--"][:2] == ["credits", "grant"]
    assert text in arguments
    assert len(arguments) == (7 if text.startswith("-") else 6)
    assert list(tmp_path.iterdir()) == []


def test_what_begins_with_a_dash_is_no_option() -> None:
    assert shell_command("agentctl run", "-x") == "agentctl run -- -x"
    assert shell_command("agentctl reconcile", "-x", options="--assume failed") == (
        "agentctl reconcile --assume failed -- -x"
    )
    assert shell_command("agentctl reconcile", "x", options="--assume failed") == (
        "agentctl reconcile x --assume failed"
    )


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()], ids=ascii)
def test_what_can_be_shown_is_quoted_for_every_shell(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text]


@pytest.mark.parametrize("text", [*HOSTILE, 'a"b', "a.b", "\x7f", "]\n[x]\ny = 1"], ids=ascii)
def test_a_line_of_configuration_says_what_was_meant(text: str) -> None:
    line = f"[{toml_key('profiles', text)}]\n{toml_key(text)} = {toml_text(text)}"

    assert tomllib.loads(line) == {"profiles": {text: {text: text}}}


def test_only_one_thing_is_in_the_singular() -> None:
    assert [count_things(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_a_name_that_is_near_is_suggested() -> None:
    names = ["column-missing", "column-type", "index-missing"]
    assert suggest_nearest("column-mising", names) == "Did you mean column-missing?"
    assert suggest_nearest("x", names) is None
