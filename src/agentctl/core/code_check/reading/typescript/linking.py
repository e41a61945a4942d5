"""Links the files of a project: looks up imports, and replaces parameters by what callers pass.

It reads no files: the caller provides the modules. What cannot be found stays as it is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from msgspec.structs import replace

from agentctl.core.code_check.reading.typescript.calls import CallSite, Chain
from agentctl.core.code_check.reading.typescript.module import WHOLE, Module, parameters_in
from agentctl.core.code_check.reading.typescript.reduction import (
    DEEPEST,
    TOO_DEEP,
    get_member,
    is_closed,
    put_in_file,
    replace_parameters,
    replace_parts,
)
from agentctl.core.code_check.reading.typescript.rehearsals import is_rehearsal
from agentctl.core.code_check.reading.typescript.values import (
    Constant,
    Function,
    Imported,
    Member,
    Record,
    Result,
    Unknown,
    Value,
)

_MOST_CALLERS = 200
_FURTHEST = 4
"""How many functions an argument is followed through."""

GetModule = Callable[[str], Module | None]
"""Returns the module of a file by its name."""
GetReturned = Callable[[str, int], Value]
"""Returns the value that a function of a file can return, by the number of the function."""
ResolveSpecifier = Callable[[str, str], str | None]
"""Returns the file that a specifier means in another file."""
IsOurs = Callable[[Chain], bool]
"""Returns whether a chain with a linked client is supabase-js's, so that the rest matters."""


