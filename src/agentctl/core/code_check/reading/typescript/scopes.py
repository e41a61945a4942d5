"""Finds the declaration that a name means at a position of the source, by lexical scopes.

It knows declarations and references, and no values.
"""

from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, LOOP, Source, children_of

_IDENTIFIERS = frozenset(
    {
        "identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "type_identifier",
    }
)
_PATTERNS = frozenset(
    {
        "object_pattern",
        "array_pattern",
        "pair_pattern",
        "rest_pattern",
        "assignment_pattern",
        "object_assignment_pattern",
    }
)
ASSIGNMENTS = frozenset({"assignment_expression", "augmented_assignment_expression", "update_expression"})
_Path = tuple[str, ...] | None
_Piece = tuple[Node, _Path, Node | None]
"""A pattern, the path of the part that it takes, and the default value of that part."""


class Kind(Enum):
    """How a name is declared."""

    VARIABLE = auto()
    PARAMETER = auto()
    FUNCTION = auto()
    CLASS = auto()
    ENUM = auto()
    IMPORT = auto()
    OTHER = auto()


class Declaration(Struct, frozen=True):
    """A name's declaration.

    Attributes:
        node: the node to evaluate: the declarator, function, class, enum or import.
        scope: the node in which the name is visible.
        path: the path of the part that a pattern takes from the value; None for a part without a name.
        default: the default value.
        position: the position of a parameter.
        constant: whether it is declared by `const`.

    """

    name: str
    kind: Kind
    node: Node
    scope: Node
    path: _Path = ()
    default: Node | None = None
    position: int = 0
    constant: bool = False


