"""Cuts SQL text into tokens as PostgreSQL's own programs do, whatever the text is.

It knows where strings, comments, identifiers and psql's commands end, and nothing of what they mean; it never
raises. Operators come as single marks: which characters belong together depends on who reads.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?:\s++|--[^\r\n]*+)*+
    (?:
    (?P<comment>/\*)
  | (?P<string>[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\\?\Z)
              |(?:[bBxXnN]|[uU]&)?'[^']*+(?:''[^']*+)*+(?:'|\Z))
  | (?P<quoted>(?:[uU]&)?"[^"]*+(?:""[^"]*+)*+(?:"|\Z))
  | (?P<dollar>\$(?:[^\W\d]\w*+)?\$)
  | (?P<word>[^\W\d][\w$]*+)
  | (?P<number>\d[\w.]*+)
  | (?P<command>\\[^\r\n]*+)
  | (?P<mark>.)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_NOTHING_SPECIAL = re.compile(
    r"""(?:[^\w;'"$/\\-]++|(?!e')[^\W\d][\w$]*+|\d\w*+|'[^']*+'|-(?!-)|/(?!\*))*+""", re.IGNORECASE
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A piece of text: `kind` is string, quoted, dollar, word, number, command (of psql's) or mark."""

    kind: str
    start: int
    end: int


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Yield everything but blanks and comments; what is never closed ends with the text."""
    token = next_token(text, start)
    while token is not None:
        yield token
        token = next_token(text, token.end)


def next_token(text: str, place: int) -> Token | None:
    """Return the first token behind a place, blanks and comments left out; None where there is none."""
    while found := _TOKEN.match(text, place):
        kind = found.lastgroup or "mark"
        if kind == "comment":
            place = _end_of_comment(text, found.end())
            continue
        start, end = found.span(kind)
        return Token(kind, start, _end_of_dollars(text, start, end) if kind == "dollar" else end)
    return None


def behind_semicolon(text: str, start: int) -> int:
    """Return the place behind the next semicolon that ends a statement, quickly: dumps hold much data."""
    place = start
    while place < len(text):
        found = _NOTHING_SPECIAL.match(text, place)
        token = next_token(text, found.end() if found else place)
        if token is None:
            break
        place = token.end
        if text[token.start] == ";" or token.kind == "command":
            return place
    return len(text)


def content(text: str, token: Token) -> str | None:
    """Return what a string or dollar-quoted token says; None for one with escapes, or for no string."""
    body = text[token.start : token.end]
    if token.kind == "dollar":
        tag = body[: body.index("$", 1) + 1]
        return body.removeprefix(tag).removesuffix(tag)
    plain = token.kind == "string" and body.startswith("'")
    return body[1:].removesuffix("'").replace("''", "'") if plain else None


def _end_of_dollars(text: str, start: int, end: int) -> int:
    """Return the place behind a dollar-quoted string that is opened there."""
    tag = text[start:end]
    closing = text.find(tag, end)
    return len(text) if closing < 0 else closing + len(tag)


def _end_of_comment(text: str, place: int) -> int:
    """Return the place behind a comment, in which there may be others."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, place)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        place = edge.end()
    return place
