"""Computes with values, without the source: members, choices and replacements.

All functions are pure. A value that is not certain becomes `Unknown`.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

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
    Template,
    Unknown,
    Value,
)

_MOST_OPTIONS = 24
_OPEN = frozenset({Imported, Parameter, Member, Result})
DEEPEST = 50
"""How deep values are followed: source text can be nested as deeply as its author likes."""
TOO_DEEP = Unknown("nested too deeply")
HEAVIEST = 10_000
"""The most parts that a value can have; no hand-written row has as many."""
LATER = Unknown("perhaps filled in later")
TOO_LARGE = Unknown("too large")


def choice_of(options: Iterable[Value]) -> Value:
    """Return the choice of several values; nested choices become one."""
    flat: list[Value] = []
    for option in options:
        flat += option.options if isinstance(option, Choice) else (option,)
    distinct = tuple(dict.fromkeys(flat))
    if len(distinct) > _MOST_OPTIONS:
        return Unknown("one of too many values")
    return distinct[0] if len(distinct) == 1 else Choice(distinct)


def get_member(base: Value, name: str, depth: int = 0) -> Value:
    """Return a property of a value."""
    result: Value = base if isinstance(base, Unknown) else Unknown()
    match base:
        case _ if depth > DEEPEST:
            result = TOO_DEEP
        case Record():
            result = _get_property(base, name, depth)
        case Listing(items, True) if name.isdecimal() and int(name) < len(items):
            result = items[int(name)]
        case Choice(options):
            result = choice_of(get_member(option, name, depth + 1) for option in options)
        case Imported(specifier, "*", importer):
            result = Imported(specifier, name, importer)
        case Imported() | Parameter() | Member() | Result():
            result = Member(base, name)
    return result


def _get_property(record: Record, name: str, depth: int) -> Value:
    """Return a property of an object: later entries win, and a conditional entry can be missing.

    A property that starts as null or '' will be filled in later, by other code that gets the object.
    """
    options: list[Value] = []
    for entry in reversed(record.entries):
        member = _get_under_key(entry, name, depth)
        if member is None or member == UNDEFINED:
            continue
        options += (
            (member, LATER) if isinstance(member, Constant) and member.value in {None, ""} else (member,)
        )
        if entry.always and not (isinstance(member, Choice) and UNDEFINED in member.options):
            return choice_of(options)
    return choice_of((*options, UNDEFINED))


def _get_under_key(entry: Entry, name: str, depth: int) -> Value | None:
    if entry.key is None:
        return get_member(entry.value, name, depth + 1)
    if not isinstance(entry.key, Constant):
        return Unknown("under a key that is computed at run time")
    return entry.value if str(entry.key.value) == name else None


def walk(value: Value) -> Iterator[Value]:
    """Yield a value and all its parts, at any depth."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if parts := part.parts():
            waiting += parts


class PartCounts:
    """Counts the parts of values; a part that occurs several times counts each time.

    Values share their parts: `x = f(x)`, written twenty times, has a million.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Value, int]] = {}

    def count_parts(self, value: Value) -> int:
        """Return the number of parts, which is remembered for each value."""
        known = self._known.get(id(value))
        if known is None:
            # The value is kept beside its weight, so that no other value gets its id.
            known = self._known[id(value)] = (value, 1 + sum(map(self.count_parts, value.parts())))
        return known[1]


def is_closed(values: Iterable[Value]) -> bool:
    """Return whether nothing in values depends on other files or on callers."""
    return all(type(part) not in _OPEN for value in values for part in walk(value))


def replace_parts(value: Value, change: Callable[[Value], Value | None], depth: int = 0) -> Value:
    """Return a value with some of its parts replaced; members are looked up again.

    Args:
        value: any value.
        change: returns the replacement of a value, or None to keep it.
        depth: the depth of the value inside another.

    """
    if depth > DEEPEST:
        return TOO_DEEP
    if (new := change(value)) is not None:
        return new
    changed = value.map_parts(lambda part: replace_parts(part, change, depth + 1))
    if isinstance(changed, Choice):
        return choice_of(changed.options)
    return get_member(changed.base, changed.name) if isinstance(changed, Member) else changed


def put_in_file(value: Value, file: str, depth: int = 0) -> Value:
    """Return a value with the name of its file, so that it means the same in another file."""
    if depth > DEEPEST:
        return TOO_DEEP
    return _name_file(value.map_parts(lambda part: put_in_file(part, file, depth + 1)), file)


def _name_file(value: Value, file: str) -> Value:
    """Return a value with the name of its file, but without that of its parts."""
    match value:
        case Constant() | Template() | Listing():
            return replace(value, location=value.location.with_file(file))
        case Record(entries, location):
            placed = (replace(entry, location=entry.location.with_file(file)) for entry in entries)
            return Record(tuple(placed), location.with_file(file))
        case Function(number, ""):
            return Function(number, file)
        case Imported(specifier, name, ""):
            return Imported(specifier, name, file)
        case Parameter(Function(number, ""), position):
            return Parameter(Function(number, file), position)
    return value


def replace_parameters(value: Value, function: Function, arguments: tuple[Value, ...]) -> Value:
    """Return a value with a function's parameters replaced by the arguments of a call.

    An argument that this call omits can be passed by another call, so it is not undefined but unknown.
    """

    def change(part: Value) -> Value | None:
        base, names = _unwrap_members(part)
        if not isinstance(base, Parameter) or base.function != function:
            return None
        argument = arguments[base.position] if base.position < len(arguments) else UNDEFINED
        for name in reversed(names):
            argument = get_member(argument, name)
        return Unknown("perhaps given by other callers") if argument == UNDEFINED else argument

    return replace_parts(value, change)


def _unwrap_members(value: Value) -> tuple[Value, list[str]]:
    """Return the value that another is a member of, and the names of the members, the last one first."""
    names: list[str] = []
    while isinstance(value, Member):
        names.append(value.name)
        value = value.base
    return value, names
