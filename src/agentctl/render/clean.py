"""Makes text from a database or a network harmless for a terminal.

Escape sequences, other control characters and characters that reorder what is read are shown by their
code instead of being sent. It does not know Rich markup: nothing in agentctl interprets any.
"""

import unicodedata

_KEPT = frozenset("\n\t\u200c\u200d")  # the last two join letters and emoji
_DANGEROUS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean(text: str) -> str:
    """Return text of any number of lines without a character that a terminal would act upon."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n")))


def clean_line(text: str) -> str:
    """Return the same in one line, for table cells."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _DANGEROUS:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - widths of the notation
