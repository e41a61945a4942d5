"""Evaluates the expressions of one file: computes the values that they can have, without running them.

What it does not understand is `Unknown`. It follows nothing into other files, and never raises an error.
"""

from collections.abc import Callable, Iterator, Mapping

from tree_sitter import Node

from agentctl.core.code_check.reading.typescript import mutation
from agentctl.core.code_check.reading.typescript.literals import Literals
from agentctl.core.code_check.reading.typescript.methods import Methods
from agentctl.core.code_check.reading.typescript.reduction import (
    DEEPEST,
    HEAVIEST,
    TOO_DEEP,
    TOO_LARGE,
    PartCounts,
    choice_of,
    get_member,
    replace_parameters,
)
from agentctl.core.code_check.reading.typescript.scopes import Declaration, Kind, Scopes
from agentctl.core.code_check.reading.typescript.syntax import (
    FUNCTIONS,
    Source,
    arguments_of,
    child_of,
    children_of,
    inner_of,
    unwrap,
)
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Entry,
    Function,
    Imported,
    Listing,
    Member,
    Parameter,
    Record,
    Result,
    Unknown,
    Value,
)

_VARIABLE = frozenset({Kind.VARIABLE, Kind.PARAMETER})
_CHANGEABLE = (Record, Listing, Choice)
_PROTOTYPE = "prototype"
_GOES_INTO = ("statement", "block", "clause", "body", "case", "default")


