"""What the names of a Python file are bound to, as far as one binding is all there is.

It runs nothing, and follows no name into another file.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Body = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_BODIES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name is assigned, one time or another.

    Attributes:
        value: None where it is bound by anything but an assignment.
        names: those that `value` sees.
        only: whether it is never bound again.

    """

    value: ast.expr | None
    names: "Names"
    only: bool = True


@dataclass(slots=True)
class Names:
    """The names of one module, function or class.

    Attributes:
        body: whose names they are.
        outer: those around it.
        bound: what each is assigned.
        classes: that are defined there.
        set_later: attributes that are assigned anywhere in the file, of whatever object.

    """

    body: Body
    outer: "Names | None" = None
    bound: dict[str, Binding] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    set_later: frozenset[str] = frozenset()

    def find(self, name: str) -> Binding | None:
        """Return what a name is assigned; a function does not see the names of its class."""
        names: Names | None = self
        while names is not None:
            if name in names.bound and (names is self or not isinstance(names.body, ast.ClassDef)):
                return names.bound[name]
            names = names.outer
        return None

    def find_attribute(self, owner: str, name: str) -> Binding | None:
        """Return what a class assigns to a name of it, for `self.NAME`, `cls.NAME` and `Class.NAME`."""
        found = None if name in self.set_later else self._find_class(owner)
        return found.bound.get(name) if found else None

    def _find_class(self, owner: str) -> "Names | None":
        names: Names | None = self
        while names is not None:
            if isinstance(names.body, ast.ClassDef) and owner in {"self", "cls"}:
                return names
            if owner in names.classes:
                return names_of(names.classes[owner], names)
            names = names.outer
        return None


def names_of(body: Body, outer: Names | None = None) -> Names:
    """Collect the names of a module, function or class, but not those of what stands in it."""
    names = Names(body, outer, set_later=outer.set_later if outer else _attributes_set(body))
    for name, value in _bindings(body):
        before = names.bound.get(name)
        names.bound[name] = Binding((before and before.value) or value, names, only=before is None)
    for node in inner_nodes(body):
        if isinstance(node, ast.ClassDef):
            names.classes[node.name] = node
    for node in ast.walk(body):
        if isinstance(node, ast.Global | ast.Nonlocal):
            names.bound.update(dict.fromkeys(node.names, Binding(None, names, only=False)))
    return names


def _attributes_set(body: Body) -> frozenset[str]:
    found = (node for node in ast.walk(body) if isinstance(node, ast.Attribute))
    return frozenset(node.attr for node in found if not isinstance(node.ctx, ast.Load))


def inner_nodes(body: ast.AST) -> Iterator[ast.AST]:
    """Return everything in a module, function or class but for what is in functions and classes in it."""
    waiting = list(ast.iter_child_nodes(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _BODIES):
            waiting += ast.iter_child_nodes(node)


def _bindings(body: Body) -> Iterator[tuple[str, ast.expr | None]]:
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
            yield from ((name, None) for name in _bound_otherwise(node))


def _bound_otherwise(node: ast.AST) -> Iterator[str]:
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
