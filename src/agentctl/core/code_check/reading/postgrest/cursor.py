"""Names as PostgREST reads them in a URL: plain, quoted, with a JSON path, behind an embedded table's name.

What all of its grammars share. It knows no operators and no options, and does not ask whether a name exists.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

HOLE = "\ufffc"
"""Stands in a text for a part that may be any text."""
MOST_NESTED = 40
"""How deep parentheses may stand in each other; nobody writes more, and a broken file might."""
MANY = 4096
"""So many texts are remembered with what they mean: a project says the same thing again and again."""

_IDENTIFIER = re.compile(rf"[\w$ {HOLE}]+(?:-[\w$ {HOLE}]+)*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON_STEP = re.compile(
    r"""->>?(?:"(?:[^"\\]|\\.)*" | -?[0-9]+ | [^(\-:.,>)]+(?:-[^(\-:.,>)]+)*)""", re.DOTALL | re.VERBOSE
)
_OWN_WORDS = frozenset({"order", "limit", "offset", "and", "or"})
_OWN_WORDS_ALONE = frozenset({"select", "columns", "on_conflict"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and where in the text it begins."""

    text: str
    offset: int

    @property
    def is_known(self) -> bool:
        """Whether the whole name is known."""
        return HOLE not in self.text


@dataclass(frozen=True, slots=True)
class Misfit:
    """Says why a text does not fit the grammar."""

    reason: str
    offset: int


@dataclass(frozen=True, slots=True)
class ColumnPath:
    """A column by the names of the embedded tables that it is in.

    Attributes:
        embeds: from the outermost on; none for a column of the table itself.
        json: whether a part of its JSON is meant.

    """

    embeds: tuple[Name, ...]
    column: Name
    json: bool = False

    @property
    def is_own_word(self) -> bool:
        """Whether PostgREST takes it for a parameter of its own: `order` is never a filter."""
        text = self.column.text
        return text in _OWN_WORDS or (not self.embeds and text in _OWN_WORDS_ALONE)


class MisfitError(Exception):
    """Unwinds to where another reading is possible, or to the end."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.misfit = Misfit(reason, offset)


class Cursor:
    """A place in a text that moves on as the text is read.

    Args:
        text: what PostgREST gets.
        origins: for each character, where it stands in the source's text; as they come without it.

    """

    def __init__(self, text: str, origins: Sequence[int] | None = None) -> None:
        self._text = text
        self._origins = range(len(text)) if origins is None else origins
        self.position = 0

    def is_at_end(self) -> bool:
        """Say whether all is read."""
        return self.position >= len(self._text)

    def is_at(self, token: str) -> bool:
        """Say whether a token comes next."""
        return self._text.startswith(token, self.position)

    def take(self, token: str) -> bool:
        """Move behind a token, if it comes next."""
        if not self.is_at(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        """Move behind a token that must come next."""
        if not self.take(token):
            raise self.make_error(f"expected `{token}`")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move behind a pattern, if it comes next."""
        matched = pattern.match(self._text, self.position)
        if matched is not None:
            self.position = matched.end()
        return matched

    def skip_blanks(self) -> None:
        """Move behind spaces and tabs; other white space is nowhere allowed between tokens."""
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
        """Move behind a JSON path, and say whether there was one."""
        start = self.position
        while self.match(_JSON_STEP):
            pass
        return self.position > start

    def make_error(self, reason: str) -> MisfitError:
        """Return the error for this place."""
        end = self._origins[-1] + 1 if self._origins else 0
        offset = end if self.is_at_end() else self._origins[self.position]
        instead = f", not `{self._text[self.position]}`" if not self.is_at_end() else ", not the end"
        return MisfitError(reason + instead, offset)


def parse_whole(cursor: Cursor, grammar: Callable[[Cursor], T]) -> T | Misfit:
    """Return what a grammar makes of all that a cursor has before it."""
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
    """Read what is left of `=` in a filter: `status`, `data->>kind`, `agents.owner.name`."""
    return parse_whole(Cursor(text), _read_path)


def parse_names(text: str) -> tuple[Name, ...] | Misfit:
    """Read names with commas between them, as `on_conflict` has them."""
    return parse_whole(Cursor(text), _read_names)


def _read_path(cursor: Cursor) -> ColumnPath:
    names = [cursor.read_name()]
    while cursor.take("."):
        names.append(cursor.read_name())
    return ColumnPath(tuple(names[:-1]), names[-1], cursor.skip_json_path())


def _read_names(cursor: Cursor) -> tuple[Name, ...]:
    names = [cursor.read_name()]
    cursor.skip_blanks()
    while cursor.take(","):
        names.append(cursor.read_name())
        cursor.skip_blanks()
    return tuple(names)
