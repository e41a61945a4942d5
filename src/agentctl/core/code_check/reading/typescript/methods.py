"""Evaluates calls of JavaScript's own methods of objects, arrays and texts, and no others."""

from msgspec import Struct
from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.literals import ExpressionEvaluator, Literals, join_texts
from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, Source
from agentctl.core.code_check.reading.typescript.values import Constant, Listing, Record, Value
from agentctl.core.location import Location

_LISTS_MORE = frozenset({"map", "flatMap"})
_LISTS_SOME = frozenset({"filter", "slice", "concat", "reverse", "toSorted"})
_SAME_WORDS = frozenset({"trim", "trimStart", "trimEnd"})


class Methods(Struct, frozen=True):
    """Evaluates the method calls of one file whose result is known without running them."""

    source: Source
    literals: Literals
    evaluator: ExpressionEvaluator

    def call_method(self, function: Node, arguments: list[Node], location: Location) -> Value | None:
        """Return the result of a method call; None if it is not known.

        Args:
            function: the member expression: the object and the method.
            arguments: the arguments of the call.
            location: where the call stands.

        """
        base, name = function.child_by_field_name("object"), function.child_by_field_name("property")
        method = self.source.text(name)
        if base is not None and self.source.text(base) == "Object" and arguments:
            return self._call_on_object(method, arguments, location)
        if method in _LISTS_MORE and arguments and arguments[0].type in FUNCTIONS:
            return Listing((self.evaluator.evaluate_returns(arguments[0]),), whole=False, location=location)
        if method == "join" or method in _LISTS_SOME:
            array = self.evaluator.evaluate(base)
            return (
                self._call_on_array(method, array, arguments, location)
                if isinstance(array, Listing)
                else None
            )
        return self.evaluator.evaluate(base) if method in _SAME_WORDS else None

    def _call_on_object(self, method: str, arguments: list[Node], location: Location) -> Value | None:
        if method == "freeze":
            return self.evaluator.evaluate(arguments[0])
        return (
            Record(tuple(map(self.literals.read_spread, arguments)), location) if method == "assign" else None
        )

    def _call_on_array(
        self, method: str, array: Listing, arguments: list[Node], location: Location
    ) -> Value | None:
        if method != "join":
            return Listing(array.items, whole=False, location=array.location)
        between = self.evaluator.evaluate(arguments[0]) if arguments else Constant(",", location)
        joined = [piece for item in array.items for piece in (between, item)]
        return join_texts(joined[1:], location) if array.whole else None
