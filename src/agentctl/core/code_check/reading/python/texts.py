"""Evaluates expressions of Python to texts, as far as the source has them.

It runs nothing. What is filled in at run time is left out of the text, which is then not whole.
"""

import ast
import textwrap

from agentctl.core.code_check.reading.python.literals import Source, Text, join_texts, make_inexact
from agentctl.core.code_check.reading.python.names import Binding, Names

_WRAPPERS = frozenset({"text", "SQL", "dedent", "cleandoc"})
_UNINDENTING = frozenset({"dedent", "cleandoc"})
_FILLING = frozenset({"format", "format_map", "replace", "join"})
_KEEPING = frozenset({"strip", "lstrip", "rstrip", "bindparams", "columns", "execution_options"})
_NUMERIC = ("d", "f", "F", "e", "E", "g", "G")
_A_NUMBER = "0"
_DEEPEST = 50
_LONGEST = 500_000
"""Texts that grow beyond are made by a program, for instance by doubling."""


class Texts:
    """Evaluates the expressions of one file, each of them once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[int, Text | None] = {}
        self._depth = 0

    def text(self, node: ast.expr, names: Names) -> Text | None:
        """Return the text of an expression; None where it is not a text or nothing of it is known."""
        if id(node) not in self._known and self._depth < _DEEPEST:
            self._known[id(node)] = None  # while it is looked at: a name may lead back to itself
            self._depth += 1
            result = self._evaluate_node(node, names)
            self._depth -= 1
            self._known[id(node)] = result if result is None or len(result.value) <= _LONGEST else None
        return self._known.get(id(node))

    def _evaluate_node(self, node: ast.expr, names: Names) -> Text | None:
        match node:
            case ast.Constant(value=str(value)):
                return self._source.literal(node, value)
            case ast.JoinedStr():
                return self._read_formatted(node, names)
            case ast.BinOp(left=left, op=operator):
                filled = self._mark_filled(left, names) if isinstance(operator, ast.Mod) else None
                return self._read_sum(node, names) if isinstance(operator, ast.Add) else filled
            case ast.Call():
                return self._read_call(node, names)
        return self._read_reference(node, names)

    def _read_reference(self, node: ast.expr, names: Names) -> Text | None:
        binding: Binding | None = None
        if isinstance(node, ast.NamedExpr):
            binding = Binding(node.value, names)
        elif isinstance(node, ast.Name):
            binding = names.find(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            binding = names.find_attribute(node.value.id, node.attr)
        if binding is None or binding.value is None:
            return None
        return (
            self.text(binding.value, binding.names)
            if binding.only
            else self._mark_filled(binding.value, binding.names)
        )

    def _read_sum(self, node: ast.expr, names: Names) -> Text | None:
        """Read a chain of additions, however long."""
        operands: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            operands.append(node.right)
            node = node.left
        operands.append(node)
        texts = [self.text(operand, names) for operand in reversed(operands)]
        known = [text for text in texts if text is not None]
        whole = len(known) == len(texts) and all(text.whole for text in known)
        return join_texts(known, whole=whole) if texts[0] is not None else None

    def _read_formatted(self, node: ast.JoinedStr, names: Names) -> Text | None:
        parts = [self._read_part(piece, names) for piece in node.values]
        value = "".join(part for part in parts if part is not None)
        if all(isinstance(piece, ast.Constant) for piece in node.values):
            return self._source.literal(node, value)
        return make_inexact(value, self._source.start(node), whole=None not in parts)

    def _read_part(self, node: ast.expr, names: Names) -> str | None:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if not isinstance(node, ast.FormattedValue) or node.conversion != -1:
            return None
        if node.format_spec is not None:
            return _A_NUMBER if _formats_a_number(node.format_spec) else None
        inner = self.text(node.value, names)
        return inner.value if inner and inner.whole else None

    def _read_call(self, node: ast.Call, names: Names) -> Text | None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _WRAPPERS and len(node.args) == 1:
            inner = self.text(node.args[0], names)
            return self._unindent_text(inner) if inner and name in _UNINDENTING else inner
        if not isinstance(function, ast.Attribute):
            return None
        if name in _KEEPING:
            return self.text(function.value, names)
        return self._mark_filled(function.value, names) if name in _FILLING else None

    def _mark_filled(self, node: ast.expr, names: Names) -> Text | None:
        inner = self.text(node, names)
        return Text(inner.value, inner.pieces, whole=False) if inner else None

    def _unindent_text(self, text: Text) -> Text:
        return make_inexact(textwrap.dedent(text.value), text.locate(0), whole=text.whole)


def _formats_a_number(spec: ast.expr) -> bool:
    """Whether only numbers fit a format, such as `d` or `.2f`."""
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    text = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return text.endswith(_NUMERIC) and all(isinstance(part, ast.Constant) for part in parts)
