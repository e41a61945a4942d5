"""Parses the expressions of CHECK constraints as PostgreSQL prints them.

It knows the common part of the language. What it does not know becomes `Unknown`, within the
nearest parentheses, which PostgreSQL puts around every condition. It evaluates nothing.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import Struct

_TOKEN = re.compile(
    r"""
    (?P<string>[Ee]?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>(?:[A-Za-z_]|[^\x00-\x7f])(?:[\w$]|[^\x00-\x7f])*)
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
_STRENGTHS = {("operator", sign): 2 if sign in "*/%" else 1 for sign in "+-*/%"}


class Literal(Struct, frozen=True):
    """A value; None is NULL."""

    value: str | Decimal | bool | None


class Name(Struct, frozen=True):
    """A column."""

    name: str


class Operation(Struct, frozen=True):
    """An operator or a function with its operands; a cast's second one is the type's name."""

    name: str
    operands: tuple["Expression", ...]


class Unknown(Struct, frozen=True):
    """A part that is not understood."""


Expression = Literal | Name | Operation | Unknown


def parse_expression(text: str) -> Expression:
    """Parse an expression; `Unknown` where nothing of it is understood, or it is nested beyond reason."""
    parser = _Parser([(str(token.lastgroup), token[0]) for token in _TOKEN.finditer(text)])
    try:
        whole = parser.parse_disjunction()
    except (_NotUnderstood, RecursionError):
        return Unknown()
    return whole if parser.at_end() and _is_shallow(whole) else Unknown()


def _is_shallow(expression: Expression) -> bool:
    """Whether it can be walked by recursion."""
    level = [expression]
    for _ in range(_DEEPEST):
        level = [operand for part in level if isinstance(part, Operation) for operand in part.operands]
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


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    def at_end(self) -> bool:
        return self._position >= len(self._tokens)

    def parse_disjunction(self) -> Expression:
        return self._parse_chain("OR", lambda: self._parse_chain("AND", self._parse_negation))

    def _parse_chain(self, word: str, operand: Callable[[], Expression]) -> Expression:
        operands = [operand()]
        while self._take_token("word", word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Operation(word, tuple(operands))

    def _parse_negation(self) -> Expression:
        if self._take_token("word", "NOT"):
            return Operation("NOT", (self._parse_negation(),))
        return self._parse_comparison()

    def _parse_comparison(self) -> Expression:
        left = self._parse_sum()
        if self._take_token("word", "IS"):
            return self._parse_test(left)
        kind, text = self._peek_token()
        if kind != "operator":
            return left
        self._position += 1
        for every in ("ANY", "ALL"):
            if self._take_token("word", every):
                return Operation(f"{text} {every}", (left, self._parse_primary()))
        right = self._parse_sum()
        return Operation(text, (left, right)) if text in _COMPARISONS else Unknown()

    def _parse_test(self, left: Expression) -> Expression:
        test = "IS NOT" if self._take_token("word", "NOT") else "IS"
        if self._take_token("word", "DISTINCT"):
            self._expect_token("word", "FROM")
            return Operation(f"{test} DISTINCT", (left, self._parse_sum()))
        kind, text = self._peek_token()
        if kind != "word" or text.upper() not in {"NULL", "TRUE", "FALSE"}:
            raise _NotUnderstood
        self._position += 1
        return Operation(f"{test} {text.upper()}", (left,))

    def _parse_sum(self, weakest: int = 0) -> Expression:
        """Parse operands as long as what stands between them binds more strongly than `weakest`."""
        left = self._parse_cast()
        while (strength := _STRENGTHS.get(self._peek_token(), 0)) > weakest:
            _, operator = self._peek_token()
            self._position += 1
            left = Operation(operator, (left, self._parse_sum(strength)))
        return left

    def _parse_cast(self) -> Expression:
        if self._take_token("operator", "-"):
            return Operation("-", (self._parse_cast(),))
        value = self._parse_primary()
        while self._take_token("cast", "::"):
            value = Operation("cast", (value, Literal(self._parse_type())))
        return value

    def _parse_type(self) -> str:
        words = [self._parse_identifier()]
        while self._take_token("mark", "."):
            words = [self._parse_identifier()]
        while True:
            kind, text = self._peek_token()
            if kind == "word" and text in _TYPE_WORDS:
                words.append(self._parse_identifier())
            elif self._take_token("mark", "("):
                words.append("(")
                self._skip_parentheses()
            elif self._take_token("mark", "["):
                self._expect_token("mark", "]")
                words.append("[]")
            else:
                return " ".join(words)

    def _parse_primary(self) -> Expression:
        kind, text = self._peek_token()
        self._position += 1
        if kind == "string":
            return _read_string(text)
        if kind == "number":
            return Literal(Decimal(text))
        if (kind, text) == ("mark", "("):
            items = self._parse_parentheses()
            return items[0] if items is not None and len(items) == 1 else Unknown()
        if kind == "quoted":
            return Name(text[1:-1].replace('""', '"'))
        if kind == "word":
            return self._parse_word(text)
        raise _NotUnderstood

    def _parse_parentheses(self) -> tuple[Expression, ...] | None:
        """Return what stands before a closing parenthesis; None where it is not understood."""
        start = self._position
        try:
            return self._parse_list(")")
        except _NotUnderstood:
            self._position = start
            self._skip_parentheses()
            return None

    def _parse_word(self, text: str) -> Expression:
        if text.upper() in _VALUES:
            return Literal(_VALUES[text.upper()])
        if text == "ARRAY" and self._take_token("mark", "["):
            return Operation("ARRAY", self._parse_list("]"))
        if self._take_token("mark", "("):
            operands = self._parse_parentheses()
            return Unknown() if operands is None else Operation(text.lower(), operands)
        if text == "VALUE":  # what the CHECK of a domain speaks of
            return Name("value")
        if text.isupper():  # a keyword, such as CASE
            raise _NotUnderstood
        return Name(text)

    def _parse_list(self, end: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while not self._take_token("mark", end):
            items.append(self.parse_disjunction())
            if not self._take_token("mark", ",") and self._peek_token() != ("mark", end):
                raise _NotUnderstood
        return tuple(items)

    def _skip_parentheses(self) -> None:
        """Move behind the parenthesis that closes the one opened last."""
        depth = 1
        while depth:
            kind, text = self._peek_token()
            self._position += 1
            if kind == "end":
                raise _NotUnderstood
            depth += {"(": 1, ")": -1}.get(text, 0) if kind == "mark" else 0

    def _parse_identifier(self) -> str:
        kind, text = self._peek_token()
        if kind not in {"word", "quoted"}:
            raise _NotUnderstood
        self._position += 1
        return text if kind == "word" else text[1:-1].replace('""', '"')

    def _peek_token(self) -> tuple[str, str]:
        return ("end", "") if self.at_end() else self._tokens[self._position]

    def _take_token(self, kind: str, text: str) -> bool:
        if self._peek_token() != (kind, text):
            return False
        self._position += 1
        return True

    def _expect_token(self, kind: str, text: str) -> None:
        if not self._take_token(kind, text):
            raise _NotUnderstood


def _read_string(text: str) -> Expression:
    if text[0] in "Ee":
        # An E'' string is printed only where there is a backslash in it; doubled is the one way it comes.
        body = text[2:-1]
        return (
            Unknown()
            if re.search(r"(?<!\\)(?:\\\\)*\\[^\\]", body)
            else Literal(body.replace("\\\\", "\\").replace("''", "'"))
        )
    return Literal(text[1:-1].replace("''", "'"))
