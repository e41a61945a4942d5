"""Writes what an operator reads and types: shell commands, lines of TOML, messages.

Somebody else may have chosen the text: a name in a database, an e-mail address, the name of a file. In a
command or a line it stays one word, and nothing in it is executed. core/database/quoting.py does the same for
SQL.
"""

import json
import re
import shlex
from collections.abc import Iterable
from difflib import get_close_matches
from typing import LiteralString


def shell_command(program: LiteralString, *words: str, options: LiteralString = "") -> str:
    """Write a command whose arguments somebody else has chosen.

    Args:
        program: the beginning of the command.
        words: its arguments; if one of them begins with a dash, `--` stands before them.
        options: follow the arguments, or stand before `--`.

    """
    arguments = [shell_word(word) for word in words]
    if any(word.startswith("-") for word in words):
        parts = [program, options, "--", *arguments]
    else:
        parts = [program, *arguments, options]
    return " ".join(part for part in parts if part)


def shell_word(text: str) -> str:
    """Quote a text for a shell, in one line.

    Characters that a terminal would act upon are written in the notation of bash, zsh and ksh: $'...'.
    """
    if not all(character.isprintable() for character in text):
        return "$'" + "".join(map(_escape_character, text)) + "'"
    return f"'{text}'" if text.startswith("=") and "'" not in text else shlex.quote(text)


def _escape_character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="replace"))


def shorten(text: str, length: int = 60) -> str:
    """Return the beginning of a text, for a message; three dots mark that the rest is missing."""
    return text if len(text) <= length else f"{text[: length - 1]}\u2026"


def quote_briefly(text: str, length: int = 60) -> str:
    """Return the beginning of a text in quotes; characters without a glyph, written as ten, get less room."""
    quoted = repr(shorten(text, length))
    return quoted if len(quoted) <= 2 * length else f"{quoted[: 2 * length - 2]}\u2026'"


def count_things(number: int, noun: str) -> str:
    """Write how many of something there are: `1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def suggest_nearest(name: str, names: Iterable[str]) -> str | None:
    """Ask whether the nearest name was meant; None where no name is near."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else None


def toml_text(text: str) -> str:
    """Write a text as a TOML value; only the character DEL is written otherwise than in JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(*parts: str) -> str:
    """Write a dotted key, and quote the parts that need it."""
    return ".".join(part if re.fullmatch("[A-Za-z0-9_-]+", part) else toml_text(part) for part in parts)
