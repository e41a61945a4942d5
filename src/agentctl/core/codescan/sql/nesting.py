"""Foresees how deep the syntax tree of a statement can get, from its lexemes alone.

PostgreSQL's parser builds a tree of any depth, and what walks it then overflows the stack, which no exception
reports. The depth is never estimated too low; lists are flat, however long.
"""

from dataclasses import dataclass, field

from agentctl.core.codescan.sql.lexemes import Lexeme

_SET_OPERATIONS = frozenset({"union", "intersect", "except"})


@dataclass(slots=True)
class Bracket:
    """A bracket that is open.

    Attributes:
        subscript: whether it stands behind a value: `a[1]`.
        base: the depth at which it was opened.
        peak: the greatest depth of the items before the last comma in it.

    """

    subscript: bool
    base: int
    peak: int = 0


@dataclass(slots=True)
class Nesting:
    """The brackets that are open, and the depth that may have been reached."""

    brackets: list[Bracket] = field(default_factory=list)
    deepest: int = 0
    _depth: int = 0
    _unions: int = 0

    def open(self, *, subscript: bool) -> None:
        """Take an opening bracket."""
        self._depth += 1
        self.brackets.append(Bracket(subscript, base=self._depth))

    def close(self) -> None:
        """Take a closing bracket: what is behind it can be above all that was in it."""
        if self.brackets:
            self._depth = max(self._depth, self.brackets.pop().peak)

    def comma(self) -> None:
        """Take a comma: the next item is no deeper for the one before."""
        base = 0
        if self.brackets:
            bracket = self.brackets[-1]
            bracket.peak = max(bracket.peak, self._depth)
            base = bracket.base
        self._depth = base

    def take(self, lexeme: Lexeme) -> None:
        """Take anything else."""
        if lexeme.kind == "word":
            self._unions += lexeme.text.lower() in _SET_OPERATIONS
            self._depth += 1
        elif lexeme.kind in {"operator", "symbol"}:
            self._depth += len(lexeme.text)
        self.deepest = max(self.deepest, self._depth + self._unions)
