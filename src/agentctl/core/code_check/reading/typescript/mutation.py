"""Finds what changes a variable between its declaration and a use.

These are assignments to the variable and to its properties, and calls that receive it, which can change it in
any way. It evaluates nothing.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.scopes import (
    ASSIGNMENTS,
    Declaration,
    Scopes,
    is_assigned,
    pattern_around,
)
from agentctl.core.code_check.reading.typescript.syntax import LOOP, child_of

# Methods that do not change an object they receive.
_HARMLESS = frozenset(
    {"insert", "upsert", "update", "match", "rpc", "push", "log", "info", "warn", "error", "debug"}
    | {"stringify", "keys", "entries", "values", "freeze", "json", "isArray", "setState"}
)


class Assigned(Struct, frozen=True):
    """A value that is assigned to a variable; None if it is not known, as after `+=`.

    Attributes:
        always: whether the assignment happens in any case, so that the earlier value is lost.

    """

    value: Node | None
    always: bool


class PropertyAssigned(Struct, frozen=True):
    """An assignment to a property: the node of its name, its value, and whether it happens in any case."""

    key: Node
    value: Node
    always: bool


class Removed(Struct, frozen=True):
    """A property that can be deleted."""

    key: Node


class Merged(Struct, frozen=True):
    """An object that is copied into the variable, as by Object.assign; None if it is not known."""

    value: Node | None


class Pushed(Struct, frozen=True):
    """An item, or a spread of items, that is added to an array."""

    value: Node


Change = Assigned | PropertyAssigned | Removed | Merged | Pushed


class Mutations:
    """The changes of the variables of one file."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes
        self._known: dict[int, list[tuple[int, int | None, Change]]] = {}

    def list_changes(self, declaration: Declaration, use: Node) -> Iterator[Change]:
        """Yield the changes that can have happened to a variable before a use, in the order of the text."""
        changes = self._list_all(declaration)
        function = self._scopes.function_around(use) if changes else None
        for position, within, change in changes:
            same = within == function
            if position != use.start_byte and not (same and position > use.start_byte):
                # An assignment in another function can happen before or after.
                yield replace(change, always=False) if isinstance(change, Assigned) and not same else change

    def _list_all(self, declaration: Declaration) -> list[tuple[int, int | None, Change]]:
        """Return all changes of a variable, each with its position and the function that it is in."""
        if id(declaration) not in self._known:
            self._known[id(declaration)] = [
                (reference.start_byte, self._scopes.function_around(reference), change)
                for reference in self._scopes.list_references(declaration)
                for change in _read_change(reference, declaration)
            ]
        return self._known[id(declaration)]


def _read_change(reference: Node, declaration: Declaration) -> Iterator[Change]:
    parent = reference.parent
    if parent is None:
        return
    if is_assigned(target := pattern_around(reference)):
        yield _read_assignment(target, reference, declaration)
    elif parent.type in {"member_expression", "subscript_expression"}:
        yield from _read_property_change(parent, reference, declaration)
    elif parent.type == "arguments":
        yield from _read_handover(parent, reference)
    elif parent.type == "variable_declarator" or (
        parent.type == "assignment_expression" and parent.child_by_field_name("right") == reference
    ):
        yield Merged(None)  # another name for the same object


def _read_assignment(target: Node, reference: Node, declaration: Declaration) -> Assigned:
    """Return an assignment; in a pattern or a loop, its value is not known."""
    assignment = target.parent
    if assignment is None or assignment.type == LOOP or target != reference:
        return Assigned(None, always=True)
    value = assignment.child_by_field_name("right") if assignment.type == "assignment_expression" else None
    return Assigned(value, always=_is_unconditional(assignment, declaration))


def _read_property_change(property_: Node, reference: Node, declaration: Declaration) -> Iterator[Change]:
    target = property_.parent
    if target is None or property_.child_by_field_name("object") != reference:
        return
    key = property_.child_by_field_name("property") or property_.child_by_field_name("index")
    if target.type in ASSIGNMENTS and target.child_by_field_name("left") == property_:
        value = target.child_by_field_name("right")
        if value is not None and key is not None:
            yield PropertyAssigned(key, value, always=_is_unconditional(target, declaration))
    elif target.type == "unary_expression" and key is not None and target.children[0].type == "delete":
        yield Removed(key)
    elif target.type == "call_expression" and key is not None and key.text == b"push":
        arguments = target.child_by_field_name("arguments")
        yield from map(Pushed, arguments.named_children if arguments else ())


def _read_handover(arguments: Node, reference: Node) -> Iterator[Change]:
    call = arguments.parent
    method = child_of(child_of(call, "function"), "property")
    if method is None or method.text is None:
        yield Merged(None)
    elif method.text == b"assign":
        if arguments.named_children[0] == reference:
            yield from map(Merged, arguments.named_children[1:])
    elif method.text.decode(errors="replace") not in _HARMLESS:
        yield Merged(None)


def _is_unconditional(assignment: Node, declaration: Declaration) -> bool:
    """Return whether an assignment is a statement of the scope itself, outside any condition."""
    statement = assignment.parent
    return (
        statement is not None
        and statement.type == "expression_statement"
        and statement.parent == declaration.scope
    )
