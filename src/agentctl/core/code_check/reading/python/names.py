"""Finds what the names of a Python file are bound to, where they have a single binding.

It runs nothing and follows no name into another file.
"""

import ast
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

Body = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Binding(Struct, frozen=True):
    """A value that a name is assigned.

    Attributes:
        value: None where something other than an assignment binds it.
        names: the names that `value` sees.
        only: whether it is never bound again.

    """

    value: ast.expr | None
    names: "Names"
    only: bool = True


class Names:
    """The names of one module, function or class, found on first use."""

    def __init__(self, body: Body, outer: "Names | None" = None) -> None:
        self.body = body
        self.outer = outer

    def find(self, name: str) -> Binding | None:
        """Return what a name is assigned; a function does not see the names of its class."""
        for names in self._list_outwards():
            if name in names.bound and (names is self or not isinstance(names.body, ast.ClassDef)):
                return None if name in self.set_elsewhere else names.bound[name]
        return None

    def find_attribute(self, owner: str, name: str) -> Binding | None:
        """Return what a class assigns to a name of it, for `self.NAME`, `cls.NAME` and `Class.NAME`."""
        owner_names = self._find_class(owner)
        return owner_names.bound.get(name) if owner_names and name not in self.set_elsewhere else None

    @cached_property
    def bound(self) -> dict[str, Binding]:
        """The binding of each name, without those in functions and classes nested in it."""
        bound: dict[str, Binding] = {}
        for name, value in _list_bindings(self.body):
            before = bound.get(name)
            bound[name] = Binding((before and before.value) or value, self, only=before is None)
        return bound

    @cached_property
    def classes(self) -> dict[str, "Names"]:
        """The classes that are defined here, by name."""
        inner = inner_nodes(self.body)
        return {node.name: Names(node, self) for node in inner if isinstance(node, ast.ClassDef)}

    @cached_property
    def set_elsewhere(self) -> frozenset[str]:
        """The names that the file declares to be of another scope, or sets as an attribute."""
        if self.outer is not None:
            return self.outer.set_elsewhere
        every: set[str] = set()
        for node in ast.walk(self.body):
            if isinstance(node, ast.Global | ast.Nonlocal):
                every.update(node.names)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                every.add(node.attr)
        return frozenset(every)

    def _find_class(self, owner: str) -> "Names | None":
        for names in self._list_outwards():
            if isinstance(names.body, ast.ClassDef) and owner in {"self", "cls"}:
                return names
            if owner in names.classes:
                return names.classes[owner]
        return None

    def _list_outwards(self) -> Iterator["Names"]:
        names: Names | None = self
        while names is not None:
            yield names
            names = names.outer


def inner_nodes(body: ast.AST) -> Iterator[ast.AST]:
    """Return everything in a module, function or class, without nested functions and classes."""
    waiting = list(ast.iter_child_nodes(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _BODIES):
            waiting += ast.iter_child_nodes(node)


def _list_bindings(body: Body) -> Iterator[tuple[str, ast.expr | None]]:
    assigned: dict[int, ast.expr] = {}
    for node in inner_nodes(body):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            assigned[id(node.targets[0])] = node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            assigned[id(node.target)] = node.value
    for node in inner_nodes(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, assigned.get(id(node))
        else:
            yield from ((name, None) for name in _list_bound_otherwise(node))


def _list_bound_otherwise(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.arg(arg=name) | ast.alias(asname=str(name)):
            yield name
        case ast.alias(name=name):
            yield name.partition(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
