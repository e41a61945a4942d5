"""Makes text from a database or a network harmless for a terminal, and for a CI service that reads a log.

Escape sequences, other control characters and characters that reorder what is read are replaced by
their codes. It ignores Rich markup, since nothing in agentctl interprets any.
"""

import re
from typing import TextIO

# Unicode's Cc, Cf, Cs, Zl and Zp, but for line ends, tabs, and the two that join letters and emoji.
_DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u180e\u200b\u200e-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
# Commands that GitHub Actions and Azure Pipelines obey in any line of a log.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:[\w-]+[^\n]*::)|#(?=#\[)|#(?=#vso\[)", re.MULTILINE)


def clean(text: str) -> str:
    """Return text, of one or more lines, without characters that a terminal would act upon."""
    if text.isascii() and text.rstrip("\n").isprintable():
        return text
    return _DANGEROUS.sub(_show_code, text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """Return the same as one line, for cells of a table."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def write_clean(stream: TextIO, text: str) -> None:
    """Write lines to a stream so that neither a terminal nor a CI service obeys anything in them.

    All output of agentctl goes through here, except what Rich draws and the commands for GitHub.
    """
    cleaned = clean(text)
    obeyed = "::" in cleaned or "##" in cleaned
    stream.write(_COMMAND.sub(_show_command, cleaned) if obeyed else cleaned)


def _show_code(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - widths of the notation


def _show_command(match: re.Match[str]) -> str:
    """Replace the character that begins a command by its code; blanks before it stay."""
    return f"{match[1] or ''}\\x{ord(match[0][-1]):02x}"
