"""What can be said of values without the source: their members, one of several, and what replaces what.

Pure functions; whatever is not certain comes out as `Unknown`.
"""

from collections.abc import Callable, Iterable, Iterator

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

_MOST_OPTIONS = 24
_OPEN = frozenset({Imported, Parameter, Member, Result})
DEEPEST = 50
"""How far anything here is followed: source text may be nested as deeply as its author likes."""
TOO_DEEP = Unknown("nested too deeply")
HEAVIEST = 10_000
"""So many parts a value may have; no row that anybody writes has as many."""
LATER = Unknown("perhaps filled in later")
TOO_LARGE = Unknown("too large")


def choice_of(options: Iterable[Value]) -> Value:
    """Return one of several values; nested choices become one."""
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
    """Return a property of an object: later ones win, and one behind a condition may not be there.

    One that begins as null or '' is there to be filled in, by whoever gets the object.
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
    """Yield a value and everything in it."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if parts := part.parts():
            waiting += parts


class Weights:
    """Tells how many parts values have, counting one that stands in several places each time.

    Values share their parts: `x = f(x)`, written twenty times, has a million.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Value, int]] = {}

    def of(self, value: Value) -> int:
        """Return the number of parts; those of a value that was asked for before are not counted again."""
        known = self._known.get(id(value))
        if known is None:
            # The value is kept beside its weight, so that no other one gets its id.
            known = self._known[id(value)] = (value, 1 + sum(map(self.of, value.parts())))
        return known[1]


def is_closed(values: Iterable[Value]) -> bool:
    """Whether nothing in values depends on other files or on callers."""
    return all(type(part) not in _OPEN for value in values for part in walk(value))


def replaced(value: Value, change: Callable[[Value], Value | None], depth: int = 0) -> Value:
    """Return a value in which others stand for some of its parts; members are looked up anew.

    Args:
        value: anything.
        change: gives what stands for a value; None where it stays as it is.
        depth: how far this is inside another.

    """
    if depth > DEEPEST:
        return TOO_DEEP
    if (new := change(value)) is not None:
        return new
    changed = value.mapped(lambda part: replaced(part, change, depth + 1))
    if isinstance(changed, Choice):
        return choice_of(changed.options)
    return get_member(changed.base, changed.name) if isinstance(changed, Member) else changed


def placed(value: Value, file: str, depth: int = 0) -> Value:
    """Return a value of one file so that it means the same in another: with the file's name in it."""
    if depth > DEEPEST:
        return TOO_DEEP
    return value.mapped(lambda part: placed(part, file, depth + 1)).placed(file)


def with_arguments(value: Value, function: Function, arguments: tuple[Value, ...]) -> Value:
    """Return a value in which a call's arguments stand for a function's parameters.

    What this call leaves out another may give: that it is undefined here says nothing of the function.
    """

    def change(part: Value) -> Value | None:
        base, names = _unwrap_members(part)
        if not isinstance(base, Parameter) or base.function != function:
            return None
        argument = arguments[base.position] if base.position < len(arguments) else UNDEFINED
        for name in reversed(names):
            argument = get_member(argument, name)
        return Unknown("perhaps given by other callers") if argument == UNDEFINED else argument

    return replaced(value, change)


def _unwrap_members(value: Value) -> tuple[Value, list[str]]:
    """Return what a value is a member of, and the names that lead to it, the last one first."""
    names: list[str] = []
    while isinstance(value, Member):
        names.append(value.name)
        value = value.base
    return value, names
