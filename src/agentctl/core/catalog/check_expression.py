"""Parses the expressions of CHECK constraints as PostgreSQL prints them.

It knows the common part of the language. What it does not know becomes `Unknown`, as little of it as
possible: PostgreSQL puts every condition into parentheses of its own. It evaluates nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

_TOKEN = re.compile(
    r"""
    (?P<string>[Ee]?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
  | (?P<cast>::)
  | (?P<operator>[-+*/<>=~!@\#%^&|?]+)
  | (?P<mark>[()\[\],.])
  | (?P<strange>\S)
    """,
    re.VERBOSE,
)
_TYPE_WORDS = frozenset({"varying", "precision", "with", "without", "time", "zone"})
_VALUES = {"TRUE": True, "FALSE": False, "NULL": None}
_DEEPEST = 100
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})


@dataclass(frozen=True, slots=True)
class Literal:
    """A value; None is NULL."""

    value: str | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function with its operands; a cast's second one is the type's name."""

    name: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is not understood."""


Expression = Literal | Name | Operation | Unknown


def parse_expression(text: str) -> Expression:
    """Parse an expression; `Unknown` where nothing of it is understood, or it is nested beyond reason."""
    parser = _Parser(list(_tokens(text)))
    try:
        whole = parser.disjunction()
    except (_NotUnderstood, RecursionError):
        return Unknown()
    return whole if parser.at_end() and _is_shallow(whole) else Unknown()


def _is_shallow(expression: Expression) -> bool:
    """Whether it can be walked by recursion."""
    level = [expression]
    for _ in range(_DEEPEST):
        level = [operand for one in level if isinstance(one, Operation) for operand in one.operands]
        if not level:
            return True
    return False


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and everything in it."""
    yield expression
    if isinstance(expression, Operation):
        for operand in expression.operands:
            yield from walk(operand)


class _NotUnderstood(Exception):
    """Unwinds to the nearest parentheses."""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for token in _TOKEN.finditer(text):
        yield str(token.lastgroup), str(token[str(token.lastgroup)])


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._place = 0

    def at_end(self) -> bool:
        return self._place >= len(self._tokens)

    def disjunction(self) -> Expression:
        return self._chain("OR", lambda: self._chain("AND", self._negation))

    def _chain(self, word: str, operand: Callable[[], Expression]) -> Expression:
        operands = [operand()]
        while self._takes("word", word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Operation(word, tuple(operands))

    def _negation(self) -> Expression:
        if self._takes("word", "NOT"):
            return Operation("NOT", (self._negation(),))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        if self._takes("word", "IS"):
            return self._is(left)
        kind, text = self._next()
        if kind != "operator":
            return left
        self._place += 1
        if self._takes("word", "ANY") or self._takes("word", "ALL"):
            every = self._tokens[self._place - 1][1]
            return Operation(f"{text} {every}", (left, self._primary()))
        right = self._sum()
        return Operation(text, (left, right)) if text in _COMPARISONS else Unknown()

    def _is(self, left: Expression) -> Expression:
        test = "IS NOT" if self._takes("word", "NOT") else "IS"
        if self._takes("word", "DISTINCT"):
            self._expect("word", "FROM")
            return Operation(f"{test} DISTINCT", (left, self._sum()))
        kind, text = self._next()
        if kind != "word" or text.upper() not in {"NULL", "TRUE", "FALSE"}:
            raise _NotUnderstood
        self._place += 1
        return Operation(f"{test} {text.upper()}", (left,))

    def _sum(self) -> Expression:
        left = self._product()
        while self._next() in {("operator", "+"), ("operator", "-")}:
            operator = self._tokens[self._place][1]
            self._place += 1
            left = Operation(operator, (left, self._product()))
        return left

    def _product(self) -> Expression:
        left = self._cast()
        while self._next() in {("operator", "*"), ("operator", "/"), ("operator", "%")}:
            operator = self._tokens[self._place][1]
            self._place += 1
            left = Operation(operator, (left, self._cast()))
        return left

    def _cast(self) -> Expression:
        if self._takes("operator", "-"):
            return Operation("-", (self._cast(),))
        value = self._primary()
        while self._takes("cast", "::"):
            value = Operation("cast", (value, Literal(self._type())))
        return value

    def _type(self) -> str:
        words = [self._identifier()]
        while self._takes("mark", "."):
            words = [self._identifier()]
        while self._next()[0] == "word" and self._next()[1] in _TYPE_WORDS:
            words.append(self._identifier())
        if self._takes("mark", "("):
            words.append("(")
            self._skip()
        while self._takes("mark", "["):
            self._expect("mark", "]")
            words.append("[]")
        while self._next()[0] == "word" and self._next()[1] in _TYPE_WORDS:
            words.append(self._identifier())
        return " ".join(words)

    def _primary(self) -> Expression:
        kind, text = self._next()
        self._place += 1
        if kind == "string":
            return _string(text)
        if kind == "number":
            return Literal(Decimal(text))
        if (kind, text) == ("mark", "("):
            return self._enclosed()
        if kind == "quoted":
            return Name(text[1:-1].replace('""', '"'))
        if kind == "word":
            return self._word(text)
        raise _NotUnderstood

    def _enclosed(self) -> Expression:
        start = self._place
        try:
            inner = self.disjunction()
            self._expect("mark", ")")
        except _NotUnderstood:
            self._place = start
            self._skip()
            return Unknown()
        return inner

    def _word(self, text: str) -> Expression:
        if text.upper() in _VALUES:
            return Literal(_VALUES[text.upper()])
        if text == "ARRAY" and self._takes("mark", "["):
            return Operation("ARRAY", self._list("]"))
        if self._takes("mark", "("):
            start = self._place
            try:
                return Operation(text.lower(), self._list(")"))
            except _NotUnderstood:
                self._place = start
                self._skip()
                return Unknown()
        if text == "VALUE":  # what the CHECK of a domain speaks of
            return Name("value")
        if text.isupper():  # a keyword: CASE, or whatever comes
            raise _NotUnderstood
        return Name(text)

    def _list(self, end: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while not self._takes("mark", end):
            items.append(self.disjunction())
            if not self._takes("mark", ",") and self._next() != ("mark", end):
                raise _NotUnderstood
        return tuple(items)

    def _skip(self) -> None:
        """Go behind the parenthesis that closes the one that was opened last."""
        depth = 1
        while depth:
            kind, text = self._next()
            self._place += 1
            if kind == "end":
                raise _NotUnderstood
            depth += {"(": 1, ")": -1}.get(text, 0) if kind == "mark" else 0

    def _identifier(self) -> str:
        kind, text = self._next()
        if kind not in {"word", "quoted"}:
            raise _NotUnderstood
        self._place += 1
        return text if kind == "word" else text[1:-1].replace('""', '"')

    def _next(self) -> tuple[str, str]:
        return ("end", "") if self.at_end() else self._tokens[self._place]

    def _takes(self, kind: str, text: str) -> bool:
        if self._next() != (kind, text):
            return False
        self._place += 1
        return True

    def _expect(self, kind: str, text: str) -> None:
        if not self._takes(kind, text):
            raise _NotUnderstood


def _string(text: str) -> Expression:
    if text[0] in "Ee":
        # An E'' string is printed only where there is a backslash in it; doubled is the one way it comes.
        body = text[2:-1]
        return (
            Unknown()
            if re.search(r"(?<!\\)(?:\\\\)*\\[^\\]", body)
            else Literal(body.replace("\\\\", "\\").replace("''", "'"))
        )
    return Literal(text[1:-1].replace("''", "'"))
