"""Splits SQL text into statements, as psql does: with its own commands and the data of COPY left out.

It does not look at what a statement says. A broken one ends at its semicolon, so that it costs no other.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from msgspec import Struct

from agentctl.core.models import Reticent
from agentctl.core.sql.nesting import depth_of
from agentctl.core.sql.tokens import Token, find_end_of_statement, next_token

_HEAD = 6
_READ = frozenset({"CREATE", "ALTER", "DROP", "SET", "RESET", "SELECT", "DO", "COPY"})
_SENDING = re.compile(r"\\(?:g|watch|crosstabview|bind|parse)")
"""The commands of psql that send a statement, and so end it."""
_DATA_FOLLOW = re.compile(r"copy\b.*\bfrom\s+p?stdin\b", re.IGNORECASE | re.DOTALL)
"""A COPY below which its data follow in a psql script; they are no SQL."""
_END_OF_DATA = re.compile(r"^\\\.\s*?$", re.MULTILINE)

FindToken = Callable[[str, int], Token | None]
"""Returns the first token behind an offset, as `next_token` does; a caller's may be longer than those."""


class Statement(Reticent, Struct, frozen=True):
    """A statement without its semicolon.

    Attributes:
        text: with blanks in the place of psql's commands.
        start: its offset in the whole text.
        words: the first few, in capitals.
        tokens: of which it consists, at their offsets in `text`.

    """

    unsaid: ClassVar = frozenset({"tokens"})

    text: str
    start: int
    words: tuple[str, ...]
    tokens: tuple[Token, ...]

    @property
    def depth(self) -> int:
        """How deep its syntax tree can be."""
        return depth_of(self.text, self.tokens)


def split_statements(
    text: str, *, whole: bool = False, find_token: FindToken = next_token
) -> Iterator[Statement]:
    """Yield the statements of a text, valid or not.

    Args:
        text: SQL.
        whole: yield all statements in full; otherwise those about rows, or in another language, are cut to
            their first word.
        find_token: what cuts the text.

    """
    offset = 0
    while offset < len(text):
        taken, offset = _take_tokens(text, offset, find_token, whole=whole)
        if not taken:
            continue
        statement = _cut_statement(text, taken)
        yield statement
        if _DATA_FOLLOW.match(statement.text):
            end = _END_OF_DATA.search(text, offset)
            offset = end.end() if end else len(text)


def _take_tokens(text: str, offset: int, find_token: FindToken, *, whole: bool) -> tuple[list[Token], int]:
    """Return the tokens of the statement at an offset, and the offset behind it."""
    taken: list[Token] = []
    body = _Body()
    while token := find_token(text, offset):
        offset = token.end
        if token.kind == "command":
            if _SENDING.match(text, token.start):
                break
            taken += [token] if taken else []
            continue
        if not (whole or taken) and _is_about_rows(text, token):
            return [token], find_end_of_statement(text, offset)
        if token.kind == "mark" and text[token.start] == ";" and not body.is_open:
            break
        body.enter(text[token.start : offset].upper() if token.kind in {"word", "mark"} else "")
        taken.append(token)
    return taken, len(text) if token is None else offset


def _is_about_rows(text: str, first: Token) -> bool:
    return first.kind == "word" and text[first.start : first.end].upper() not in _READ


class _Body:
    """The statements that a rule or a function holds: a semicolon between them does not end it."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._last = ""
        self._depth = 0

    @property
    def is_open(self) -> bool:
        return self._depth > 0

    def enter(self, word: str) -> None:
        if len(self._words) < _HEAD and word:
            self._words.append(word)
        if "FUNCTION" in self._words[:4] or "PROCEDURE" in self._words[:4]:
            opens = word == "ATOMIC" and self._last == "BEGIN"
            closes = word == "END" and self.is_open
            self._depth += 1 if opens or (word == "CASE" and self.is_open) else -1 if closes else 0
        elif "RULE" in self._words[:4]:
            self._depth = max(0, self._depth + {"(": 1, ")": -1}.get(word, 0))
        self._last = word


def _cut_statement(text: str, taken: list[Token]) -> Statement:
    own = [token for token in taken if token.kind != "command"]
    start, end = own[0].start, own[-1].end
    commands = (token for token in taken if token.kind == "command" and token.start < end)
    blanks = [(token.start - start, " " * (token.end - token.start)) for token in commands]
    shifted = tuple(Token(token.kind, token.start - start, token.end - start) for token in own)
    words = tuple(text[token.start : token.end].upper() for token in own[:_HEAD])
    return Statement(overwrite(text[start:end], blanks), start, words, shifted)


def overwrite(text: str, edits: Iterable[tuple[int, str]]) -> str:
    """Return a text in which other texts replace what stands at some offsets; nothing moves."""
    pieces, offset = [], 0
    for position, instead in edits:
        pieces += [text[offset:position], instead]
        offset = position + len(instead)
    return "".join([*pieces, text[offset:]])
