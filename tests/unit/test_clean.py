"""Foreign text: no character that a terminal would act upon, and everything readable as it was."""

import unicodedata

import pytest

from agentctl.render.clean import clean, clean_line


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
