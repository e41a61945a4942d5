"""Cuts SQL text into tokens as PostgreSQL's own programs do, whatever the text is.

It knows where strings, comments, identifiers and psql's commands end, and nothing of what they mean; it never
raises. Operators come as single marks: the caller knows which of them belong together.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Groups are repeated in `(?>...)`: before 3.11.5, Python matches `*+` behind a group wrongly (gh-106052).
_TOKEN = re.compile(
    r"""
    (?>(?:\s++|--[^\r\n]*+)*)
    (?:
    (?P<comment>/\*)
  | (?P<string>[eE]'(?>(?:[^'\\]++|\\.|'')*)(?:'|\\?\Z)
              |(?:[bBxXnN]|[uU]&)?'[^']*+(?>(?:''[^']*+)*)(?:'|\Z))
  | (?P<quoted>(?:[uU]&)?"[^"]*+(?>(?:""[^"]*+)*)(?:"|\Z))
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
    r"""(?>(?:[^\w;'"$/\\-]++|(?!e')[^\W\d][\w$]*+|\d\w*+|'[^']*+'|-(?!-)|/(?!\*))*)""", re.IGNORECASE
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A piece of text: `kind` is string, quoted, dollar, word, number, command (of psql's) or mark."""

    kind: str
    start: int
    end: int


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """Yield everything but blanks and comments; what is never closed ends with the text."""
    while token := next_token(text, start):
        yield token
        start = token.end


def next_token(text: str, offset: int) -> Token | None:
    """Return the first token behind an offset, without blanks and comments; None at the end."""
    while piece := _TOKEN.match(text, offset):
        kind = piece.lastgroup or "mark"
        if kind == "comment":
            offset = _find_end_of_comment(text, piece.end())
            continue
        start, end = piece.span(kind)
        return Token(kind, start, _find_end_of_dollars(text, start, end) if kind == "dollar" else end)
    return None


def find_end_of_statement(text: str, start: int) -> int:
    """Return the offset behind the statement's semicolon, quickly: dumps hold much data."""
    offset = start
    while offset < len(text):
        plain = _NOTHING_SPECIAL.match(text, offset)
        token = next_token(text, plain.end() if plain else offset)
        if token is None:
            break
        offset = token.end
        if text[token.start] == ";" or token.kind == "command":
            return offset
    return len(text)


def content_of(text: str, token: Token) -> str | None:
    """Return the content of a string or dollar-quoted token; None with escapes, and for other kinds."""
    body = text[token.start : token.end]
    if token.kind == "dollar":
        tag = body[: body.index("$", 1) + 1]
        return body.removeprefix(tag).removesuffix(tag)
    plain = token.kind == "string" and body.startswith("'")
    return body[1:].removesuffix("'").replace("''", "'") if plain else None


def _find_end_of_dollars(text: str, start: int, end: int) -> int:
    """Return the offset behind a dollar-quoted string."""
    tag = text[start:end]
    closing = text.find(tag, end)
    return len(text) if closing < 0 else closing + len(tag)


def _find_end_of_comment(text: str, offset: int) -> int:
    """Return the offset behind a comment, which may hold other comments."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, offset)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        offset = edge.end()
    return offset
