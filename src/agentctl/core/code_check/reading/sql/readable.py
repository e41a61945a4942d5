"""Makes the statements of applications readable: an identifier of the same length replaces each placeholder.

It knows no grammar and judges no statement.
"""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from agentctl.core.code_check.reading.sql.lexemes import Lexeme, find_lexeme
from agentctl.core.code_check.reading.sql.placeholders import HELD, is_placeholder, is_value, substitute
from agentctl.core.sql.nesting import Nesting
from agentctl.core.sql.statements import overwrite, split_statements

_FILLED_NAME = re.compile(r'(?:\{|%[s(]).*"', re.DOTALL)
"""A quoted name, behind its quote, into which the program puts something."""


class ReadableStatement(Struct, frozen=True):
    """A statement that the grammar can read.

    Attributes:
        text: as long as in the source, with identifiers for placeholders and blanks for psql's commands.
        start: its offset in the source.
        placeholders: the offsets in `text` of what replaces one.
        template: where in `text` another language puts something in; None where none does.
        depth: how deep its syntax tree can be.

    """

    text: str
    start: int
    placeholders: frozenset[int] = frozenset()
    template: int | None = None
    depth: int = 0


def split_readable_statements(source: str) -> Iterator[ReadableStatement]:
    """Yield the statements of a text in their order, without empty ones and without the data of COPY."""
    for statement in split_statements(source, whole=True, find_token=find_lexeme):
        substitution = _Substitution(statement.text)
        for kind, start, end in statement.tokens:
            substitution.take(Lexeme(kind, statement.text[start:end], start))
        yield substitution.finish(statement.start)


class _Substitution(Struct):
    """A statement of which the lexemes so far have been looked at."""

    text: str
    previous: Lexeme | None = None
    nesting: Nesting = field(default_factory=Nesting)
    template: int | None = None
    placeholders: list[int] = field(default_factory=list)
    edits: list[tuple[int, str]] = field(default_factory=list)

    def take(self, lexeme: Lexeme) -> None:
        """Replace the next lexeme if it is no SQL."""
        brackets = self.nesting.brackets
        in_subscript = bool(brackets) and brackets[-1].subscript
        if is_placeholder(lexeme, self.previous, in_subscript=in_subscript):
            start, text, identifier = substitute(lexeme, self.previous, self.text)
            self.edits.append((start, text))
            self.placeholders.append(identifier)
            lexeme = Lexeme("held", text, start)
        elif lexeme.kind == "text":
            self.edits.append((lexeme.start, f"'{HELD}".ljust(len(lexeme.text) - 1) + "'"))
        else:
            subscript = lexeme.text == "[" and self.previous is not None and is_value(self.previous)
            self.nesting.take(lexeme.kind, lexeme.text, subscript=subscript)
            if self.template is None and _is_filled_in(lexeme):
                self.template = lexeme.start
        self.previous = lexeme

    def finish(self, start: int) -> ReadableStatement:
        """Return the statement that begins at an offset of the source."""
        return ReadableStatement(
            text=overwrite(self.text, self.edits),
            start=start,
            placeholders=frozenset(self.placeholders),
            template=self.template,
            depth=self.nesting.deepest,
        )


def _is_filled_in(lexeme: Lexeme) -> bool:
    """Whether another language than SQL writes a part of a lexeme."""
    return lexeme.kind == "template" or (
        lexeme.kind == "quoted" and _FILLED_NAME.search(lexeme.text) is not None
    )
