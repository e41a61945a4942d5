"""Cuts the SQL of applications into lexemes: whole operators, drivers' placeholders and template marks.

It takes any text and judges nothing.
"""

import re
from typing import NamedTuple

from agentctl.core.sql.tokens import Token, next_token

_MARKS = re.compile(
    r"""
      (?P<template> \{\{.*?\}\} | \{%.*?%\} | \{\#.*?\#\} | \{ )
    | (?P<text> :'\w+' )
    | (?P<named> :(?:\.\.\.)?[^\W\d]\w*!? | :"\w+" | @[^\W\d]\w* | \$[^\W\d]\w* )
    | (?P<symbol> :: | := | => | @> | <@ | @@@? | @\? | \?\|(?!\|) | \?& | \?\? | \^@ | <?<% | %>>? | %% )
    | (?P<positional> \?\d* | %\(\w+\)[sbt] | %[sbt]\b )
    | (?P<operator> (?:(?!--|/\*)[-+*/<>=~!\#^&|`])+ | [@%] )
    | (?P<number> \$\d+ )
    | (?P<mark> [()\[\],;:] )
    """,
    re.VERBOSE | re.DOTALL,
)


class Lexeme(NamedTuple):
    """A piece of a statement; `kind` is a token's or a group's above, or `held` for a placeholder."""

    kind: str
    text: str
    start: int


def find_lexeme(text: str, offset: int) -> Token | None:
    """Return the first lexeme behind an offset; comments, blanks and what is not SQL are left out."""
    while token := next_token(text, offset):
        if token.kind != "mark":
            return token
        lexeme = _MARKS.match(text, token.start)
        if lexeme is not None:
            return Token(str(lexeme.lastgroup), *lexeme.span())
        offset = token.end
    return None
