"""What JavaScript's own methods return: of objects, arrays and texts. Of any other nothing is said here."""

from collections.abc import Iterator

from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.literals import Evaluate, Literals, joined
from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, Source
from agentctl.core.code_check.reading.typescript.values import Constant, Listing, Record, Spot, Value

_LISTS_MORE = frozenset({"map", "flatMap"})
_LISTS_SOME = frozenset({"filter", "slice", "concat", "reverse", "toSorted"})
_SAME_WORDS = frozenset({"trim", "trimStart", "trimEnd"})


class Methods:
    """Calls the methods of one file that need not be run to be known."""

    def __init__(self, source: Source, literals: Literals, evaluator: Evaluate) -> None:
        self._source = source
        self._literals = literals
        self._evaluator = evaluator

    def called(self, function: Node, arguments: list[Node], spot: Spot) -> Value | None:
        """Return what a method returns; None where that is not known.

        Args:
            function: the method with what it is called on.
            arguments: of the call.
            spot: of the call.

        """
        base, name = function.child_by_field_name("object"), function.child_by_field_name("property")
        method = self._source.text(name) if name is not None else ""
        if base is not None and self._source.text(base) == "Object" and arguments:
            return self._of_object(method, arguments, spot)
        if method in _LISTS_MORE and arguments and arguments[0].type in FUNCTIONS:
            return Listing((self._evaluator.returned(arguments[0]),), whole=False, spot=spot)
        if method == "join" or method in _LISTS_SOME:
            found = self._evaluator.value(base)
            return self._of_array(method, found, arguments, spot) if isinstance(found, Listing) else None
        return self._evaluator.value(base) if method in _SAME_WORDS else None

    def _of_object(self, method: str, arguments: list[Node], spot: Spot) -> Value | None:
        if method == "freeze":
            return self._evaluator.value(arguments[0])
        return Record(tuple(map(self._literals.spread, arguments)), spot) if method == "assign" else None

    def _of_array(self, method: str, found: Listing, arguments: list[Node], spot: Spot) -> Value | None:
        if method != "join":
            return Listing(found.items, whole=False, spot=found.spot)
        between = self._evaluator.value(arguments[0]) if arguments else Constant(",", spot)
        return joined(_alternating(found.items, between), spot) if found.whole else None


def _alternating(items: tuple[Value, ...], between: Value) -> Iterator[Value]:
    for number, item in enumerate(items):
        if number:
            yield between
        yield item
