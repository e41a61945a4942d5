"""Foreign text: no character that a terminal would act upon, and everything readable as it was."""

import ast
import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

import agentctl
from agentctl.render.clean import clean, clean_line, write_clean

_SOURCE = Path(agentctl.__file__).parent
# Who writes without it, and what: a version, an empty line, GitHub's own commands, JSON for a parent process.
_WRITERS = {"__main__.py", "cli/frame.py", "cli/schema_formats.py", "judge.py"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "Grüße, 世界, 🙂",
        "naïve cafe\u0301",
        "👩\u200d💻",
        "می\u200cرود",
        "a\tb\nc",
        "&#27;[31m [red]",
    ],
)
def test_harmless_text_stays_what_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("\x9d0;title\x9c", "\\x9d0;title\\x9c"),
        ("over\rwritten", "over\\x0dwritten"),
        ("back\bspace\x7f", "back\\x08space\\x7f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("\ufeffbom", "\\ufeffbom"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_a_terminal_would_act_upon_is_shown_by_its_code(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_no_control_or_format_character_survives_but_four() -> None:
    every = "".join(map(chr, range(0x110000)))
    left = {c for c in clean(every) if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert left == set("\n\t\u200c\u200d")


def test_lines_that_end_as_on_windows_are_lines() -> None:
    assert clean("one\r\ntwo\r\n") == "one\ntwo\n"
    assert clean("one\r\r\ntwo") == "one\\x0d\ntwo"


def test_a_cell_is_one_line() -> None:
    assert clean_line("one\ntwo\tthree\r\nfour\x1b") == "one two three four\\x1b"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("::error file=a::b\n", "\\x3a:error file=a::b\n"),
        ("a\n \t::stop-commands::x\n", "a\n \t\\x3a:stop-commands::x\n"),
        ("a ##[add-mask]b ##vso[task.setvariable]c\n", "a \\x23#[add-mask]b \\x23#vso[task.setvariable]c\n"),
        (":::tip\n", ":::tip\n"),
        ("a::b ## c\n", "a::b ## c\n"),
        ("\x1b[31m\r\n", "\\x1b[31m\n"),
    ],
)
def test_what_is_written_is_obeyed_by_nobody_who_reads_a_log(text: str, written: str) -> None:
    stream = io.StringIO()
    write_clean(stream, text)
    assert stream.getvalue() == written


def test_a_text_of_blank_lines_takes_no_longer_than_its_length() -> None:
    write_clean(io.StringIO(), "\n \t" * 100_000 + "::")


def test_nobody_writes_to_a_stream_past_the_cleaning() -> None:
    streams = ("sys.stdout", "sys.stderr")
    writing = {f"{stream}.{method}" for stream in streams for method in ("write", "writelines")} | {"print"}
    modules = ((path, set(_calls(path))) for path in _SOURCE.rglob("*.py"))
    assert {str(path.relative_to(_SOURCE)) for path, calls in modules if calls & writing} <= _WRITERS


def test_only_the_cleaning_and_the_plain_screen_write_text_to_a_stream_they_are_given() -> None:
    given = {
        str(path.relative_to(_SOURCE))
        for path in (_SOURCE / "render").glob("*.py")
        if any(call.endswith("stream.write") for call in _calls(path))
    }
    assert given == {"render/clean.py", "render/plain.py"}


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