class Scopes:
    """The scopes of one file.

    They are listed once, in the order of the text: finding the parents of a node in a syntax tree takes
    longer the deeper the node is.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = source.list_scopes()
        self._starts = [node.start_byte for node in self._nodes]
        self._ends = [node.end_byte for node in self._nodes]
        self._outer = list(_list_outer(self._starts, self._ends))
        self._declared: dict[int, dict[str, Declaration]] = {}
        self._found: dict[tuple[int, str], Declaration | None] = {}
        self._references: dict[int, list[Node]] = {}

    def _find_scope(self, position: int) -> int:
        """Return the number of the innermost scope around a position of the text; -1 for none."""
        number = bisect_right(self._starts, position) - 1
        while number >= 0 and position >= self._ends[number]:
            number = self._outer[number]
        return number

    def function_around(self, node: Node) -> int | None:
        """Return the start of the innermost function that contains a node."""
        number = self._find_scope(node.start_byte)
        while number >= 0 and self._nodes[number].type not in FUNCTIONS:
            number = self._outer[number]
        return self._starts[number] if number >= 0 else None

    def lookup(self, node: Node, name: str) -> Declaration | None:
        """Return the declaration that a name means at a node; None if the file does not declare it."""
        number = self._find_scope(node.start_byte)
        key = (number, name)
        if key not in self._found:
            declaration = None
            while number >= 0 and (declaration := self._list_declared_in(number).get(name)) is None:
                number = self._outer[number]
            self._found[key] = declaration
        return self._found[key]

    def at_top(self) -> dict[str, Declaration]:
        """Return the declarations at the top level of the file."""
        return self._list_declared_in(0) if self._nodes else {}

    def _list_declared_in(self, number: int) -> dict[str, Declaration]:
        """Return the declarations directly in a scope, by name."""
        if number not in self._declared:
            declarations = self._list_declarations(self._nodes[number])
            self._declared[number] = {declaration.name: declaration for declaration in declarations}
        return self._declared[number]

    def list_references(self, declaration: Declaration) -> list[Node]:
        """Return the nodes that refer to a declaration, without the declaration itself."""
        key = id(declaration)
        if key not in self._references:
            self._references[key] = [
                node
                for node in self._source.find_occurrences(declaration.name, declaration.scope)
                if node.type in _IDENTIFIERS and not _is_declaring(node)
                if self.lookup(node, declaration.name) is declaration
            ]
        return self._references[key]

    def _list_declarations(self, scope: Node) -> Iterator[Declaration]:
        if scope.type in FUNCTIONS:
            yield from self._read_parameters(scope)
        elif scope.type == LOOP:
            pattern = scope.child_by_field_name("left") if scope.child_by_field_name("kind") else None
            if pattern is not None:
                yield from self._read_names(pattern, Kind.OTHER, scope, scope)
        else:
            for statement in scope.named_children:
                yield from self._read_statement(statement, scope)

    def _read_statement(self, statement: Node, scope: Node) -> Iterator[Declaration]:
        if statement.type == "export_statement":
            inner = statement.child_by_field_name("declaration")
            yield from self._read_statement(inner, scope) if inner is not None else ()
        elif statement.type in {"lexical_declaration", "variable_declaration"}:
            yield from self._read_variables(statement, scope)
        elif statement.type == "import_statement":
            yield from self._read_imports(statement, scope)
        elif (name := statement.child_by_field_name("name")) is not None and statement.type in _NAMED:
            yield Declaration(self._source.text(name), _NAMED[statement.type], statement, scope)

    def _read_variables(self, statement: Node, scope: Node) -> Iterator[Declaration]:
        constant = statement.children[0].type == "const"
        for declarator in statement.named_children:
            pattern = declarator.child_by_field_name("name")
            declarations = (
                self._read_names(pattern, Kind.VARIABLE, declarator, scope) if pattern is not None else ()
            )
            yield from (replace(declaration, constant=constant) for declaration in declarations)

    def _read_imports(self, statement: Node, scope: Node) -> Iterator[Declaration]:
        waiting = list(statement.named_children)
        while waiting:
            node = waiting.pop()
            if node.type in {"import_clause", "named_imports"}:
                waiting += node.named_children
            elif node.type == "identifier":
                yield self._make_import(node, "default", statement, scope)
            elif node.type == "namespace_import" and node.named_children:
                yield self._make_import(node.named_children[-1], "*", statement, scope)
            elif node.type == "import_specifier" and (name := node.child_by_field_name("name")) is not None:
                local = node.child_by_field_name("alias") or name
                yield self._make_import(local, self._source.text(name).strip("\"'"), statement, scope)

    def _make_import(self, local: Node, name: str, statement: Node, scope: Node) -> Declaration:
        return Declaration(self._source.text(local), Kind.IMPORT, statement, scope, (name,))

    def _read_parameters(self, function: Node) -> Iterator[Declaration]:
        single = function.child_by_field_name("parameter")
        if single is not None:
            yield from self._read_names(single, Kind.PARAMETER, function, function)
        several = children_of(function.child_by_field_name("parameters"))
        for position, parameter in enumerate(several):
            pattern = parameter.child_by_field_name("pattern") or parameter
            default = parameter.child_by_field_name("value")
            for declaration in self._read_names(pattern, Kind.PARAMETER, function, function):
                yield replace(declaration, default=declaration.default or default, position=position)

    def _read_names(self, pattern: Node, kind: Kind, node: Node, scope: Node) -> Iterator[Declaration]:
        """Yield the declarations of all names in a pattern."""
        waiting: list[_Piece] = [(pattern, (), None)]
        while waiting:
            piece, path, default = waiting.pop()
            if piece.type in {"identifier", "shorthand_property_identifier_pattern"}:
                yield Declaration(self._source.text(piece), kind, node, scope, path, default)
            else:
                waiting += self._take_apart(piece, path, default)

    def _take_apart(self, pattern: Node, path: _Path, default: Node | None) -> Iterator[_Piece]:
        items = pattern.named_children
        match pattern.type:
            case "object_pattern":
                for item in items:
                    yield from self._read_property(item, path)
            case "array_pattern":
                yield from (
                    (item, _extend_path(path, str(position)), None) for position, item in enumerate(items)
                )
            case "rest_pattern":
                yield from ((item, None, None) for item in items)
            case "assignment_pattern" | "object_assignment_pattern":
                left, right = (pattern.child_by_field_name(side) for side in ("left", "right"))
                yield from ((left, path, right or default),) if left is not None else ()

    def _read_property(self, item: Node, path: _Path) -> Iterator[_Piece]:
        match item.type:
            case "shorthand_property_identifier_pattern":
                yield item, _extend_path(path, self._source.text(item)), None
            case "object_assignment_pattern":
                left = item.child_by_field_name("left")
                if left is not None:
                    yield left, _extend_path(path, self._source.text(left)), item.child_by_field_name("right")
            case "pair_pattern":
                key, value = item.child_by_field_name("key"), item.child_by_field_name("value")
                if key is not None and value is not None:
                    named = key.type == "property_identifier"
                    yield value, _extend_path(path, self._source.text(key)) if named else None, None
            case "rest_pattern":
                yield item, None, None


_NAMED = {
    "function_declaration": Kind.FUNCTION,
    "generator_function_declaration": Kind.FUNCTION,
    "class_declaration": Kind.CLASS,
    "abstract_class_declaration": Kind.CLASS,
    "enum_declaration": Kind.ENUM,
}


def _list_outer(starts: list[int], ends: list[int]) -> Iterator[int]:
    """Yield the number of the scope around each scope, in the order of the text; -1 for none."""
    open_: list[int] = []
    for number, start in enumerate(starts):
        while open_ and ends[open_[-1]] <= start:
            open_.pop()
        yield open_[-1] if open_ else -1
        open_.append(number)


def _extend_path(path: _Path, name: str) -> _Path:
    return None if path is None else (*path, name)


def _is_declaring(node: Node) -> bool:
    """Return whether a node is the name in its declaration."""
    parent = node.parent
    if parent is None:
        return False
    if node.type.endswith("_pattern"):
        return not is_assigned(pattern_around(node))
    return parent.child_by_field_name("name") == node


def pattern_around(node: Node) -> Node:
    """Return the whole pattern around a name, such as `[{ a }]` around `a`, or the name itself."""
    while (parent := node.parent) is not None and parent.type in _PATTERNS:
        node = parent
    return node


def is_assigned(target: Node) -> bool:
    """Return whether a name or pattern is assigned and not declared: `a = 1`, `[a] = b`."""
    parent = target.parent
    if parent is None:
        return False
    if parent.type == LOOP:
        return parent.child_by_field_name("left") == target and parent.child_by_field_name("kind") is None
    return parent.type in ASSIGNMENTS and parent.child_by_field_name("right") != target