class Linker:
    """Links the modules of one project.

    Attributes:
        wanted: the names of the functions that pass an argument to a chain.

    """

    def __init__(self, modules: GetModule, returned: GetReturned, resolve: ResolveSpecifier) -> None:
        self._modules = modules
        self._returned = returned
        self._resolve = resolve
        self._exported: dict[tuple[str, str], Value | None] = {}
        self._callers: dict[Function, dict[tuple[Value, ...], None]] = defaultdict(dict)
        self._results: dict[Function, Value] = {}
        self.wanted: set[str] = set()

    def want_callers(self, module: Module) -> None:
        """Note the names of a module's functions whose callers determine its chains or calls."""
        functions = set(map(Function, module.passing))
        for name, value in module.exports.items() if functions else ():
            self.wanted.update(_list_names(name, value, functions))

    def add_callers(self, file: str, module: Module) -> None:
        """Remember the arguments of a file's calls of wanted functions."""
        for call in module.calls:
            if _called_name(call) in self.wanted or isinstance(call.function, Function):
                function = put_in_file(self.link(call.function, file), file)
                arguments = tuple(put_in_file(argument, file) for argument in call.arguments)
                if isinstance(function, Function) and _is_in_earnest(file, function):
                    self._callers[function][arguments] = None

    def link_chains(self, file: str, module: Module, ours: IsOurs) -> Iterator[Chain]:
        """Yield a file's chains, each once for each caller whose arguments matter."""
        clients: dict[Value, Value] = {}
        for chain in module.chains:
            if chain.client not in clients:
                clients[chain.client] = self.link(chain.client, file)
            linked = replace(chain, client=clients[chain.client])
            if ours(linked):
                yield from (
                    (linked,) if chain.is_closed else islice(self._list_called(linked, file), _MOST_CALLERS)
                )

    def link(self, value: Value, file: str, depth: int = 0) -> Value:
        """Return a value of a file with the values of other files put in."""
        if depth > DEEPEST:
            return TOO_DEEP
        if is_closed((value,)):
            return value

        def change(part: Value) -> Value | None:
            match part:
                case Imported(specifier, name, importer):
                    return self._link_import(specifier, name, importer or file, depth)
                case Member(base, name):
                    return self._link_member(base, name, file, depth)
                case Result(function, arguments):
                    return self._link_result(function, arguments, file, depth)
            return None

        return replace_parts(value, change)

    def _list_called(self, chain: Chain, file: str, depth: int = 0) -> Iterator[Chain]:
        """Yield a chain with the arguments of each caller; unchanged if no caller is visible."""
        linked = _change_values(chain, lambda value: self.link(value, file))
        seen = (
            part.function for part in parameters_in(linked.values()) if self._calls_of(part.function, file)
        )
        function = next(seen, None)
        if function is None or depth >= _FURTHEST:
            yield linked
            return
        for arguments in self._calls_of(function, file):
            fill = partial(replace_parameters, function=function, arguments=arguments)
            yield from self._list_called(_change_values(linked, fill), file, depth + 1)

    def _calls_of(self, function: Function, file: str) -> Iterable[tuple[Value, ...]]:
        return self._callers.get(Function(function.number, function.file or file), ())

    def _link_member(self, base: Value, name: str, file: str, depth: int) -> Value:
        value = get_member(self.link(base, file, depth + 1), name)
        return self.link(value, file, depth + 1) if isinstance(value, Imported) else value

    def _link_import(self, specifier: str, name: str, importer: str, depth: int) -> Value | None:
        file = None if name == "*" else self._resolve(specifier, importer)
        return None if file is None else self._link_export(file, name, depth + 1)

    def _link_export(self, file: str, name: str, depth: int) -> Value | None:
        """Return the value that a file exports under a name; None if there is none."""
        key = (file, name)
        if key not in self._exported:
            self._exported[key] = None  # a circular import gets nothing
            module = self._modules(file) if depth <= DEEPEST else None
            if module is not None:
                self._exported[key] = self._find_export(module, file, name, depth)
        return self._exported[key]

    def _find_export(self, module: Module, file: str, name: str, depth: int) -> Value | None:
        if name in module.exports:
            return self.link(put_in_file(module.exports[name], file), file, depth)
        if WHOLE in module.exports:
            whole = self.link(put_in_file(module.exports[WHOLE], file), file, depth)
            return whole if name == "default" else get_member(whole, name)
        for specifier in module.stars if name != "default" else ():
            target = self._resolve(specifier, file)
            value = self._link_export(target, name, depth + 1) if target is not None else None
            if value is not None:
                return value
        return None

    def _link_result(self, function: Value, arguments: tuple[Value, ...], file: str, depth: int) -> Value:
        known = self.link(function, file, depth + 1)
        linked = tuple(self.link(argument, file, depth + 1) for argument in arguments)
        if not isinstance(known, Function):
            return Result(known, linked)
        callee = Function(known.number, known.file or file)
        returned = self._returned_by(callee, depth + 1)
        return self.link(replace_parameters(returned, callee, linked), file, depth + 1)

    def _returned_by(self, function: Function, depth: int) -> Value:
        """Return the value that a function of some file returns for any arguments; it is linked once."""
        if function not in self._results:
            self._results[function] = Unknown("the result of a function that calls itself")
            returned = put_in_file(self._returned(function.file, function.number), function.file)
            self._results[function] = self.link(returned, function.file, depth)
        return self._results[function]


def _list_names(name: str, value: Value, functions: set[Function]) -> Iterator[str]:
    """Yield the names by which functions in an exported value can be called."""
    if value in functions:
        yield name
    elif isinstance(value, Record):
        for entry in value.entries:
            if isinstance(entry.key, Constant):
                yield from _list_names(str(entry.key.value), entry.value, functions)


def _is_in_earnest(file: str, function: Function) -> bool:
    """Return whether a call can reach a database: calls in tests count for functions of tests only."""
    return is_rehearsal(function.file) or not is_rehearsal(file)


def _called_name(call: CallSite) -> str | None:
    return call.function.name if isinstance(call.function, Imported | Member) else None


def _change_values(chain: Chain, change: Callable[[Value], Value]) -> Chain:
    """Return a chain with all values except the client changed."""
    return replace(
        chain,
        schema=None if chain.schema is None else change(chain.schema),
        target=change(chain.target),
        arguments=tuple(map(change, chain.arguments)),
        steps=tuple(replace(step, arguments=tuple(map(change, step.arguments))) for step in chain.steps),
    )