class Evaluator:
    """Evaluates the expressions of one file, each of them once."""

    def __init__(self, source: Source, scopes: Scopes) -> None:
        self._source = source
        self._scopes = scopes
        self._mutations = mutation.Mutations(scopes)
        self._known: dict[int, Value] = {}
        self._part_counts = PartCounts()
        self._under_way: set[int] = set()
        self._literals = literals = Literals(source, self)
        self._methods = Methods(source, literals, self)
        self._kinds: Mapping[str, Callable[[Node], Value]] = {
            "string": literals.read_string,
            "template_string": literals.read_template,
            "number": literals.read_number,
            "true": literals.read_word,
            "false": literals.read_word,
            "null": literals.read_word,
            "undefined": lambda _: UNDEFINED,
            "unary_expression": literals.read_unary,
            "binary_expression": literals.read_binary,
            "ternary_expression": literals.read_ternary,
            "object": literals.read_object,
            "array": literals.read_array,
            "identifier": self._evaluate_identifier,
            "shorthand_property_identifier": self._evaluate_identifier,
            "member_expression": self._evaluate_member,
            "subscript_expression": self._evaluate_subscript,
            "call_expression": self._evaluate_call,
            "new_expression": self._evaluate_new,
        }

    def evaluate(self, node: Node | None) -> Value:
        """Return the value that an expression can have."""
        node = unwrap(node)
        if node is None:
            return Unknown("not understood")
        if node.id in self._known:
            return self._known[node.id]
        if node.id in self._under_way:
            return Unknown("defined by itself")
        if len(self._under_way) >= DEEPEST:
            return TOO_DEEP
        self._under_way.add(node.id)
        value = self._evaluate_node(node)
        if self._part_counts.count_parts(value) > HEAVIEST:
            value = TOO_LARGE
        self._under_way.discard(node.id)
        self._known[node.id] = value
        return value

    def _evaluate_node(self, node: Node) -> Value:
        if node.type in FUNCTIONS:
            return Function(node.start_byte)
        evaluate = self._kinds.get(node.type)
        return Unknown() if evaluate is None else evaluate(node)

    def evaluate_declaration(self, declaration: Declaration) -> Value:
        """Return the value that a declaration gives a name, before any assignment."""
        node = declaration.node
        result: Value = Unknown()
        match declaration.kind:
            case Kind.VARIABLE:
                value = node.child_by_field_name("value")
                result = self._take_part(UNDEFINED if value is None else self.evaluate(value), declaration)
            case Kind.PARAMETER:
                result = self._take_part(
                    Parameter(Function(node.start_byte), declaration.position), declaration
                )
            case Kind.IMPORT if declaration.path:
                specifier = node.child_by_field_name("source")
                result = self._import_name(specifier, declaration.path[0]) or Unknown("not understood")
            case Kind.FUNCTION:
                result = Function(node.start_byte)
            case Kind.ENUM:
                result = self._literals.read_enum(node)
            case Kind.CLASS:
                result = self._evaluate_class(node)
        return result

    def _import_name(self, specifier: Node | None, name: str) -> Imported | None:
        """Return what a module exports under a name; None if it is not known which module."""
        match self.evaluate(specifier):
            case Constant(str(module)):
                return Imported(module, name)
        return None

    def _take_part(self, whole: Value, declaration: Declaration) -> Value:
        if declaration.path is None:
            return Unknown()
        for name in declaration.path:
            whole = get_member(whole, name)
        if declaration.default is None:
            return whole
        default = self.evaluate(declaration.default)
        return default if whole == UNDEFINED else choice_of((whole, default))

    def _evaluate_identifier(self, node: Node) -> Value:
        name = self._source.text(node)
        declaration = self._scopes.lookup(node, name)
        if declaration is None:
            return UNDEFINED if name == "undefined" else Unknown(f"not declared: {name}")
        value = self.evaluate_declaration(declaration)
        if declaration.kind not in _VARIABLE or (declaration.constant and not isinstance(value, _CHANGEABLE)):
            return value
        return self._apply_changes(value, declaration, node)

    def _apply_changes(self, initial: Value, declaration: Declaration, use: Node) -> Value:
        """Return the value that a variable can have where it is used, after all possible changes."""
        options, added, pushed = [initial], list[Entry](), list[Node]()
        for change in self._mutations.list_changes(declaration, use):
            match change:
                case mutation.Assigned(value, always):
                    new = Unknown() if value is None else self.evaluate(value)
                    options, added, pushed = ([new], [], []) if always else ([*options, new], added, pushed)
                case mutation.Removed(key):
                    added.append(Entry(self._literals.read_key(key), UNDEFINED, self._source.locate(key)))
                case mutation.PropertyAssigned(key, value, always):
                    name = self._literals.read_key(key)
                    added.append(Entry(name, self.evaluate(value), self._source.locate(key), always))
                case mutation.Merged(value):
                    merged = Unknown("changed out of sight") if value is None else self.evaluate(value)
                    added.append(Entry(None, merged, self._source.locate(use)))
                case mutation.Pushed(value):
                    pushed.append(value)
        certain = [option for option in options if option != UNDEFINED] or options
        return choice_of(self._add_parts(option, added, pushed) for option in certain)

    def _add_parts(self, value: Value, added: list[Entry], pushed: list[Node]) -> Value:
        if isinstance(value, Record) and added:
            return Record((*value.entries, *added), value.location)
        if isinstance(value, Listing) and (pushed or added):
            more = self._literals.make_listing(pushed, value.location)
            return Listing((*value.items, *more.items), whole=False, location=value.location)
        return value

    def _evaluate_class(self, node: Node) -> Value:
        """Return a class as an object: its static fields, and a prototype with its methods."""
        location, static, own = self._source.locate(node), list[Entry](), list[Entry]()
        for item, name in _list_class_items(node):
            is_static = any(child.type == "static" for child in item.children)
            entry = Entry(self._literals.read_key(name), self._evaluate_class_item(item), location)
            (static if is_static else own).append(entry)
        prototype = Entry(Constant(_PROTOTYPE, location), Record(tuple(own), location), location)
        return Record((*static, prototype), location)

    def _evaluate_class_item(self, item: Node) -> Value:
        """Return the value of a field or a method."""
        if item.type == "method_definition":
            return Function(item.start_byte)
        value = item.child_by_field_name("value")
        return Unknown("a property of this") if value is None else self.evaluate(value)

    def _evaluate_member(self, node: Node) -> Value:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return Unknown("not understood")
        if base.type == "this":
            return self._evaluate_own_member(node, self._source.text(name))
        return get_member(self.evaluate(base), self._source.text(name))

    def _evaluate_own_member(self, node: Node, name: str) -> Value:
        """Return a method of the class of `this`, or a field that is never assigned again."""
        body = node.parent
        while body is not None and body.type != "class_body":
            body = body.parent
        if body is None or body.parent is None or self._is_assigned(name, body):
            return Unknown("a property of this")
        for item, key in _list_class_items(body.parent):
            if self._source.text(key) == name:
                return self._evaluate_class_item(item)
        return Unknown("a property of this")

    def _is_assigned(self, name: str, within: Node) -> bool:
        for node in self._source.find_occurrences(name, within):
            target = node.parent
            assignment = target.parent if target is not None and target.type == "member_expression" else None
            if assignment is not None and assignment.child_by_field_name("left") == target:
                return True
        return False

    def _evaluate_subscript(self, node: Node) -> Value:
        name = self.evaluate(node.child_by_field_name("index"))
        if isinstance(name, Constant) and isinstance(name.value, str | int):
            return get_member(self.evaluate(node.child_by_field_name("object")), str(name.value))
        return Unknown("an entry that is chosen at run time")

    def _evaluate_call(self, node: Node) -> Value:
        # `await f<T>()` is `(await f)<T>()` here.
        function, arguments = unwrap(node.child_by_field_name("function")), arguments_of(node)
        if function is None:
            return Unknown("not understood")
        known: Value | None = None
        if function.type == "member_expression":
            known = self._methods.call_method(function, arguments, self._source.locate(node))
        elif self._source.text(function) == "require" and arguments:
            known = self._import_name(arguments[0], "*")
        return self._evaluate_result(self.evaluate(function), arguments) if known is None else known

    def _evaluate_result(self, function: Value, arguments: list[Node]) -> Value:
        values = tuple(map(self.evaluate, arguments))
        if isinstance(function, Function):
            return replace_parameters(self.evaluate_returns(self.find_function(function)), function, values)
        return Result(function, values) if isinstance(function, Imported | Member) else Unknown()

    def _evaluate_new(self, node: Node) -> Value:
        instance = get_member(self.evaluate(node.child_by_field_name("constructor")), _PROTOTYPE)
        return Unknown("an object") if instance == UNDEFINED else instance

    def find_function(self, function: Function) -> Node | None:
        """Return the syntax node of a function."""
        node = self._source.root.descendant_for_byte_range(function.number, function.number)
        while node is not None and node.type not in FUNCTIONS:
            node = node.parent
        return node

    def evaluate_returns(self, function: Node | None) -> Value:
        """Return the value that a function can return."""
        body = child_of(function, "body")
        if body is None:
            return Unknown()
        if body.type != "statement_block":
            return self.evaluate(body)
        values = [self.evaluate(inner_of(statement)) for statement in _list_returns(body)]
        return choice_of(values) if values else Unknown()


def _list_returns(body: Node) -> Iterator[Node]:
    """Yield the return statements of a function's body, without those of nested functions."""
    waiting = list(body.named_children)
    while waiting:
        node = waiting.pop(0)
        if node.type == "return_statement":
            yield node
        elif node.type not in FUNCTIONS and node.type.endswith(_GOES_INTO):
            waiting += node.named_children


def _list_class_items(class_: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the fields and methods of a class with their names."""
    for item in children_of(class_.child_by_field_name("body")):
        if item.type in {"public_field_definition", "field_definition", "method_definition"}:
            name = item.child_by_field_name("name") or item.child_by_field_name("property")
            if name is not None:
                yield item, name
