"""The columns of rows that supabase-js sends, and the arguments of functions: object literals, put together.

What a spread or a computed key may add is not guessed: the row is then not complete.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from agentctl.core.code_check.reading.typescript.texts import literals_of, options_of, place_of, texts_of, why
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Entry,
    Record,
    Spot,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, Unresolved, Written

_DEEPEST = 30


class Undefined(Enum):
    """What becomes of a property whose value is undefined."""

    LEFT_OUT = auto()
    """JSON has no such thing."""
    NULL = auto()
    """In a list its key is sent among the columns, and PostgREST fills in NULL."""
    DEFAULT = auto()
    """In a list, with `defaultToNull: false`, the column's default."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that an object can have: one of some values; `always` if its key is there in any case."""

    options: tuple[Value, ...]
    spot: Spot
    always: bool


@dataclass(frozen=True, slots=True)
class Properties:
    """What an object can have.

    Attributes:
        complete: whether nothing else.
        open: what cannot be told, and where.

    """

    named: Mapping[str, Property] = field(default_factory=dict)
    complete: bool = True
    open: tuple[tuple[str, Spot], ...] = ()

    @property
    def certain(self) -> frozenset[str]:
        """The keys that are there in any case."""
        return frozenset(key for key, one in self.named.items() if one.always)

    def unresolved(self, file: str) -> Iterator[Unresolved]:
        """Yield what cannot be told."""
        for what, spot in self.open:
            yield Unresolved(what, place_of(spot, file))

    def written(self, undefined: Undefined, file: str) -> tuple[Written, ...]:
        """Return the columns or arguments that are sent."""
        found = (_written(key, one, undefined, file) for key, one in self.named.items())
        return tuple(one for one in found if one is not None)

    def over(self, earlier: "Properties") -> "Properties":
        """Return what an object can have that these are added to: later ones win."""
        named = dict(earlier.named)
        for key, one in self.named.items():
            before = named.get(key)
            if before is not None and not one.always:
                named[key] = Property(_distinct(before, one), one.spot, before.always)
            else:
                named[key] = one
        return Properties(named, earlier.complete and self.complete, _once(earlier.open + self.open))


def properties_of(record: Record) -> Properties:
    """Return what an object literal can have."""
    return _Gatherer().record(record, 0)


class _Gatherer:
    """Puts one object literal together; what is spread several times is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, Properties] = {}

    def record(self, record: Record, depth: int) -> Properties:
        if id(record) not in self._known:
            found = Properties()
            for entry in record.entries:
                found = self._entry(entry, depth).over(found)
            self._known[id(record)] = found
        return self._known[id(record)]

    def _entry(self, entry: Entry, depth: int) -> Properties:
        found = self._spread(entry, depth) if entry.key is None else _keyed(entry, entry.key)
        return found if entry.always else _either([found, Properties()])

    def _spread(self, entry: Entry, depth: int) -> Properties:
        if depth > _DEEPEST:
            return Properties({}, complete=False, open=(("what is spread is nested too deeply", entry.spot),))
        return _either([self._option(one, entry.spot, depth) for one in options_of(entry.value)])

    def _option(self, value: Value, spot: Spot, depth: int) -> Properties:
        if isinstance(value, Record):
            return self.record(value, depth + 1)
        if value == UNDEFINED or (isinstance(value, Constant) and not isinstance(value.value, str)):
            return Properties()  # `...(x && {})`: of false, null and numbers nothing is spread
        return Properties({}, complete=False, open=((f"what is spread is {why(value)}", spot),))


def _keyed(entry: Entry, key: Value) -> Properties:
    if isinstance(key, Constant):
        return Properties({_spelled(key): Property((entry.value,), key.spot, always=True)})
    texts, reasons = texts_of(key)
    told = [text for text in texts if text.whole]
    open_ = reasons or (() if len(told) == len(texts) else ("put together at run time",))
    single = len(told) == 1 and not open_
    named = {str(text): Property((entry.value,), text.spot, always=single) for text in told}
    return Properties(named, not open_, tuple((f"a key is {reason}", entry.spot) for reason in open_))


def _spelled(key: Constant) -> str:
    return key.value if isinstance(key.value, str) else str(key.value)


def _either(alternatives: list[Properties]) -> Properties:
    """Return what an object can have that is one of several."""
    named: dict[str, Property] = {}
    for one in alternatives:
        for key, found in one.named.items():
            before = named.get(key)
            options = _distinct(before, found) if before else found.options
            named[key] = Property(options, before.spot if before else found.spot, always=False)
    for key in frozenset.intersection(*(one.certain for one in alternatives)) if alternatives else ():
        named[key] = Property(named[key].options, named[key].spot, always=True)
    complete = all(one.complete for one in alternatives)
    return Properties(named, complete, _once(tuple(place for one in alternatives for place in one.open)))


def _distinct(one: Property, other: Property) -> tuple[Value, ...]:
    """Return the values that two properties can have; what is spread several times counts once."""
    return tuple({id(value): value for value in (*one.options, *other.options)}.values())


def _once(open_: tuple[tuple[str, Spot], ...]) -> tuple[tuple[str, Spot], ...]:
    return tuple(dict.fromkeys(open_))


def _written(key: str, one: Property, undefined: Undefined, file: str) -> Written | None:
    options = options_of(Choice(one.options))
    there = [option for option in options if option != UNDEFINED]
    may_lack = len(there) < len(options)
    given = literals_of(Choice(options))
    if undefined is Undefined.NULL:
        given, may_lack = given if there else (CodeLiteral(None),), False
    elif undefined is Undefined.LEFT_OUT and not there:
        return None
    return Written(key, place_of(one.spot, file), given, one.always and not may_lack)
