"""Splits a text into SQL statements, with every placeholder replaced by an identifier of the same length.

It knows what ends a statement, in psql's eyes too, but no grammar: it judges none. schema_source/ splits by
itself, because it hurries through the rows of dumps and wants every text as it is, without placeholders.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentctl.core.code_check.reading.sql.lexemes import Lexeme, Lexemes
from agentctl.core.code_check.reading.sql.placeholders import HELD, is_placeholder, is_value, substitute
from agentctl.core.sql.copied_data import is_announced
from agentctl.core.sql.nesting import Nesting

_SENDING = re.compile(r"\\(?:g|watch|crosstabview|bind|parse)")
_PUT_IN_NAME = re.compile(r'(?:\{|%[s(]).*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        text: as long as in the source, with identifiers for placeholders and blanks for psql's commands.
        start: where it begins in the source.
        placeholders: where in `text` there is one.
        template: where in `text` another language puts something in; None where none does.
        depth: how deep its syntax tree can be.

    """

    text: str
    start: int
    placeholders: frozenset[int] = frozenset()
    template: int | None = None
    depth: int = 0


def split(source: str) -> Iterator[Statement]:
    """Return the statements of a text in their order, without empty ones and without the data of COPY."""
    lexemes = Lexemes(source)
    current = _Current(source)
    for lexeme in lexemes:
        if current.is_ended_by(lexeme):
            yield from current.finished()
            if is_announced(source[current.start : lexeme.start]):
                lexemes.skip_data()
            current = _Current(source)
        else:
            current.take(lexeme)
    yield from current.finished()


@dataclass(slots=True)
class _Current:
    """The statement that is being read, as far as it has come."""

    source: str
    start: int = -1
    end: int = -1
    previous: Lexeme | None = None
    creates: bool = False
    blocks: int = 0
    nesting: Nesting = field(default_factory=Nesting)
    template: int | None = None
    placeholders: list[int] = field(default_factory=list)
    edits: list[tuple[int, str]] = field(default_factory=list)

    def is_ended_by(self, lexeme: Lexeme) -> bool:
        """Whether a lexeme is the end of it: not a semicolon in a rule's or a function's body."""
        if lexeme.kind == "command":
            return bool(_SENDING.match(lexeme.text))
        inside = self.creates and (self.blocks > 0 or bool(self.nesting.brackets))
        return lexeme.text == ";" and not inside

    def take(self, lexeme: Lexeme) -> None:
        """Add one more lexeme."""
        if lexeme.kind == "command":
            if self.start >= 0:
                self.edits.append((lexeme.start, " " * len(lexeme.text)))
            return
        if self.start < 0:
            self.start = lexeme.start
            self.creates = lexeme.text.lower() == "create"
        self.end = lexeme.end
        self.previous = self._put(lexeme)

    def finished(self) -> Iterator[Statement]:
        """Return the statement, unless there is none."""
        if self.start >= 0:
            yield Statement(
                text=self._edited(),
                start=self.start,
                placeholders=frozenset(place - self.start for place in self.placeholders),
                template=None if self.template is None else self.template - self.start,
                depth=self.nesting.deepest,
            )

    def _put(self, lexeme: Lexeme) -> Lexeme:
        """Replace a lexeme that is no SQL; return what stands there then."""
        brackets = self.nesting.brackets
        in_subscript = bool(brackets) and brackets[-1].subscript
        if is_placeholder(lexeme, self.previous, in_subscript=in_subscript):
            start, text, identifier = substitute(lexeme, self.previous, self.source)
            self.edits.append((start, text))
            self.placeholders.append(identifier)
            return Lexeme("held", text, start)
        if lexeme.kind == "text":
            self.edits.append((lexeme.start, f"'{HELD}".ljust(len(lexeme.text) - 1) + "'"))
            return lexeme
        self._nest(lexeme)
        self._look(lexeme)
        return lexeme

    def _nest(self, lexeme: Lexeme) -> None:
        subscript = lexeme.text == "[" and self.previous is not None and is_value(self.previous)
        self.nesting.take(lexeme.kind, lexeme.text, subscript=subscript)

    def _look(self, lexeme: Lexeme) -> None:
        """Notice templates, and where the body of a function begins and ends."""
        if lexeme.kind == "template" or (lexeme.kind == "quoted" and _PUT_IN_NAME.search(lexeme.text)):
            self.template = lexeme.start if self.template is None else self.template
        if lexeme.kind != "word" or not self.creates:
            return
        word, before = lexeme.text.lower(), self.previous.text.lower() if self.previous else ""
        if (word == "atomic" and before == "begin") or (word == "case" and self.blocks):
            self.blocks += 1
        elif word == "end" and self.blocks:
            self.blocks -= 1

    def _edited(self) -> str:
        pieces, position = [], self.start
        for start, text in self.edits:
            pieces += [self.source[position:start], text]
            position = start + len(text)
        return "".join([*pieces, self.source[position : self.end]])
