"""Finds the call chains of one file, including the methods called on variables that hold them.

clients.py decides which of them are supabase-js's: `storage.from(x)` is a chain too.
"""

import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.calls import Chain, Step
from agentctl.core.code_check.reading.typescript.evaluation import Evaluator
from agentctl.core.code_check.reading.typescript.reduction import is_closed
from agentctl.core.code_check.reading.typescript.scopes import Declaration, Kind, Scopes
from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, Source, arguments_of, child_of
from agentctl.core.code_check.reading.typescript.values import Unknown

_STARTS = re.compile(rb"\.\s*(from|rpc)\b")
_BUILTIN = (b"Array", b"Buffer", b"Object")
"""Objects of JavaScript that have a method `from`; it is so common that these calls are skipped unparsed."""
_LONGEST_BUILTIN = 16
_TRANSPARENT = frozenset(
    {"parenthesized_expression", "as_expression", "non_null_expression", "satisfies_expression"}
)
_HOLDERS = {"variable_declarator": ("value", "name"), "assignment_expression": ("right", "left")}
"""What gives a value to a variable: the names of its children for the value and the variable."""
_LONGEST_NAME = 80
_LONGEST = 200
"""How many steps of a chain are read; finding a node's parent takes longer the deeper the node is."""
_FURTHEST = 4
"""How many variables or nested functions a chain is followed through."""


def may_hold_calls(content: bytes) -> bool:
    """Return whether a file's text can contain a chain at all."""
    return any(True for _ in _find_starts(content))


def _find_starts(content: bytes) -> Iterator[int]:
    for matched in _STARTS.finditer(content):
        before = content[max(0, matched.start() - _LONGEST_BUILTIN) : matched.start()]
        if not before.rstrip().endswith(_BUILTIN):
            yield matched.start(1)


class _ChainHead(Struct, frozen=True):
    call: Node
    method: str
    receiver: Node
    steps: list[Step]
    holder: Declaration | None


