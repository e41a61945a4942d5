"""Writes what an operator is told to type: a command for their shell, a line for their configuration.

What stands in it may have been chosen by somebody else: a name in a database, an e-mail address, a file's
name. It arrives as one word, and nothing in it is executed. SQL in a hint is the business of
core/database/quoting.py.
"""

import json
import re
import shlex
from typing import LiteralString


def shell_command(program: LiteralString, *words: str, options: LiteralString = "") -> str:
    """Write a command with words that somebody else has chosen.

    Args:
        program: the command's beginning.
        words: its arguments; where one begins with a dash, all stand behind `--`.
        options: stand behind the words, or before `--`.

    """
    arguments = [shell_word(word) for word in words]
    if any(word.startswith("-") for word in words):
        parts = [program, options, "--", *arguments]
    else:
        parts = [program, *arguments, options]
    return " ".join(part for part in parts if part)


def shell_word(text: str) -> str:
    """Quote a text for a shell, in one line.

    What cannot be shown as it is, because a terminal would act upon it, is written as bash, zsh and ksh read
    it: $'...'.
    """
    if not all(character.isprintable() for character in text):
        return "$'" + "".join(map(_ansi_c, text)) + "'"
    return f"'{text}'" if text.startswith("=") and "'" not in text else shlex.quote(text)


def _ansi_c(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="replace"))


def toml_text(text: str) -> str:
    """Write a text as a TOML value; JSON's texts are TOML's but for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(*parts: str) -> str:
    """Write a dotted key, each part in quotes where it needs them."""
    return ".".join(part if re.fullmatch("[A-Za-z0-9_-]+", part) else toml_text(part) for part in parts)
