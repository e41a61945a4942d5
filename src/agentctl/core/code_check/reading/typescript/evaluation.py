"""Says what an expression of one file can be, without running it.

Whatever it does not understand is `Unknown`; it follows nothing into other files, and never raises.
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
    Weights,
    choice_of,
    member,
    with_arguments,
)
from agentctl.core.code_check.reading.typescript.scopes import Declaration, Kind, Scopes
from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, WRAPPERS, Source, inner_of
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
    """Evaluates the expressions of one file; each once."""

    def __init__(self, source: Source, scopes: Scopes) -> None:
        self._source = source
        self._scopes = scopes
        self._mutations = mutation.Mutations(scopes)
        self._known: dict[int, Value] = {}
        self._weights = Weights()
        self._under_way: set[int] = set()
        self._literals = literals = Literals(source, self)
        self._methods = Methods(source, literals, self)
        self._kinds: Mapping[str, Callable[[Node], Value]] = {
            "string": literals.string,
            "template_string": literals.template,
            "number": literals.number,
            "true": literals.word,
            "false": literals.word,
            "null": literals.word,
            "undefined": lambda _: UNDEFINED,
            "unary_expression": literals.unary,
            "binary_expression": literals.binary,
            "ternary_expression": literals.ternary,
            "object": literals.object,
            "array": literals.array,
            "identifier": self._identifier,
            "shorthand_property_identifier": self._identifier,
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "call_expression": self._call,
            "new_expression": self._new,
        }

    def value(self, node: Node | None) -> Value:
        """Return what an expression can be."""
        while node is not None and node.type in WRAPPERS:
            node = inner_of(node)
        if node is None:
            return Unknown("not understood")
        if node.id in self._known:
            return self._known[node.id]
        if node.id in self._under_way:
            return Unknown("defined by itself")
        if len(self._under_way) >= DEEPEST:
            return TOO_DEEP
        self._under_way.add(node.id)
        found = self._evaluated(node)
        if self._weights.of(found) > HEAVIEST:
            found = TOO_LARGE
        self._under_way.discard(node.id)
        self._known[node.id] = found
        return found

    def _evaluated(self, node: Node) -> Value:
        if node.type in FUNCTIONS:
            return Function(node.start_byte)
        evaluate = self._kinds.get(node.type)
        return Unknown() if evaluate is None else evaluate(node)

    def declared(self, declaration: Declaration) -> Value:
        """Return what a declaration stands for, before anything happens to it."""
        node = declaration.node
        found: Value = Unknown()
        match declaration.kind:
            case Kind.VARIABLE:
                value = node.child_by_field_name("value")
                found = self._part(UNDEFINED if value is None else self.value(value), declaration)
            case Kind.PARAMETER:
                found = self._part(Parameter(Function(node.start_byte), declaration.position), declaration)
            case Kind.IMPORT:
                found = self._import(declaration)
            case Kind.FUNCTION:
                found = Function(node.start_byte)
            case Kind.ENUM:
                found = self._literals.enum(node)
            case Kind.CLASS:
                found = self._class(node)
        return found

    def _import(self, declaration: Declaration) -> Value:
        specifier = self.value(declaration.node.child_by_field_name("source"))
        if isinstance(specifier, Constant) and isinstance(specifier.value, str) and declaration.path:
            return Imported(specifier.value, declaration.path[0])
        return Unknown("not understood")

    def _part(self, whole: Value, declaration: Declaration) -> Value:
        if declaration.path is None:
            return Unknown()
        for name in declaration.path:
            whole = member(whole, name)
        if declaration.default is None:
            return whole
        default = self.value(declaration.default)
        return default if whole == UNDEFINED else choice_of((whole, default))

    def _identifier(self, node: Node) -> Value:
        name = self._source.text(node)
        declaration = self._scopes.lookup(node, name)
        if declaration is None:
            return UNDEFINED if name == "undefined" else Unknown(f"declared nowhere: {name}")
        found = self.declared(declaration)
        if declaration.kind not in _VARIABLE or (declaration.constant and not isinstance(found, _CHANGEABLE)):
            return found
        return self._changed(found, declaration, node)

    def _changed(self, found: Value, declaration: Declaration, use: Node) -> Value:
        """Return what a variable is where it is used, after all that may have happened to it."""
        options, added, pushed = [found], list[Entry](), list[Node]()
        for change in self._mutations.of(declaration, use):
            match change:
                case mutation.Assigned(value, always):
                    new = Unknown() if value is None else self.value(value)
                    options, added, pushed = ([new], [], []) if always else ([*options, new], added, pushed)
                case mutation.Removed(key):
                    added.append(
                        Entry(self._literals.key(key), UNDEFINED, self._source.spot(key), always=True)
                    )
                case mutation.PropertyAssigned(key, value, always):
                    name = self._literals.key(key)
                    added.append(Entry(name, self.value(value), self._source.spot(key), always))
                case mutation.Merged(value):
                    merged = Unknown("changed out of sight") if value is None else self.value(value)
                    added.append(Entry(None, merged, self._source.spot(use)))
                case mutation.Pushed(value):
                    pushed.append(value)
        certain = [option for option in options if option != UNDEFINED] or options
        return choice_of(self._grown(option, added, pushed) for option in certain)

    def _grown(self, value: Value, added: list[Entry], pushed: list[Node]) -> Value:
        if isinstance(value, Record) and added:
            return Record((*value.entries, *added), value.spot)
        if isinstance(value, Listing) and (pushed or added):
            more = self._literals.listing(pushed, value.spot)
            return Listing((*value.items, *more.items), whole=False, spot=value.spot)
        return value

    def _class(self, node: Node) -> Value:
        """Return a class as the object that it is: its static fields, and a prototype with its methods."""
        spot, static, own = self._source.spot(node), list[Entry](), list[Entry]()
        for item, name in _items(node):
            value = Function(item.start_byte) if item.type == "method_definition" else self._initial(item)
            is_static = any(child.type == "static" for child in item.children)
            (static if is_static else own).append(Entry(self._literals.key(name), value, spot))
        prototype = Entry(Constant(_PROTOTYPE, spot), Record(tuple(own), spot), spot)
        return Record((*static, prototype), spot)

    def _initial(self, field: Node) -> Value:
        value = field.child_by_field_name("value")
        return Unknown("a property of this") if value is None else self.value(value)

    def _member(self, node: Node) -> Value:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return Unknown("not understood")
        if base.type == "this":
            return self._field(node, self._source.text(name))
        return member(self.value(base), self._source.text(name))

    def _field(self, node: Node, name: str) -> Value:
        """Return a method of the class that `this` is, or a field that is given a value once."""
        body = node.parent
        while body is not None and body.type != "class_body":
            body = body.parent
        if body is None or body.parent is None or self._is_assigned(name, body):
            return Unknown("a property of this")
        for item, key in _items(body.parent):
            if self._source.text(key) == name:
                return Function(item.start_byte) if item.type == "method_definition" else self._initial(item)
        return Unknown("a property of this")

    def _is_assigned(self, name: str, within: Node) -> bool:
        for node in self._source.occurrences(name, within):
            target = node.parent
            assignment = target.parent if target is not None and target.type == "member_expression" else None
            if assignment is not None and assignment.child_by_field_name("left") == target:
                return True
        return False

    def _subscript(self, node: Node) -> Value:
        name = self.value(node.child_by_field_name("index"))
        if isinstance(name, Constant) and isinstance(name.value, str | int):
            return member(self.value(node.child_by_field_name("object")), str(name.value))
        return Unknown("an entry that is chosen at run time")

    def _call(self, node: Node) -> Value:
        function, arguments = node.child_by_field_name("function"), self.arguments(node)
        while function is not None and function.type in WRAPPERS:  # `await f<T>()` is `(await f)<T>()` here
            function = inner_of(function)
        if function is None:
            return Unknown("not understood")
        if function.type == "member_expression":
            known = self._methods.called(function, arguments, self._source.spot(node))
            return self._result(self.value(function), arguments) if known is None else known
        if self._source.text(function) == "require" and arguments:
            specifier = self.value(arguments[0])
            if isinstance(specifier, Constant) and isinstance(specifier.value, str):
                return Imported(specifier.value, "*")
        return self._result(self.value(function), arguments)

    def arguments(self, call: Node) -> list[Node]:
        """Return the arguments of a call."""
        found = call.child_by_field_name("arguments")
        named = found.named_children if found is not None and found.type == "arguments" else []
        return [argument for argument in named if argument.type != "comment"]

    def _result(self, function: Value, arguments: list[Node]) -> Value:
        given = tuple(map(self.value, arguments))
        if isinstance(function, Function):
            return with_arguments(self.returned(self.function(function)), function, given)
        return Result(function, given) if isinstance(function, Imported | Member) else Unknown()

    def _new(self, node: Node) -> Value:
        made = member(self.value(node.child_by_field_name("constructor")), _PROTOTYPE)
        return Unknown("an object") if made == UNDEFINED else made

    def function(self, function: Function) -> Node | None:
        """Return the node of a function."""
        node = self._source.root.descendant_for_byte_range(function.number, function.number)
        while node is not None and node.type not in FUNCTIONS:
            node = node.parent
        return node

    def returned(self, function: Node | None) -> Value:
        """Return what a function can return."""
        body = function.child_by_field_name("body") if function is not None else None
        if body is None:
            return Unknown()
        if body.type != "statement_block":
            return self.value(body)
        found = [self.value(inner_of(statement)) for statement in _returns(body)]
        return choice_of(found) if found else Unknown()


def _returns(body: Node) -> Iterator[Node]:
    """Yield the return statements of a function's body, but not those of functions inside it."""
    waiting = list(body.named_children)
    while waiting:
        node = waiting.pop(0)
        if node.type == "return_statement":
            yield node
        elif node.type not in FUNCTIONS and node.type.endswith(_GOES_INTO):
            waiting += node.named_children


def _items(class_: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the fields and methods of a class with their names."""
    body = class_.child_by_field_name("body")
    for item in body.named_children if body is not None else ():
        if item.type in {"public_field_definition", "field_definition", "method_definition"}:
            name = item.child_by_field_name("name") or item.child_by_field_name("property")
            if name is not None:
                yield item, name