class Finder(Struct, frozen=True):
    """Finds the chains of one file."""

    source: Source
    scopes: Scopes
    evaluator: Evaluator

    def find_chains(self) -> Iterator[Chain]:
        """Yield the chains in the order of the text."""
        heads = [head for start in _find_starts(self.source.content) if (head := self._read_head(start))]
        # If a variable holds several chains, it is unknown which of them a call on it continues.
        held = Counter(id(head.holder) for head in heads)
        for head in heads:
            alone = held[id(head.holder)] == 1
            more = self._list_continuing_steps(head.holder) if head.holder is not None and alone else ()
            yield self._make_chain(head, (*head.steps, *more))

    def _read_head(self, position: int) -> _ChainHead | None:
        name = self.source.root.descendant_for_byte_range(position, position + 1)
        member = name.parent if name is not None and name.type == "property_identifier" else None
        call = call_of(member) if member is not None else None
        receiver = child_of(member, "object")
        if name is None or call is None or receiver is None or call.has_error or self._is_builtin(receiver):
            return None
        steps, top = self._climb_calls(call)
        return _ChainHead(call, self.source.text(name), receiver, steps, self._find_holder(top))

    def _is_builtin(self, receiver: Node) -> bool:
        """Return whether a receiver is an object of JavaScript's own, such as `Array` or `Buffer`."""
        name = self.source.text(receiver) if receiver.type == "identifier" else ""
        return name[:1].isupper() and self.scopes.lookup(receiver, name) is None

    def _make_chain(self, head: _ChainHead, steps: tuple[Step, ...]) -> Chain:
        arguments = arguments_of(head.call)
        values = tuple(map(self.evaluator.evaluate, arguments))
        schema, client = self._find_schema(head.receiver)
        chain = Chain(
            kind=head.method,
            client=self.evaluator.evaluate(client),
            client_name=self.source.text(client)[:_LONGEST_NAME],
            schema=None if schema is None else self.evaluator.evaluate(schema),
            target=values[0] if values else Unknown("missing"),
            arguments=values[1:],
            steps=steps,
            location=self.source.locate(arguments[0] if arguments else head.call),
        )
        return replace(chain, is_closed=True) if is_closed(chain.values()) else chain

    def _climb_calls(self, node: Node) -> tuple[list[Step], Node]:
        """Return the method calls that follow an expression, and the outermost expression."""
        steps: list[Step] = []
        while len(steps) < _LONGEST and (parent := node.parent) is not None:
            if parent.type in _TRANSPARENT:
                node = parent
                continue
            call = call_of(parent) if parent.child_by_field_name("object") == node else None
            name = parent.child_by_field_name("property")
            if call is None or name is None or call.has_error:
                break
            arguments = map(self.evaluator.evaluate, arguments_of(call))
            steps.append(Step(self.source.text(name), tuple(arguments), self.source.locate(name)))
            node = call
        return steps, node

    def _find_holder(self, top: Node, depth: int = 0) -> Declaration | None:
        """Return the variable that holds a chain, or the function that returns it."""
        parent = top.parent
        if parent is None or depth > _FURTHEST:
            return None
        if parent.type in _HOLDERS:
            value, holder = map(parent.child_by_field_name, _HOLDERS[parent.type])
            return self._look_up(holder) if value == top else None
        if parent.type == "arrow_function" and parent.child_by_field_name("body") == top:
            return self._find_holder(parent, depth + 1)
        if parent.type == "return_statement":
            return self._find_holder_of_return(parent, depth + 1)
        return None

    def _find_holder_of_return(self, statement: Node, depth: int) -> Declaration | None:
        body = statement.parent
        function = body.parent if body is not None else None
        if function is None or function.type not in FUNCTIONS:
            return None
        named = function.child_by_field_name("name") if function.type == "function_declaration" else None
        return self._look_up(named) if named is not None else self._find_holder(function, depth)

    def _look_up(self, name: Node | None) -> Declaration | None:
        if name is None or name.type != "identifier":
            return None
        return self.scopes.lookup(name, self.source.text(name))

    def _list_continuing_steps(self, holder: Declaration, depth: int = 0) -> Iterator[Step]:
        """Yield the method calls on the variable that holds a chain, or on the result of a function."""
        for reference in self.scopes.list_references(holder):
            start = reference
            if holder.kind is Kind.FUNCTION or _is_function(holder):
                called = call_of(reference)
                if called is None:
                    continue
                start = called
            steps, top = self._climb_calls(start)
            yield from steps
            further = self._find_holder(top) if steps or start is not reference else None
            if further is not None and further is not holder and depth < _FURTHEST:
                yield from self._list_continuing_steps(further, depth + 1)

    def _find_schema(self, receiver: Node) -> tuple[Node | None, Node]:
        """Return the argument of a `.schema()` before a chain, if there is one, and the client."""
        node = receiver
        for _ in range(_FURTHEST):
            while node.type in _TRANSPARENT and node.named_children:
                node = node.named_children[0]
            declared = self._look_up(node)
            if declared is None or declared.kind is not Kind.VARIABLE or declared.path:
                break
            node = declared.node.child_by_field_name("value") or node
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        method = child_of(function, "property")
        client = child_of(function, "object")
        if method is not None and client is not None and self.source.text(method) == "schema":
            arguments = arguments_of(node)
            return next(iter(arguments), None), client
        return None, receiver


def call_of(function: Node) -> Node | None:
    """Return the call of a function; the grammar parses `await f<T>()` as `(await f)<T>()`."""
    parent = function.parent
    while parent is not None and parent.type == "await_expression":
        function, parent = parent, parent.parent
    if parent is None or parent.type != "call_expression":
        return None
    return parent if parent.child_by_field_name("function") == function else None


def _is_function(holder: Declaration) -> bool:
    value = holder.node.child_by_field_name("value") if holder.kind is Kind.VARIABLE else None
    return value is not None and value.type in FUNCTIONS
