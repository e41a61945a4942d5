"""Cuts SQL, with the placeholders of drivers and the commands of psql in it, into lexemes.

It knows quotes and comments, and takes any text at all; it judges nothing.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LEXEME = re.compile(
    r"""
      (?P<comment> --[^\n]* )
    | (?P<block> /\* )
    | (?P<string> [eE]'(?:[^'\\]|\\.|'')*+' | '(?:[^']|'')*+' )
    | (?P<quoted> "(?:[^"]|"")*+" )
    | (?P<string2> \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<endless> [eE]?' | " | \$(?:[^\W\d]\w*)?\$ )
    | (?P<template> \{\{.*?\}\} | \{%.*?%\} | \{\#.*?\#\} | \{ )
    | (?P<text> :'\w+' )
    | (?P<named> :(?:\.\.\.)?[^\W\d]\w*!? | :"\w+" | @[^\W\d]\w* | \$[^\W\d]\w* )
    | (?P<symbol> :: | := | => | @> | <@ | @@@? | @\? | \?\|(?!\|) | \?& | \?\? | \^@ | <?<% | %>>? | %% )
    | (?P<positional> \?\d* | %\(\w+\)[sbt] | %[sbt]\b )
    | (?P<operator> (?:(?!--|/\*)[-+*/<>=~!\#^&|`])+ | [@%] )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<number> \d[\w.]* | \$\d+ )
    | (?P<command> \\[^\n]* )
    | (?P<mark> [()\[\],;:] )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_END_OF_DATA = re.compile(r"^\\\.[ \t\r]*$", re.MULTILINE)


class Lexeme(NamedTuple):
    """A piece of the source; `kind` is its group above: `endless` where a quote is never closed."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next begins, at the earliest."""
        return self.start + len(self.text)


class Lexemes:
    """The lexemes of a text but for comments and blanks, in their order."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0

    def __iter__(self) -> Iterator[Lexeme]:
        """Go through the text once."""
        while found := _LEXEME.search(self._source, self._position):
            kind = str(found.lastgroup)
            self._position = found.end()
            if kind == "block":
                self._position = self._behind_comment(found.start())
            elif kind == "endless":
                self._position = len(self._source)
                yield Lexeme(kind, self._source[found.start() :], found.start())
            elif kind != "comment":
                yield Lexeme(kind.rstrip("2"), found.group(), found.start())

    def skip_data(self) -> None:
        """Go on behind the line that ends the data of a COPY."""
        end = _END_OF_DATA.search(self._source, self._position)
        self._position = end.end() if end else len(self._source)

    def _behind_comment(self, start: int) -> int:
        """Return the end of a comment, in which others may lie."""
        depth = 0
        for edge in _COMMENT_EDGE.finditer(self._source, start):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                return edge.end()
        return len(self._source)
