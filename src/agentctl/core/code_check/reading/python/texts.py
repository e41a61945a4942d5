"""What an expression of Python is as a text, as far as that stands in the source.

It runs nothing. What is put in at run time is left out of the text, which is then not whole.
"""

import ast
import textwrap

from agentctl.core.code_check.reading.python.literals import Source, Text, inexact, joined
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
    """Evaluates the expressions of one file, each once, whatever way leads to it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[int, Text | None] = {}
        self._depth = 0

    def text(self, node: ast.expr, names: Names) -> Text | None:
        """Return the text that an expression is; None where it is none, or nothing of it is known."""
        if id(node) not in self._known and self._depth < _DEEPEST:
            self._known[id(node)] = None  # while it is looked at: a name may lead back to itself
            self._depth += 1
            found = self._evaluated(node, names)
            self._depth -= 1
            self._known[id(node)] = found if found is None or len(found.value) <= _LONGEST else None
        return self._known.get(id(node))

    def _evaluated(self, node: ast.expr, names: Names) -> Text | None:
        match node:
            case ast.Constant(value=str(value)):
                return self._source.literal(node, value)
            case ast.JoinedStr():
                return self._formatted(node, names)
            case ast.BinOp(left=left, op=operator):
                filled = self._filled(left, names) if isinstance(operator, ast.Mod) else None
                return self._sum(node, names) if isinstance(operator, ast.Add) else filled
            case ast.Call():
                return self._call(node, names)
        return self._reference(node, names)

    def _reference(self, node: ast.expr, names: Names) -> Text | None:
        found: Binding | None = None
        if isinstance(node, ast.NamedExpr):
            found = Binding(node.value, names)
        elif isinstance(node, ast.Name):
            found = names.find(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = names.find_attribute(node.value.id, node.attr)
        if found is None or found.value is None:
            return None
        return self.text(found.value, found.names) if found.only else self._filled(found.value, found.names)

    def _sum(self, node: ast.expr, names: Names) -> Text | None:
        """Read a chain of additions, however long."""
        operands: list[ast.expr] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            operands.append(node.right)
            node = node.left
        operands.append(node)
        texts = [self.text(one, names) for one in reversed(operands)]
        known = [text for text in texts if text is not None]
        whole = len(known) == len(texts) and all(text.whole for text in known)
        return joined(known, whole=whole) if texts[0] is not None else None

    def _formatted(self, node: ast.JoinedStr, names: Names) -> Text | None:
        parts = [self._part(one, names) for one in node.values]
        value = "".join(part for part in parts if part is not None)
        if all(isinstance(one, ast.Constant) for one in node.values):
            return self._source.literal(node, value)
        return inexact(value, self._source.start(node), whole=None not in parts)

    def _part(self, node: ast.expr, names: Names) -> str | None:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if not isinstance(node, ast.FormattedValue) or node.conversion != -1:
            return None
        if node.format_spec is not None:
            return _A_NUMBER if _formats_a_number(node.format_spec) else None
        found = self.text(node.value, names)
        return found.value if found and found.whole else None

    def _call(self, node: ast.Call, names: Names) -> Text | None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in _WRAPPERS and len(node.args) == 1:
            inner = self.text(node.args[0], names)
            return self._unindented(inner) if inner and name in _UNINDENTING else inner
        if not isinstance(function, ast.Attribute):
            return None
        if name in _KEEPING:
            return self.text(function.value, names)
        return self._filled(function.value, names) if name in _FILLING else None

    def _filled(self, node: ast.expr, names: Names) -> Text | None:
        found = self.text(node, names)
        return Text(found.value, found.pieces, whole=False) if found else None

    def _unindented(self, text: Text) -> Text:
        return inexact(textwrap.dedent(text.value), text.locate(0), whole=text.whole)


def _formats_a_number(spec: ast.expr) -> bool:
    """Whether nothing but a number fits a format, such as `d` or `.2f`."""
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    text = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    return text.endswith(_NUMERIC) and all(isinstance(part, ast.Constant) for part in parts)
