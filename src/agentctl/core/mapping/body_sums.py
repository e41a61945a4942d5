"""Reads an expression as a sum: `coalesce(units, 0) - p_qty` is units, and less p_qty.

What is no sum of columns, arguments and numbers is an item without a name, with all words that it was made
of. Nothing is computed, and no depth of brackets is too much: what is too deep is such an item.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.mapping.body_words import END, Word, Words

_DEEPEST = 20
_KEEP_SIGN = frozenset({"coalesce", "greatest", "least", "round", "ceil", "ceiling", "floor", "trunc", "abs"})


class Item(Struct, frozen=True):
    """A part of a sum.

    Attributes:
        sign: 1, -1, or 0 where it is unknown.
        words: what it is made of.
        is_exact: whether it is a single name or number, neither multiplied nor chosen among several.

    """

    sign: int
    words: Words
    is_exact: bool = True

    @property
    def name(self) -> Word | None:
        """The column, argument or variable that it is; None if it is anything else."""
        return self.words[0] if self.is_exact and self.words[0].is_name else None

    @property
    def is_number(self) -> bool:
        """Whether it is a constant."""
        return all(word.kind == "number" for word in self.words)

    @property
    def names(self) -> tuple[Word, ...]:
        """Every name in it, variables included."""
        return tuple(word for word in self.words if word.is_name or word.kind == "variable")


class _Unreadable(Exception):
    """The expression is no sum."""


def read_sum(words: Sequence[Word]) -> tuple[Item, ...]:
    """Return the parts of an expression; a single one of unknown sign where it cannot be read."""
    try:
        reader = _Reader(words)
        items = reader.read_sum(0)
        reader.require_end()
    except _Unreadable:
        return (Item(0, tuple(words), is_exact=False),) if words else ()
    return tuple(items)


class _Reader:
    """Reads words from left to right."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words, self._position = words, 0

    @property
    def _next(self) -> Word:
        return self._words[self._position] if self._position < len(self._words) else END

    def _take(self) -> Word:
        word = self._next
        self._position += 1
        return word

    def require_end(self) -> None:
        """Refuse words that are left over."""
        if self._next != END:
            raise _Unreadable

    def read_sum(self, depth: int) -> list[Item]:
        """Read items with plus and minus between them."""
        if depth > _DEEPEST:
            raise _Unreadable
        items = self._read_product(depth)
        while self._next.says("+", "-"):
            sign = -1 if self._take().text == "-" else 1
            items += _turn(self._read_product(depth), sign)
        return items

    def _read_product(self, depth: int) -> list[Item]:
        start = self._position
        items = self._read_signed(depth)
        while self._next.says("*", "/", "%"):
            mark = self._take().text
            others = self._read_signed(depth)
            words = tuple(self._words[start : self._position])
            pairs = {"*": ((items, others), (others, items)), "/": ((items, others),), "%": ()}[mark]
            unchanged = [_turn(values, factors[0].sign) for values, factors in pairs if _is_one(factors)]
            items = unchanged[0] if unchanged else [_multiply(items, others, words)]
        return items

    def _read_signed(self, depth: int) -> list[Item]:
        sign = 1
        while self._next.says("+", "-"):
            sign = -sign if self._take().text == "-" else sign
        return _turn(self._read_value(depth), sign)

    def _read_value(self, depth: int) -> list[Item]:
        word = self._take()
        if word.says("("):
            items = self.read_sum(depth + 1)
            self._require(")")
        elif word.kind == "number":
            items = [Item(1, (word,))]
        elif word.kind == "variable":
            items = [Item(1, (word,), is_exact=False)]
        elif word.is_name and self._next.says("("):
            self._take()
            items = self._read_call(word, depth)
        elif word.is_name and not word.says("case", "select", "not", "null", "array"):
            items = [Item(1, (word,))]
        else:
            raise _Unreadable
        self._skip_cast()
        return items

    def _read_call(self, function: Word, depth: int) -> list[Item]:
        """Read arguments; what chooses among them or rounds them is as the only one that is no number."""
        start = self._position
        choices = [] if self._next.says(")") else [self.read_sum(depth + 1)]
        while self._next.says(","):
            self._take()
            choices.append(self.read_sum(depth + 1))
        inside = tuple(self._words[start : self._position])
        self._require(")")
        variable = [items for items in choices if not all(item.is_number for item in items)]
        if function.text in _KEEP_SIGN and not function.owner and len(variable) == 1:
            values = variable[0]
            return [replace(values[0], sign=1)] if function.text == "abs" and len(values) == 1 else values
        return [Item(1 if function.text in _KEEP_SIGN else 0, inside or (function,), is_exact=False)]

    def _skip_cast(self) -> None:
        """Pass over `::numeric(10, 2)`."""
        while self._next.says(":"):
            self._take()
            self._require(":")
            if not self._take().is_name:
                raise _Unreadable
            while self._next.kind == "name" and self._next.says("precision", "varying"):
                self._take()
            if self._next.says("("):
                while not self._take().says(")", ""):
                    pass

    def _require(self, mark: str) -> None:
        if not self._take().says(mark):
            raise _Unreadable


def _turn(items: Sequence[Item], sign: int) -> list[Item]:
    return [Item(item.sign * sign, item.words, item.is_exact) for item in items]


def _is_one(items: Sequence[Item]) -> bool:
    """Whether a sum is 1 or -1."""
    return len(items) == 1 and items[0].is_number and items[0].words[0].text == "1"


def _multiply(items: Sequence[Item], others: Sequence[Item], words: Words) -> Item:
    """Return a product, of which only the sign is known: that of its factors, if they are no sums."""
    is_single = len(items) == len(others) == 1
    return Item(items[0].sign * others[0].sign if is_single else 0, words, is_exact=False)
