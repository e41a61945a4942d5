"""Says what an expression of one file can be, without running it.

Whatever it does not understand is `Unknown`; it follows nothing into other files, and never raises.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from tree_sitter import Node

from agentctl.core.codescan.typescript import mutation
from agentctl.core.codescan.typescript.reduction import DEEPEST, TOO_DEEP, choice_of, member, with_arguments
from agentctl.core.codescan.typescript.scopes import FUNCTIONS, Declaration, Kind, Scopes
from agentctl.core.codescan.typescript.syntax import Source, unescaped
from agentctl.core.codescan.typescript.values import (
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
    Spot,
    Template,
    Unknown,
    Value,
)

_WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "type_assertion",
        "await_expression",
        "spread_element",
        "computed_property_name",
    }
)
_ALTERNATIVES = frozenset({"||", "??"})
_WIDEST = 400
"""More entries or items than this are not looked at one by one."""


class Evaluator:
    """Evaluates the expressions of one file; each once."""

    def __init__(self, source: Source, scopes: Scopes) -> None:
        self._source = source
        self._scopes = scopes
        self._known: dict[int, Value] = {}
        self._under_way: set[int] = set()
        self._depth = 0

    def value(self, node: Node | None) -> Value:
        """Return what an expression can be."""
        if node is None or node.is_error:
            return Unknown("not understood")
        if node.id in self._known:
            return self._known[node.id]
        if node.id in self._under_way:
            return Unknown("defined by itself")
        if self._depth >= DEEPEST:
            return TOO_DEEP
        self._under_way.add(node.id)
        self._depth += 1
        try:
            found = self._evaluated(node)
        finally:
            self._depth -= 1
            self._under_way.discard(node.id)
        self._known[node.id] = found
        return found

    def function_of(self, node: Node) -> Function:
        """Return a function as a value."""
        return Function(node.start_byte)

    def _evaluated(self, node: Node) -> Value:
        if node.type in _WRAPPERS:
            return self.value(_inner(node))
        if node.type in FUNCTIONS:
            return self.function_of(node)
        evaluate = _KINDS.get(node.type)
        return Unknown() if evaluate is None else evaluate(self, node)

    def _string(self, node: Node) -> Value:
        parts = (
            unescaped(self._source.text(part)) if part.type == "escape_sequence" else self._source.text(part)
            for part in node.named_children
        )
        return Constant("".join(parts), self._source.spot(node))

    def _template(self, node: Node) -> Value:
        spot = self._source.spot(node)
        parts: list[Value] = []
        for part in node.children[1:-1]:
            if part.type == "template_substitution":
                parts.append(self.value(_inner(part)))
            else:
                text = self._source.text(part)
                text = unescaped(text) if part.type == "escape_sequence" else text
                before = self._source.spot(part)  # where a quote would be
                parts.append(Constant(text, Spot(before.line, before.column - 1)))
        return _joined(parts, spot)

    def _number(self, node: Node) -> Value:
        text = self._source.text(node).replace("_", "").rstrip("n")
        try:
            number = int(text, 0) if not set(".eE") & set(text) or text[:2].lower() == "0x" else float(text)
        except ValueError:
            return Unknown()
        return Constant(number, self._source.spot(node))

    def _word(self, node: Node) -> Value:
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        return Constant(words[node.type], self._source.spot(node))

    def _unary(self, node: Node) -> Value:
        operator, operand = node.child_by_field_name("operator"), node.child_by_field_name("argument")
        if operator is not None and operator.type == "void":
            return UNDEFINED
        found = self.value(operand)
        if operator is not None and operator.type == "-" and isinstance(found, Constant):
            if isinstance(found.value, int | float) and not isinstance(found.value, bool):
                return Constant(-found.value, self._source.spot(node))
        return Unknown()

    def _binary(self, node: Node) -> Value:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        kind = operator.type if operator is not None else ""
        if kind in _ALTERNATIVES:
            first = self.value(left)
            options = first.options if isinstance(first, Choice) else (first,)
            falsy = (None,) if kind == "??" else (None, False, 0, "")
            kept = [one for one in options if not (isinstance(one, Constant) and one.value in falsy)]
            return choice_of((*(one for one in kept if one != UNDEFINED), self.value(right)))
        if kind == "&&":
            return choice_of((Unknown(), self.value(right)))
        if kind == "+":
            return _joined((self.value(left), self.value(right)), self._source.spot(node))
        return Unknown()

    def _ternary(self, node: Node) -> Value:
        names = ("consequence", "alternative")
        return choice_of(self.value(node.child_by_field_name(name)) for name in names)

    def _object(self, node: Node) -> Value:
        if len(node.named_children) > _WIDEST:
            return Unknown("too large")
        entries = (entry for child in node.named_children for entry in self._entries(child))
        return Record(tuple(entries), self._source.spot(node))

    def _entries(self, child: Node) -> Iterator[Entry]:
        spot = self._source.spot(child)
        if child.type == "pair":
            key = child.child_by_field_name("key")
            if key is not None:
                yield Entry(self._key(key), self.value(child.child_by_field_name("value")), spot)
        elif child.type == "shorthand_property_identifier":
            yield Entry(Constant(self._source.text(child), spot), self.value(child), spot)
        elif child.type == "method_definition":
            name = child.child_by_field_name("name")
            if name is not None:
                yield Entry(self._key(name), self.function_of(child), spot)
        elif child.type == "spread_element":
            yield from self._spread(_inner(child), spot)
        elif child.type != "comment":
            yield Entry(None, Unknown("not understood"), spot)

    def _spread(self, node: Node | None, spot: Spot) -> Iterator[Entry]:
        """Yield what `...x` adds; behind `condition && x` it may be nothing."""
        while node is not None and node.type in _WRAPPERS:
            node = _inner(node)
        where = self._source.spot(node) if node is not None else spot
        operator = node.child_by_field_name("operator") if node is not None else None
        if node is not None and operator is not None and operator.type == "&&":
            yield Entry(None, self.value(node.child_by_field_name("right")), where, always=False)
        else:
            yield Entry(None, self.value(node), where)

    def _key(self, node: Node) -> Value:
        if node.type in {"property_identifier", "private_property_identifier"}:
            return Constant(self._source.text(node), self._source.spot(node))
        return self.value(node)

    def _array(self, node: Node) -> Value:
        items = [child for child in node.named_children if child.type != "comment"]
        if len(items) > _WIDEST:
            return Unknown("too large")
        return self._listing(items, self._source.spot(node))

    def _listing(self, items: Iterable[Node], spot: Spot) -> Value:
        found: list[Value] = []
        whole = True
        for item in items:
            value = self.value(item)
            if item.type != "spread_element":
                found.append(value)
            elif isinstance(value, Listing):
                found += value.items
                whole = whole and value.whole
            else:
                whole = False
        return Listing(tuple(found), whole, spot)

    def _identifier(self, node: Node) -> Value:
        name = self._source.text(node)
        declaration = self._scopes.lookup(node, name)
        if declaration is None:
            return UNDEFINED if name == "undefined" else Unknown(f"declared nowhere: {name}")
        found = self.declared(declaration)
        if declaration.kind in {Kind.VARIABLE, Kind.PARAMETER}:
            found = self._changed(found, declaration, node)
        return found

    def declared(self, declaration: Declaration) -> Value:
        """Return what a declaration stands for, before anything happens to it."""
        node = declaration.node
        match declaration.kind:
            case Kind.VARIABLE:
                return self._part(self.value(node.child_by_field_name("value")), declaration)
            case Kind.PARAMETER:
                function = self.function_of(node)
                return self._part(Parameter(function, declaration.position), declaration)
            case Kind.IMPORT:
                source = node.child_by_field_name("source")
                specifier = self.value(source) if source is not None else Unknown()
                if isinstance(specifier, Constant) and isinstance(specifier.value, str) and declaration.path:
                    return Imported(specifier.value, declaration.path[0])
            case Kind.FUNCTION:
                return self.function_of(node)
            case Kind.ENUM:
                return self._enum(node)
            case Kind.CLASS:
                return self._static(node)
        return Unknown()

    def _part(self, whole: Value, declaration: Declaration) -> Value:
        if declaration.path is None:
            return Unknown()
        for name in declaration.path:
            whole = member(whole, name)
        return choice_of((whole, self.value(declaration.default))) if declaration.default else whole

    def _changed(self, found: Value, declaration: Declaration, use: Node) -> Value:
        """Return what a variable is where it is used, after all that may have happened to it."""
        options, added, pushed = [found], list[Entry](), list[Node]()
        for change in mutation.changes(self._scopes, declaration, use):
            match change:
                case mutation.Assigned(value):
                    options.append(Unknown() if value is None else self.value(value))
                case mutation.PropertyAssigned(key, value, always):
                    name = self._key(key)
                    added.append(Entry(name, self.value(value), self._source.spot(key), always))
                case mutation.Merged(value):
                    merged = Unknown("changed out of sight") if value is None else self.value(value)
                    added.append(Entry(None, merged, self._source.spot(use)))
                case mutation.Pushed(value):
                    pushed.append(value)
        return choice_of(self._grown(option, added, pushed) for option in options if option != UNDEFINED)

    def _grown(self, value: Value, added: list[Entry], pushed: list[Node]) -> Value:
        if isinstance(value, Record) and added:
            return Record((*value.entries, *added), value.spot)
        if isinstance(value, Listing) and (pushed or added):
            more = self._listing(pushed, value.spot)
            items = more.items if isinstance(more, Listing) else ()
            return Listing((*value.items, *items), whole=False, spot=value.spot)
        return value

    def _enum(self, node: Node) -> Value:
        body = node.child_by_field_name("body")
        entries = []
        for child in body.named_children if body is not None else ():
            name = child.child_by_field_name("name") if child.type == "enum_assignment" else child
            if name is not None and child.type != "comment":
                value = (
                    self.value(child.child_by_field_name("value")) if name != child else Unknown("a number")
                )
                entries.append(Entry(self._key(name), value, self._source.spot(name)))
        return Record(tuple(entries), self._source.spot(node))

    def _static(self, node: Node) -> Value:
        """Return the static fields of a class."""
        entries = tuple(
            Entry(self._key(name), self.value(field.child_by_field_name("value")), self._source.spot(name))
            for field, name in _fields(node)
            if any(child.type == "static" for child in field.children)
        )
        return Record(entries, self._source.spot(node))

    def _member(self, node: Node) -> Value:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return Unknown("not understood")
        if base.type == "this":
            return self._field(node, self._source.text(name))
        return member(self.value(base), self._source.text(name))

    def _field(self, node: Node, name: str) -> Value:
        """Return a field of the class that `this` is, if it is given a value once."""
        scope = node.parent
        while scope is not None and scope.type != "class_body":
            scope = scope.parent
        if scope is None or scope.parent is None:
            return Unknown("a property of this")
        for field, key in _fields(scope.parent):
            if self._source.text(key) == name and not self._is_assigned(name, scope):
                return self.value(field.child_by_field_name("value"))
        return Unknown("a property of this")

    def _is_assigned(self, name: str, within: Node) -> bool:
        for node in self._source.occurrences(name, within):
            target = node.parent
            if target is not None and target.type == "member_expression" and target.parent is not None:
                if target.parent.child_by_field_name("left") == target:
                    return True
        return False

    def _subscript(self, node: Node) -> Value:
        name = self.value(node.child_by_field_name("index"))
        if isinstance(name, Constant) and isinstance(name.value, str | int):
            return member(self.value(node.child_by_field_name("object")), str(name.value))
        return Unknown("an entry that is chosen at run time")

    def _call(self, node: Node) -> Value:
        function, arguments = node.child_by_field_name("function"), self.arguments(node)
        if function is None:
            return Unknown("not understood")
        while function.type == "await_expression":  # the grammar's reading of `await f<T>()`
            inner = _inner(function)
            function = inner if inner is not None else function.child(0) or function
        if function.type == "member_expression":
            return self._method(function, node)
        if function.type == "identifier" and self._source.text(function) == "require" and arguments:
            specifier = self.value(arguments[0])
            if isinstance(specifier, Constant) and isinstance(specifier.value, str):
                return Imported(specifier.value, "*")
        return self._result(self.value(function), arguments)

    def arguments(self, call: Node) -> list[Node]:
        """Return the arguments of a call."""
        found = call.child_by_field_name("arguments")
        named = found.named_children if found is not None and found.type == "arguments" else []
        return [argument for argument in named if argument.type != "comment"]

    def _method(self, function: Node, call: Node) -> Value:
        name = function.child_by_field_name("property")
        base, arguments = function.child_by_field_name("object"), self.arguments(call)
        method = self._source.text(name) if name is not None else ""
        if base is not None and self._source.text(base) == "Object":
            if method == "freeze" and arguments:
                return self.value(arguments[0])
            if method == "assign":
                spreads = (entry for one in arguments for entry in self._spread(one, self._source.spot(one)))
                return Record(tuple(spreads), self._source.spot(call))
        if method in {"map", "flatMap"} and arguments and arguments[0].type in FUNCTIONS:
            return Listing((self.returned(arguments[0]),), whole=False, spot=self._source.spot(call))
        if method in {"filter", "slice", "concat", "reverse", "toSorted"}:
            found = self.value(base)
            return Listing(found.items, False, found.spot) if isinstance(found, Listing) else Unknown()
        return self._result(self.value(function), arguments)

    def _result(self, function: Value, arguments: list[Node]) -> Value:
        given = tuple(self.value(argument) for argument in arguments)
        if isinstance(function, Function):
            found = self.returned(
                self._source.root.descendant_for_byte_range(function.number, function.number)
            )
            return with_arguments(found, function, given)
        if isinstance(function, Imported | Member):
            return Result(function, given)
        return Unknown()

    def returned(self, function: Node | None) -> Value:
        """Return what a function can return."""
        while function is not None and function.type not in FUNCTIONS:
            function = function.parent
        body = function.child_by_field_name("body") if function is not None else None
        if body is None:
            return Unknown()
        if body.type != "statement_block":
            return self.value(body)
        found = [self.value(node.named_children[0]) for node in returns_of(body) if node.named_children]
        return choice_of(found) if found else Unknown()

    def _new(self, node: Node) -> Value:
        made = self.value(node.child_by_field_name("constructor"))
        return Result(made) if isinstance(made, Imported | Member) else Unknown("an object")


def returns_of(body: Node) -> Iterator[Node]:
    """Yield the return statements of a function's body, but not those of functions inside it."""
    waiting = list(body.named_children)
    while waiting:
        node = waiting.pop(0)
        if node.type == "return_statement":
            yield node
        elif node.type not in FUNCTIONS and node.type.endswith(
            ("statement", "block", "clause", "body", "case")
        ):
            waiting += node.named_children


