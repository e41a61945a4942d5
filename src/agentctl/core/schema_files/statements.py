"""Splits SQL files into statements, as psql does: with its own commands and the data of COPY left out.

It does not look at what a statement says. One that is broken ends at its semicolon, so it costs no other.
codescan/sql/ splits by itself, because it puts identifiers in the place of placeholders on its way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from agentctl.core.sql.copied_data import behind_data, is_announced
from agentctl.core.sql.nesting import depth_of
from agentctl.core.sql.tokens import Token, behind_semicolon, tokens

_HEAD = 6
_READ = frozenset({"CREATE", "ALTER", "DROP", "SET", "RESET", "SELECT", "DO", "COPY"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement without its semicolon.

    Attributes:
        start: its place in the whole text.
        words: the first few, in capitals.
        tokens: of which it consists, at their places in `text`.

    """

    text: str
    start: int
    words: tuple[str, ...]
    tokens: tuple[Token, ...] = field(repr=False)

    @property
    def depth(self) -> int:
        """How deep its syntax tree can be."""
        return depth_of(self.text, self.tokens)


def statements(text: str, *, whole: bool = False) -> Iterator[Statement]:
    """Yield the statements of a text, also those that nobody understands.

    Args:
        text: SQL.
        whole: give also those whole that are about rows, or of another language; else only their first word.

    """
    place = 0
    while place < len(text):
        taken, place = _one(text, place, whole=whole)
        if not taken:
            continue
        statement = _statement(text, taken)
        yield statement
        if is_announced(statement.text):
            place = behind_data(text, place)


def _one(text: str, place: int, *, whole: bool) -> tuple[list[Token], int]:
    """Return the tokens of the statement that begins there, and the place behind it."""
    taken: list[Token] = []
    nesting = _Nesting()
    for token in tokens(text, place):
        if not (whole or taken) and _is_about_rows(text, token):
            return [token], behind_semicolon(text, token.end)
        ends = token.kind == "mark" and text[token.start] == ";" and not nesting.open
        if ends or token.kind == "command":
            # A command such as \gexec ends a statement; any other does not stand within one.
            return taken, token.end
        nesting.enter(text[token.start : token.end].upper() if token.kind in {"word", "mark"} else "")
        taken.append(token)
    return taken, len(text)


def _is_about_rows(text: str, first: Token) -> bool:
    return first.kind == "word" and text[first.start : first.end].upper() not in _READ


class _Nesting:
    """Knows whether a semicolon is inside of a statement: of a rule's or a function's own statements."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._last = ""
        self._depth = 0

    @property
    def open(self) -> bool:
        return self._depth > 0

    def enter(self, word: str) -> None:
        if len(self._words) < _HEAD and word:
            self._words.append(word)
        if "FUNCTION" in self._words[:4] or "PROCEDURE" in self._words[:4]:
            opens = word == "ATOMIC" and self._last == "BEGIN"
            closes = word == "END" and self.open
            self._depth += 1 if opens or (word == "CASE" and self.open) else -1 if closes else 0
        elif "RULE" in self._words[:4]:
            self._depth = max(0, self._depth + {"(": 1, ")": -1}.get(word, 0))
        self._last = word


def _statement(text: str, taken: list[Token]) -> Statement:
    start, end = taken[0].start, taken[-1].end
    own = tuple(Token(token.kind, token.start - start, token.end - start) for token in taken)
    words = tuple(text[token.start : token.end].upper() for token in taken[:_HEAD])
    return Statement(text[start:end], start, words, own)
