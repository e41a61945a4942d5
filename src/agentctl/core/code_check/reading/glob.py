"""Translates a pattern of .gitignore into a regular expression that takes bounded time to match.

It follows git's wildmatch.c byte by byte, including its corner cases. Each `*` matches as little as possible
before the text up to the next `*` fits, and is never tried again: a longer match could not help what follows.
The atomic groups `(?>...)` tell Python so; otherwise it would try every way to divide a name among ten stars.
"""

import re

from msgspec import Struct, field

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\x20\t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\x20\t\n\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_NOT_A_SLASH = "[^/]"
_FOLDERS = "(?:[^/]*/)*"


class InvalidPatternError(ValueError):
    """A pattern that can match nothing, such as `[a`."""


def translate_glob(pattern: str) -> str:
    """Return an expression that matches the whole path of whatever a pattern matches.

    Args:
        pattern: relative, with one character for each byte; `*` stops at a slash, `**/` does not.

    Raises:
        InvalidPatternError: the pattern can match nothing.

    """
    reader = _PatternReader(pattern)
    while reader.position < len(pattern):
        reader.read_next()
    return reader.finish()


class _PatternReader(Struct):
    """Reads a pattern from left to right, once.

    Attributes:
        position: the index of the next character.
        pieces: the expressions between the stars of the current part; a part ends at a slash.
        run: the parts since the last `**/`, each with its slash.
        runs: the runs before that.

    """

    pattern: str
    position: int = 0
    pieces: list[str] = field(default_factory=lambda: [""])
    run: str = ""
    runs: list[str] = field(default_factory=list)
    special: bool = False
    open_ended: bool = False

    def read_next(self) -> None:
        character = self.pattern[self.position]
        if character == "*":
            self._read_stars()
        else:
            self.special = self.special or character in "?[\\"
            if character == "?":
                self._add_piece(_NOT_A_SLASH, 1)
            elif character == "[":
                self._add_piece(*_read_class(self.pattern, self.position))
            elif character == "\\":
                self._read_literal(self.pattern[self.position + 1 : self.position + 2], 2)
            else:
                self._read_literal(character, 1)

    def finish(self) -> str:
        self._end_part()
        first, *others = [*self.runs, self.run]
        if not others:
            return first + (".*" if self.open_ended else r"\Z")
        middle = "".join(f"(?>{_FOLDERS[:-1]}*?{run})" for run in others[:-1] if run)
        last = f"{others[-1]}.*" if self.open_ended else rf"{others[-1]}\Z"
        return f"{first}{middle}{_FOLDERS}{last}"

    def _add_piece(self, expression: str, length: int) -> None:
        self.pieces[-1] += expression
        self.position += length

    def _read_literal(self, character: str, length: int) -> None:
        if not character:
            raise InvalidPatternError
        self._add_piece(re.escape(character), length)
        if character == "/":
            self._end_part()

    def _end_part(self) -> None:
        first, *others = self.pieces
        middle = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1] if piece)
        self.run += first + middle + (f"[^/]*{others[-1]}" if others else "")
        self.pieces = [""]

    def _read_stars(self) -> None:
        start, first_special = self.position, not self.special
        self.special = True
        while self.pattern[self.position : self.position + 1] == "*":
            self.position += 1
        rest = self.pattern[self.position :]
        # git compares the text before the first star as it is, and starts its matcher after it.
        begins = start == 0 or self.pattern[start - 1] == "/" or first_special
        if self.position - start == 1 or not begins or not (not rest or rest.startswith(("/", "\\/"))):
            self.pieces.append("")
        elif not rest:
            self.open_ended = True
        else:
            self._end_part()
            self.runs.append(self.run)
            self.run = ""
            self.position += rest.index("/") + 1


def _read_class(pattern: str, position: int) -> tuple[str, int]:
    """Return the expression for a `[...]`, and its length in the pattern.

    Raises:
        InvalidPatternError: it has no end, or names an unknown class of characters.

    """
    start = position
    position += 1
    negated = pattern[position : position + 1] in {"!", "^"}
    position += negated
    members: list[str] = []
    before = ""
    while position < len(pattern):
        character = pattern[position]
        following = pattern[position + 1 : position + 2]
        if character == "-" and before and following not in {"", "]"}:
            position, end = _read_member(pattern, position + 1)
            members += [_spell_range(before, end)]
            before = ""
        elif character == "[" and following == ":" and (named := _read_named(pattern, position)):
            members.append(named[0])
            position, before = named[1], ""
        else:
            position, before = _read_member(pattern, position)
            members.append(re.escape(before))
        if pattern[position : position + 1] == "]":
            return _spell_class(members, negated=negated), position + 1 - start
    raise InvalidPatternError


def _read_member(pattern: str, position: int) -> tuple[int, str]:
    """Return the position after a literal character, and the character."""
    position += pattern[position] == "\\"
    if position >= len(pattern):
        raise InvalidPatternError
    return position + 1, pattern[position]


def _read_named(pattern: str, position: int) -> tuple[str, int] | None:
    """Return the characters of `[:name:]` and the position after it; None if it is something else."""
    end = pattern.find("]", position + 2)
    if end < 0:
        raise InvalidPatternError
    if pattern[end - 1] != ":" or end - 1 < position + 2:
        return None
    name = pattern[position + 2 : end - 1]
    if name not in _CLASSES:
        raise InvalidPatternError
    return _CLASSES[name], end + 1


def _spell_range(first: str, last: str) -> str:
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""


def _spell_class(members: list[str], *, negated: bool) -> str:
    inside = "".join(members)
    if negated:
        return f"[^/{inside}]"
    return f"(?!/)[{inside}]" if inside else "(?!)"