def _joined(parts: Iterable[Value], spot: Spot) -> Value:
    """Return a text that is put together; a single text where all of its parts are known."""
    flat: list[Value] = []
    for part in parts:
        flat += part.parts if isinstance(part, Template) else (part,)
    texts = [part.value for part in flat if isinstance(part, Constant) and isinstance(part.value, str)]
    if len(texts) == len(flat):
        return Constant("".join(texts), spot)
    return Template(tuple(flat), spot)


def _inner(node: Node) -> Node | None:
    """Return the expression that is wrapped in another."""
    return next((child for child in node.named_children if child.type != "comment"), None)


def _fields(class_: Node) -> Iterator[tuple[Node, Node]]:
    body = class_.child_by_field_name("body")
    for field in body.named_children if body is not None else ():
        if field.type in {"public_field_definition", "field_definition"}:
            name = field.child_by_field_name("name") or field.child_by_field_name("property")
            if name is not None:
                yield field, name


_KINDS: Mapping[str, Callable[[Evaluator, Node], Value]] = {
    "string": Evaluator._string,
    "template_string": Evaluator._template,
    "number": Evaluator._number,
    "true": Evaluator._word,
    "false": Evaluator._word,
    "null": Evaluator._word,
    "undefined": lambda _evaluator, _node: UNDEFINED,
    "unary_expression": Evaluator._unary,
    "binary_expression": Evaluator._binary,
    "ternary_expression": Evaluator._ternary,
    "object": Evaluator._object,
    "array": Evaluator._array,
    "identifier": Evaluator._identifier,
    "shorthand_property_identifier": Evaluator._identifier,
    "member_expression": Evaluator._member,
    "subscript_expression": Evaluator._subscript,
    "call_expression": Evaluator._call,
    "new_expression": Evaluator._new,
}
