"""Reads one file: its chains, its exports, and the calls whose arguments can reach chains.

A module is cached by the file's content, so nothing in it may depend on another file.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct
from tree_sitter import Node

from agentctl.core.code_check.reading.source_files import Language
from agentctl.core.code_check.reading.typescript.calls import CallSite, Chain
from agentctl.core.code_check.reading.typescript.evaluation import Evaluator
from agentctl.core.code_check.reading.typescript.finder import Finder, call_of
from agentctl.core.code_check.reading.typescript.reduction import walk
from agentctl.core.code_check.reading.typescript.scopes import Declaration, Kind, Scopes
from agentctl.core.code_check.reading.typescript.syntax import FUNCTIONS, Source, arguments_of, child_of
from agentctl.core.code_check.reading.typescript.values import (
    Constant,
    Function,
    Imported,
    Member,
    Parameter,
    Result,
    Unknown,
    Value,
)
from agentctl.core.location import Location

_OURS = FUNCTIONS | {"call_expression", "new_expression", "member_expression", "object", "identifier"}
WHOLE = "="
"""The name in `exports` for `module.exports = x` and `export = x`."""


class Module(Struct, frozen=True, gc=False, array_like=True):
    """The reading of one file.

    Attributes:
        exports: the exported values, by name.
        stars: the specifiers of `export * from`.
        calls: the calls of functions from other files, and of the file's own `passing` functions.
        passing: the numbers of the functions that pass an argument to a chain or to another call.
        error: where the first syntax error is, if there is one.

    """

    chains: tuple[Chain, ...] = ()
    exports: dict[str, Value] = {}
    stars: tuple[str, ...] = ()
    calls: tuple[CallSite, ...] = ()
    passing: tuple[int, ...] = ()
    error: Location | None = None


def read_module(content: bytes, language: Language) -> Module:
    """Read a file.

    Args:
        content: the text; any bytes are allowed.
        language: the language, which determines the grammar.

    """
    return _ModuleReader(content, language).read()


def read_returned(content: bytes, language: Language, number: int) -> Value:
    """Read the value that one function of a file can return; only few functions need it."""
    return _ModuleReader(content, language).returned(number)


class _ModuleReader:
    def __init__(self, content: bytes, language: Language) -> None:
        self._source = Source(content, language)
        self._scopes = Scopes(self._source)
        self._evaluator = Evaluator(self._source, self._scopes)
        self._stars: list[str] = []

    def read(self) -> Module:
        chains = tuple(Finder(self._source, self._scopes, self._evaluator).find_chains())
        exports = dict(self._list_exports())
        error = self._source.first_error()
        calls, passing = self._find_calls(chains)
        return Module(
            chains=chains,
            exports=exports,
            stars=tuple(self._stars),
            calls=calls,
            passing=passing,
            error=None if error is None else self._source.locate(error),
        )

    def _list_exports(self) -> Iterator[tuple[str, Value]]:
        for statement in self._source.root.named_children:
            if statement.type == "export_statement":
                yield from self._read_export(statement)
            elif statement.type == "expression_statement" and statement.named_children:
                yield from self._read_common_js(statement.named_children[0])

    def _read_export(self, statement: Node) -> Iterator[tuple[str, Value]]:
        declaration = statement.child_by_field_name("declaration")
        value = statement.child_by_field_name("value")
        is_default = any(child.type == "default" for child in statement.children)
        if is_default:
            yield "default", self._evaluator.evaluate(value or declaration)
        if declaration is not None:
            for declared in self._list_declared_by(declaration):
                yield declared.name, self._evaluator.evaluate_declaration(declared)
        elif value is None:
            yield from self._read_export_list(statement)

    def _list_declared_by(self, node: Node) -> list[Declaration]:
        """Return the names that a declaration declares; generated files have thousands of declarations."""
        ends = (
            bisect_left(self._top_declarations, byte, key=_get_start)
            for byte in (node.start_byte, node.end_byte)
        )
        return self._top_declarations[slice(*ends)]

    @cached_property
    def _top_declarations(self) -> list[Declaration]:
        return sorted(self._scopes.at_top().values(), key=_get_start)

    def _read_export_list(self, statement: Node) -> Iterator[tuple[str, Value]]:
        evaluated = self._evaluator.evaluate(statement.child_by_field_name("source"))
        specifier = str(evaluated.value) if isinstance(evaluated, Constant) else None
        clause = next(
            (child for child in statement.named_children if child.type.endswith(("_clause", "_export"))), None
        )
        if clause is None:
            if specifier is not None:
                self._stars.append(specifier)
            else:  # export = x
                whole = statement.named_children[0] if statement.named_children else None
                yield WHOLE, self._evaluator.evaluate(whole)
        elif clause.type == "namespace_export" and specifier is not None:
            yield self._source.text(clause.named_children[-1]), Imported(specifier, "*")
        else:
            for specified in clause.named_children:
                yield from self._read_specifier(specified, specifier)

    def _read_specifier(self, specified: Node, specifier: str | None) -> Iterator[tuple[str, Value]]:
        name = specified.child_by_field_name("name")
        if name is not None:
            alias = self._source.text(specified.child_by_field_name("alias") or name)
            own = self._source.text(name)
            yield alias, Imported(specifier, own) if specifier is not None else self._evaluator.evaluate(name)

    def _read_common_js(self, expression: Node) -> Iterator[tuple[str, Value]]:
        if expression.type != "assignment_expression":
            return
        left, right = expression.child_by_field_name("left"), expression.child_by_field_name("right")
        target = self._source.text(left)
        if target == "module.exports":
            yield WHOLE, self._evaluator.evaluate(right)
        elif target.startswith(("exports.", "module.exports.")):
            yield target.rpartition(".")[2], self._evaluator.evaluate(right)

    def returned(self, number: int) -> Value:
        """Return the value that a function of the file can return."""
        return self._evaluator.evaluate_returns(self._evaluator.find_function(Function(number)))

    def _find_calls(self, chains: tuple[Chain, ...]) -> tuple[tuple[CallSite, ...], tuple[int, ...]]:
        """Return the calls that can reach chains, and the numbers of the functions that they go through."""
        names = self._list_called_names()
        called = self._source.captured.get("called", ())
        ours = (node for node in called if self._source.text(node) in names)
        sites = [site for node in ours if (site := self._make_site(node))]
        calls = [site for site in sites if not isinstance(site.function, Function)]
        values = [value for chain in chains for value in chain.values()]
        values += [argument for site in calls for argument in site.arguments]
        passing: set[Function] = set()
        while new := {part.function for part in parameters_in(values)} - passing:
            passing |= new
            own = [site for site in sites if site.function in new]
            calls += own
            values = [argument for site in own for argument in site.arguments]
        return tuple(calls), tuple(sorted(function.number for function in passing))

    def _list_called_names(self) -> set[str]:
        """Return the first words of calls that can mean the project's functions; most calls do not."""
        top = self._scopes.at_top()
        constructed = (node for node in self._source.captured.get("made", ()) if self._get_maker(node) in top)
        ours = (declared.name for declared in top.values() if _can_be_ours(declared))
        return {"this", *map(self._source.text, constructed), *ours}

    def _get_maker(self, name: Node) -> str:
        """Return the name of the class or function that creates a variable's value, such as `Map`."""
        value = child_of(name.parent, "value")
        return (
            self._source.text(value.named_children[0]) if value is not None and value.named_children else ""
        )

    def _make_site(self, named: Node) -> CallSite | None:
        """Return a call, if its arguments are informative and its function can be one of the project's."""
        function = named
        while function.parent is not None and function.parent.type == "member_expression":
            function = function.parent
        call = call_of(function)
        arguments = arguments_of(call)
        value = self._evaluator.evaluate(function) if arguments else None
        if value is not None and isinstance(_find_origin(value), Function | Imported):
            values = tuple(map(self._evaluator.evaluate, arguments))
            if any(not isinstance(argument, Unknown | Function) for argument in values):
                return CallSite(value, values)
        return None


def _get_start(declaration: Declaration) -> int:
    return declaration.node.start_byte


def _can_be_ours(declaration: Declaration) -> bool:
    value = declaration.node.child_by_field_name("value")
    return declaration.kind is not Kind.VARIABLE or (value is not None and value.type in _OURS)


def _find_origin(value: Value) -> Value:
    """Return the value that another value is a member or a result of."""
    while isinstance(value, Member | Result):
        value = value.base if isinstance(value, Member) else value.function
    return value


def parameters_in(values: Iterable[Value]) -> Iterator[Parameter]:
    """Yield the parameters in values."""
    return (part for value in values for part in walk(value) if isinstance(part, Parameter))
