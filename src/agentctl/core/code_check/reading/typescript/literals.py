"""Reads literals and what is composed of them: texts, numbers, objects, arrays and enums.

The evaluator evaluates the expressions inside them.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.reduction import TOO_LARGE, choice_of
from agentctl.core.code_check.reading.typescript.syntax import (
    Source,
    child_of,
    children_of,
    inner_of,
    operator_of,
    unescaped,
    unwrap,
)
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Entry,
    Function,
    Listing,
    Record,
    Template,
    Unknown,
    Value,
)
from agentctl.core.location import Location

_WIDEST = 400
"""The most entries or items that are read one by one."""
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_MOST_BITS = 63
"""The most bits of an integer: PostgreSQL has no larger ones, and the cache cannot store them."""


class ExpressionEvaluator(Protocol):
    """Evaluates expressions and functions."""

    def evaluate(self, node: Node | None) -> Value:
        """Return the value that an expression can have."""

    def evaluate_returns(self, function: Node | None) -> Value:
        """Return the value that a function can return."""


class Literals:
    """Turns the literals of one file into values."""

    def __init__(self, source: Source, evaluator: ExpressionEvaluator) -> None:
        self._source = source
        self._evaluate = evaluator.evaluate

    def read_string(self, node: Node) -> Value:
        """Return a text in quotes."""
        return Constant("".join(map(self._read_piece, node.named_children)), self._source.locate(node))

    def read_template(self, node: Node) -> Value:
        """Return a text in backticks."""
        pieces: list[Value] = []
        for piece in node.children[1:-1]:
            if piece.type == "template_substitution":
                pieces.append(self._evaluate(inner_of(piece)))
            else:
                before = self._source.locate(piece)  # the position of a quote, if there were one
                pieces.append(Constant(self._read_piece(piece), before._replace(column=before.column - 1)))
        return join_texts(pieces, self._source.locate(node))

    def _read_piece(self, node: Node) -> str:
        text = self._source.text(node)
        return unescaped(text) if node.type == "escape_sequence" else text

    def read_number(self, node: Node) -> Value:
        """Return a number."""
        text = self._source.text(node).replace("_", "").rstrip("n")
        try:
            number = int(text, 0) if not set(".eE") & set(text) or text[:2].lower() == "0x" else float(text)
        except ValueError:
            return Unknown()
        if isinstance(number, int) and number.bit_length() > _MOST_BITS:
            return TOO_LARGE
        return Constant(number, self._source.locate(node))

    def read_word(self, node: Node) -> Value:
        """Return true, false or null."""
        return Constant(_WORDS[node.type], self._source.locate(node))

    def read_unary(self, node: Node) -> Value:
        """Return a negative number, or undefined."""
        operator, operand = operator_of(node), self._evaluate(node.child_by_field_name("argument"))
        if operator == "-" and isinstance(operand, Constant) and type(operand.value) in {int, float}:
            return Constant(-operand.value, self._source.locate(node))  # type: ignore[operator]  # a number
        return UNDEFINED if operator == "void" else Unknown()

    def read_binary(self, node: Node) -> Value:
        """Return the value of `||`, `??`, `&&` or `+`."""
        left, right = (self._evaluate(node.child_by_field_name(name)) for name in ("left", "right"))
        match operator_of(node):
            case "||" | "??" as kind:
                return choice_of((*_list_kept(left, kind), right))
            case "&&":
                return choice_of((Unknown(), right))
            case "+":
                return join_texts((left, right), self._source.locate(node))
        return Unknown()

    def read_ternary(self, node: Node) -> Value:
        """Return a choice of both values of `a ? b : c`."""
        return choice_of(
            self._evaluate(node.child_by_field_name(name)) for name in ("consequence", "alternative")
        )

    def read_object(self, node: Node) -> Value:
        """Return an object literal."""
        if len(node.named_children) > _WIDEST:
            return TOO_LARGE
        entries = (entry for child in node.named_children for entry in self._read_entries(child))
        return Record(tuple(entries), self._source.locate(node))

    def _read_entries(self, child: Node) -> Iterator[Entry]:
        location = self._source.locate(child)
        key = child.child_by_field_name("key") or child.child_by_field_name("name")
        if child.type == "pair" and key is not None:
            yield Entry(self.read_key(key), self._evaluate(child.child_by_field_name("value")), location)
        elif child.type == "method_definition" and key is not None:
            yield Entry(self.read_key(key), Function(child.start_byte), location)
        elif child.type == "shorthand_property_identifier":
            yield Entry(Constant(self._source.text(child), location), self._evaluate(child), location)
        elif child.type == "spread_element":
            yield self.read_spread(child)
        elif child.type != "comment":
            yield Entry(None, Unknown("not understood"), location)

    def read_spread(self, node: Node) -> Entry:
        """Return the entry that `...x` adds; after `condition &&` it may add nothing."""
        inner = unwrap(node)
        location = self._source.locate(inner or node)
        if operator_of(inner) == "&&":
            return Entry(None, self._evaluate(child_of(inner, "right")), location, always=False)
        return Entry(None, self._evaluate(inner), location)

    def read_key(self, node: Node) -> Value:
        """Return the name of a property."""
        if node.type in {"property_identifier", "private_property_identifier"}:
            return Constant(self._source.text(node), self._source.locate(node))
        return self._evaluate(node)

    def read_array(self, node: Node) -> Value:
        """Return an array literal."""
        items = children_of(node)
        if len(items) > _WIDEST:
            return TOO_LARGE
        return self.make_listing(items, self._source.locate(node))

    def make_listing(self, items: Iterable[Node], location: Location) -> Listing:
        """Return an array of expressions, some of which can be spread."""
        values: list[Value] = []
        whole = True
        for item in items:
            value = self._evaluate(item)
            if item.type != "spread_element":
                values.append(value)
            elif isinstance(value, Listing):
                values += value.items
                whole = whole and value.whole
            else:
                whole = False
        return Listing(tuple(values), whole, location)

    def read_enum(self, node: Node) -> Value:
        """Return an enum as the object that it becomes at run time."""
        members = children_of(node.child_by_field_name("body"))
        return Record(tuple(map(self._read_enum_member, members)), self._source.locate(node))

    def _read_enum_member(self, node: Node) -> Entry:
        name = node.child_by_field_name("name") or node
        value = Unknown("a number") if name is node else self._evaluate(node.child_by_field_name("value"))
        return Entry(self.read_key(name), value, self._source.locate(name))


def join_texts(pieces: Iterable[Value], location: Location) -> Value:
    """Return the concatenation of texts; a single literal stays a constant."""
    flat: list[Value] = []
    for piece in pieces:
        flat += piece.pieces if isinstance(piece, Template) else (piece,)
    (only, *more) = flat or [Constant("", location)]
    if more or not isinstance(only, Constant) or not isinstance(only.value, str):
        return Template(tuple(flat), location)
    return Constant(only.value, location)


def _list_kept(left: Value, operator: str) -> Iterator[Value]:
    """Yield the values of the first operand of `||` or `??` that the operator keeps."""
    passed = (None,) if operator == "??" else (None, False, 0, "")
    for option in left.options if isinstance(left, Choice) else (left,):
        if option != UNDEFINED and not (isinstance(option, Constant) and option.value in passed):
            yield option
