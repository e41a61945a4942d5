"""Reads names as PostgREST has them in a URL: plain, quoted, with a JSON path, or in an embedded table.

All of PostgREST's grammars share it. It knows no operators and no options, and not which names exist.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

HOLE = "\ufffc"
"""Stands in a text for a part that can be any text."""
MOST_NESTED = 40
"""How deep parentheses may be nested; only a broken file has more."""
MANY = 4096
"""How many parsed texts are remembered: a project repeats the same texts again and again."""

_IDENTIFIER = re.compile(rf"[\w$ {HOLE}]+(?:-[\w$ {HOLE}]+)*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON_STEP = re.compile(
    r"""->>?(?:"(?:[^"\\]|\\.)*" | -?[0-9]+ | [^(\-:.,>)]+(?:-[^(\-:.,>)]+)*)""", re.DOTALL | re.VERBOSE
)
_OWN_WORDS = frozenset({"order", "limit", "offset", "and", "or"})
_OWN_WORDS_ALONE = frozenset({"select", "columns", "on_conflict"})

T = TypeVar("T")


class Name(Struct, frozen=True):
    """A name, and where in the text it begins."""

    text: str
    offset: int

    @property
    def is_known(self) -> bool:
        """Whether the whole name is known."""
        return HOLE not in self.text


class Misfit(Struct, frozen=True):
    """The reason why a text does not fit the grammar, and where."""

    reason: str
    offset: int


class ColumnPath(Struct, frozen=True):
    """The path to a column, through the embedded tables that it is in.

    Attributes:
        embeds: the embedded tables, the outermost first; empty for a column of the table itself.
        json: whether only a part of the column's JSON is meant.

    """

    embeds: tuple[Name, ...]
    column: Name
    json: bool = False

    @property
    def is_own_word(self) -> bool:
        """Whether PostgREST reads it as one of its own parameters: `order` is never a filter."""
        text = self.column.text
        return text in _OWN_WORDS or (not self.embeds and text in _OWN_WORDS_ALONE)


class MisfitError(Exception):
    """Leaves a grammar that does not fit; the caller may try another one."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.misfit = Misfit(reason, offset)


class Cursor:
    """A position in a text, which moves on as the text is read.

    Args:
        text: the text that PostgREST receives.
        origins: the position of each character in the source's text; without it, they are the same.

    """

    def __init__(self, text: str, origins: Sequence[int] | None = None) -> None:
        self._text = text
        self._origins = range(len(text)) if origins is None else origins
        self.position = 0

    def is_at_end(self) -> bool:
        """Return whether the whole text has been read."""
        return self.position >= len(self._text)

    def is_at(self, token: str) -> bool:
        """Return whether a token comes next."""
        return self._text.startswith(token, self.position)

    def take(self, token: str) -> bool:
        """Move past a token if it comes next, and return whether it did."""
        if not self.is_at(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        """Move past a token that must come next."""
        if not self.take(token):
            raise self.make_error(f"expected `{token}`")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move past a pattern if it comes next, and return the match."""
        matched = pattern.match(self._text, self.position)
        if matched is not None:
            self.position = matched.end()
        return matched

    def skip_blanks(self) -> None:
        """Move past spaces and tabs; no other white space is allowed between tokens."""
        while self.take(" ") or self.take("\t"):
            pass

    def read_name(self) -> Name:
        """Read a name."""
        self.skip_blanks()
        start = self.position
        if quoted := self.match(_QUOTED):
            return Name(_ESCAPED.sub(r"\1", quoted[0][1:-1]), self._origins[start])
        plain = self.match(_IDENTIFIER)
        if plain is None:
            raise self.make_error("expected a name")
        return Name(plain[0].strip(" "), self._origins[start])

    def skip_json_path(self) -> bool:
        """Move past a JSON path, and return whether there was one."""
        start = self.position
        while self.match(_JSON_STEP):
            pass
        return self.position > start

    def read_list(self, read_item: "Callable[[Cursor], T]", separator: str = ",") -> tuple[T, ...]:
        """Read one item or several."""
        items = [read_item(self)]
        while self.take(separator):
            items.append(read_item(self))
        return tuple(items)

    def make_error(self, reason: str) -> MisfitError:
        """Return the error for this position."""
        if self.is_at_end():
            offset, instead = self._origins[-1] + 1 if self._origins else 0, "the end"
        else:
            offset, instead = self._origins[self.position], f"`{self._text[self.position]}`"
        return MisfitError(f"{reason}, not {instead}", offset)


def parse_whole(cursor: Cursor, grammar: Callable[[Cursor], T]) -> T | Misfit:
    """Parse the rest of the text with a grammar, which must fit all of it."""
    try:
        result = grammar(cursor)
        cursor.skip_blanks()
        if not cursor.is_at_end():
            raise cursor.make_error("expected the end")
    except MisfitError as error:
        return error.misfit
    return result


@lru_cache(MANY)
def parse_path(text: str) -> ColumnPath | Misfit:
    """Parse the left side of a filter: `status`, `data->>kind`, `agents.owner.name`."""
    return parse_whole(Cursor(text), _read_path)


def parse_names(text: str) -> tuple[Name, ...] | Misfit:
    """Parse names that are separated by commas, as in `on_conflict`."""
    return parse_whole(Cursor(text), lambda cursor: cursor.read_list(_read_padded_name))


def _read_path(cursor: Cursor) -> ColumnPath:
    *embeds, column = cursor.read_list(Cursor.read_name, separator=".")
    return ColumnPath(tuple(embeds), column, cursor.skip_json_path())


def _read_padded_name(cursor: Cursor) -> Name:
    name = cursor.read_name()
    cursor.skip_blanks()
    return name
