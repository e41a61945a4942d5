"""Tells whether a text is visible: one of blanks and of characters that draw nothing looks empty."""

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point, and two symbols that are drawn as a blank, of Braille and of music.
_DRAWS_NOTHING = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_BLANK_KINDS = frozenset(
    {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}
)  # controls, formats, half characters, separators


def is_blank(text: str) -> bool:
    """Whether a text has no character that can be seen."""
    return all(
        unicodedata.category(character) in _BLANK_KINDS or _DRAWS_NOTHING.match(character)
        for character in text
    )
