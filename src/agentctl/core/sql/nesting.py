"""Estimates how deep the syntax tree of a statement can get, from its tokens alone.

PostgreSQL's parser builds a tree of any depth, and what walks it then overflows the stack, which no exception
reports. The depth is never estimated too low; lists are flat, however long.
"""

from collections.abc import Iterable

from msgspec import Struct, field

from agentctl.core.sql.tokens import Token

_OPERATORS = frozenset("+-*/<>=~!#^&|`@%?:")
_SET_OPERATIONS = frozenset({"union", "intersect", "except"})


class Bracket(Struct):
    """A bracket that is open.

    Attributes:
        subscript: whether it stands behind a value: `a[1]`.
        base: the depth at which it was opened.
        peak: the greatest depth of the items before the last comma in it.

    """

    subscript: bool
    base: int
    peak: int = 0


class Nesting(Struct):
    """The brackets that are open, and the depth that may have been reached."""

    brackets: list[Bracket] = field(default_factory=list)
    deepest: int = 0
    _depth: int = 0
    _unions: int = 0

    def take(self, kind: str, text: str, *, subscript: bool = False) -> None:
        """Take the next token.

        Args:
            kind: of the token.
            text: what it is.
            subscript: whether it is a bracket that stands behind a value.

        """
        if kind == "word":
            self._unions += text.lower() in _SET_OPERATIONS
            self._depth += 1
        elif text[0] in _OPERATORS:
            self._depth += len(text)
        elif text in {",", ";"}:
            self._next_item()
        elif text in {"(", "["}:
            self._depth += 1
            self.brackets.append(Bracket(subscript, base=self._depth))
        elif text in {")", "]"} and self.brackets:
            # What is behind a bracket can be above all that was in it.
            self._depth = max(self._depth, self.brackets.pop().peak)
        self.deepest = max(self.deepest, self._depth + self._unions)

    def _next_item(self) -> None:
        """Go back to where a list began: an item is no deeper for the one before."""
        base = 0
        if self.brackets:
            bracket = self.brackets[-1]
            bracket.peak = max(bracket.peak, self._depth)
            base = bracket.base
        self._depth = base


def depth_of(text: str, tokens: Iterable[Token]) -> int:
    """Return how deep the syntax tree of a text with these tokens can be."""
    nesting = Nesting()
    for kind, start, end in tokens:
        nesting.take(kind, text[start:end])
    return nesting.deepest
