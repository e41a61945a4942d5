"""A text is blank if nobody would see it, whatever it is made of."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.errors import UsageError
from agentctl.core.executions.execution_table import require_key
from agentctl.core.executions.visibility import is_blank

# By their names in Unicode, or by what they are.
INVISIBLE = {
    "nothing": "",
    "blanks": " \t\r\n\v\f",
    "no-break spaces": "\u00a0\u202f\u2007",
    "wide spaces": "\u3000\u2003\u1680",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "bidirectional": "\u200e\u200f\u202a\u202e\u2066\u2069\u061c",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "soft hyphen and joiner": "\u00ad\u034f",
    "variation selectors": "\ufe00\ufe0f\U000e0100",
    "tags": "\U000e0001\U000e0041",
    "Khmer vowels": "\u17b4\u17b5",
    "Mongolian separators": "\u180b\u180e",
    "Braille blank": "\u2800",
    "controls": "\x01\x1b\x7f\x85\x9b",
    "line separators": "\u2028\u2029",
    "half a character": "\udc80",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_a_text_without_a_visible_character_is_blank(text: str) -> None:
    assert is_blank(text)
    assert is_blank(text * 3)
    with pytest.raises(UsageError):
        require_key(text)


@given(st.text(st.sampled_from("".join(INVISIBLE.values()))), st.text())
def test_one_visible_character_makes_a_key_whatever_is_around_it(around: str, more: str) -> None:
    require_key(f"{around}x{more}")


@pytest.mark.parametrize(
    "text",
    ["0", "-", "%", "$", "'", "é", "顧客", "ключ", "مفتاح", "한글", "🎁", "👩‍💻", "ᄀ", "\ue000", "⠁"],
)
def test_what_is_drawn_is_visible(text: str) -> None:
    assert not is_blank(text)


@given(st.characters(categories=["L", "N", "P", "Sm", "Sc"]))
def test_letters_numbers_and_signs_are_visible_but_for_the_fillers(character: str) -> None:
    assert is_blank(character) == ("FILLER" in unicodedata.name(character, ""))
