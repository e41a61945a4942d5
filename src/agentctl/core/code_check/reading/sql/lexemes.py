"""Finds, between the tokens of SQL, the operators, the placeholders of drivers and the marks of templates.

It takes any text at all; it judges nothing.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from agentctl.core.sql.copied_data import behind_data
from agentctl.core.sql.tokens import next_token

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
    """A piece of the source; `kind` is a token's or a group's above."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next begins, at the earliest."""
        return self.start + len(self.text)


class Lexemes:
    """The lexemes of a text but for comments, blanks and what is none, in their order."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0

    def __iter__(self) -> Iterator[Lexeme]:
        """Go through the text once."""
        source = self._source
        while token := next_token(source, self._position):
            kind, start, self._position = token
            if kind == "mark":
                found = _MARKS.match(source, start)
                if found is None:
                    continue
                kind, self._position = str(found.lastgroup), found.end()
            yield Lexeme("string" if kind == "dollar" else kind, source[start : self._position], start)

    def skip_data(self) -> None:
        """Go on behind the line that ends the data of a COPY."""
        self._position = behind_data(self._source, self._position)
