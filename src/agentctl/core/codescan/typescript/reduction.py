"""What can be said of values without the source: their members, one of several, and what replaces what.

Pure functions; whatever is not certain comes out as `Unknown`.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

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

_MOST_OPTIONS = 24
DEEPEST = 50
"""How far anything here is followed: source text may be nested as deeply as its author likes."""
TOO_DEEP = Unknown("nested too deeply")


def choice_of(options: Iterable[Value]) -> Value:
    """Return one of several values; nested choices become one."""
    flat: list[Value] = []
    for option in options:
        flat += option.options if isinstance(option, Choice) else (option,)
    distinct = tuple(dict.fromkeys(flat))
    if len(distinct) > _MOST_OPTIONS:
        return Unknown("one of too many")
    return distinct[0] if len(distinct) == 1 else Choice(distinct)


def member(base: Value, name: str, depth: int = 0) -> Value:
    """Return a property of a value."""
    if depth > DEEPEST:
        return TOO_DEEP
    match base:
        case Record():
            return _entry(base, name, depth)
        case Listing(items, whole):
            position = int(name) if name.isdecimal() else len(items)
            return items[position] if whole and position < len(items) else Unknown()
        case Choice(options):
            return choice_of(member(option, name, depth + 1) for option in options)
        case Imported(specifier, "*", importer):
            return Imported(specifier, name, importer)
        case Imported() | Parameter() | Member() | Result():
            return Member(base, name)
        case Unknown():
            return base
    return Unknown()


def _entry(record: Record, name: str, depth: int) -> Value:
    """Return a property of an object: later ones win, and one behind a condition may not be there."""
    options: list[Value] = []
    for entry in reversed(record.entries):
        if entry.key is None:
            found = member(entry.value, name, depth + 1)
            if found == UNDEFINED:
                continue
        elif not isinstance(entry.key, Constant):
            found = Unknown("under a key that is computed at run time")
        elif str(entry.key.value) != name:
            continue
        else:
            found = entry.value
        options.append(found)
        if entry.always and not _may_be_undefined(found):
            return choice_of(options)
    return choice_of((*options, UNDEFINED))


def _may_be_undefined(value: Value) -> bool:
    return value == UNDEFINED or (isinstance(value, Choice) and UNDEFINED in value.options)


def parts_of(value: Value) -> tuple[Value, ...]:
    """Return the values that a value is directly made of."""
    match value:
        case Template(parts):
            return parts
        case Record(entries):
            keys = tuple(entry.key for entry in entries if entry.key is not None)
            return (*keys, *(entry.value for entry in entries))
        case Listing(items):
            return items
        case Choice(options):
            return options
        case Member(base):
            return (base,)
        case Result(function, arguments):
            return (function, *arguments)
    return ()


def walk(value: Value) -> Iterator[Value]:
    """Yield a value and everything in it."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += parts_of(found)


Change = Callable[[Value], Value | None]
"""What replaces a value; None where it stays as it is."""


def replaced(value: Value, change: Change, depth: int = 0) -> Value:
    """Return a value in which others stand for some of its parts; members are looked up anew."""
    if depth > DEEPEST:
        return TOO_DEEP
    if (new := change(value)) is not None:
        return new
    match value:
        case Template(parts):
            return replace(value, parts=tuple(replaced(part, change, depth + 1) for part in parts))
        case Record(entries):
            return replace(value, entries=tuple(_replaced_entry(one, change, depth + 1) for one in entries))
        case Listing(items):
            return replace(value, items=tuple(replaced(item, change, depth + 1) for item in items))
        case Choice(options):
            return choice_of(replaced(option, change, depth + 1) for option in options)
        case Member(base, name):
            return member(replaced(base, change, depth + 1), name)
        case Result(function, arguments):
            function = replaced(function, change, depth + 1)
            return Result(function, tuple(replaced(one, change, depth + 1) for one in arguments))
    return value


def _replaced_entry(entry: Entry, change: Change, depth: int) -> Entry:
    key = None if entry.key is None else replaced(entry.key, change, depth)
    return replace(entry, key=key, value=replaced(entry.value, change, depth))


def placed(value: Value, file: str, depth: int = 0) -> Value:
    """Return a value of one file so that it means the same in another: with the file's name in it."""
    if depth > DEEPEST:
        return TOO_DEEP

    def inner(part: Value) -> Value:
        return placed(part, file, depth + 1)

    match value:
        case Constant(content, spot):
            return Constant(content, _in(spot, file))
        case Template(parts, spot):
            return Template(tuple(map(inner, parts)), _in(spot, file))
        case Record(entries, spot):
            moved = (
                Entry(
                    None if one.key is None else inner(one.key),
                    inner(one.value),
                    _in(one.spot, file),
                    one.always,
                )
                for one in entries
            )
            return Record(tuple(moved), _in(spot, file))
        case Listing(items, whole, spot):
            return Listing(tuple(map(inner, items)), whole, _in(spot, file))
        case Choice(options):
            return Choice(tuple(map(inner, options)))
        case Function(number, ""):
            return Function(number, file)
        case Parameter(Function(number, ""), position):
            return Parameter(Function(number, file), position)
        case Imported(specifier, name, ""):
            return Imported(specifier, name, file)
        case Member(base, name):
            return Member(inner(base), name)
        case Result(function, arguments):
            return Result(inner(function), tuple(map(inner, arguments)))
    return value


def _in(spot: Spot, file: str) -> Spot:
    return spot if spot.file else Spot(spot.line, spot.column, file)


def with_arguments(value: Value, function: Function, arguments: tuple[Value, ...]) -> Value:
    """Return a value in which a call's arguments stand for a function's parameters."""

    def change(part: Value) -> Value | None:
        if isinstance(part, Parameter) and part.function == function:
            return arguments[part.position] if part.position < len(arguments) else UNDEFINED
        return None

    return replaced(value, change)
