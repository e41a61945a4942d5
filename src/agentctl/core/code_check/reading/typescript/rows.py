"""Collects the properties of object literals: the columns of rows, and the arguments of functions.

It does not guess what a spread or a computed key can add: such a row is not complete.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto

from msgspec import Struct, field

from agentctl.core.code_check.reading.typescript.texts import (
    literals_of,
    options_of,
    reason_of,
    texts_of,
)
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Choice,
    Constant,
    Entry,
    Record,
    Value,
)
from agentctl.core.code_check.reading.uses import CodeLiteral, Unresolved, Written
from agentctl.core.location import Location

_DEEPEST = 30


class Undefined(Enum):
    """What supabase-js sends for a property whose value is undefined."""

    LEFT_OUT = auto()
    """Nothing: JSON has no undefined."""
    NULL = auto()
    """NULL: in a list the key is sent among the columns, and PostgREST fills in NULL."""
    DEFAULT = auto()
    """The column's default: in a list with `defaultToNull: false`."""


class Property(Struct, frozen=True):
    """A property of an object with its possible values; `always` if the object has it in any case."""

    options: tuple[Value, ...]
    location: Location
    always: bool


class Properties(Struct, frozen=True):
    """The properties that an object can have.

    Attributes:
        named: the properties by their names.
        complete: whether it can have no others.
        open: what is unresolved, and where.

    """

    named: Mapping[str, Property] = field(default_factory=dict)
    complete: bool = True
    open: tuple[tuple[str, Location], ...] = ()

    @property
    def certain(self) -> frozenset[str]:
        """The keys that the object has in any case."""
        return frozenset(key for key, own in self.named.items() if own.always)

    def list_unresolved(self, file: str) -> Iterator[Unresolved]:
        """Yield what is unresolved."""
        for what, location in self.open:
            yield Unresolved(what, location.with_file(file))

    def list_written(self, undefined: Undefined, file: str) -> tuple[Written, ...]:
        """Return the columns or arguments that are sent."""
        columns = (_write_property(key, own, undefined, file) for key, own in self.named.items())
        return tuple(column for column in columns if column is not None)

    def merge_over(self, earlier: "Properties") -> "Properties":
        """Return the properties after these are added to earlier ones, which they override."""
        named = dict(earlier.named)
        for key, later in self.named.items():
            before = named.get(key)
            if before is not None and not later.always:
                named[key] = Property(_list_distinct(before, later), later.location, before.always)
            else:
                named[key] = later
        return Properties(
            named, earlier.complete and self.complete, tuple(dict.fromkeys(earlier.open + self.open))
        )


def properties_of(record: Record) -> Properties:
    """Return the properties that an object literal can have."""
    return _Gatherer().read_record(record, 0)


class _Gatherer:
    """Collects the properties of one object literal; an object that is spread several times is read once."""

    def __init__(self) -> None:
        self._known: dict[int, Properties] = {}

    def read_record(self, record: Record, depth: int) -> Properties:
        if id(record) not in self._known:
            properties = Properties()
            for entry in record.entries:
                properties = self._read_entry(entry, depth).merge_over(properties)
            self._known[id(record)] = properties
        return self._known[id(record)]

    def _read_entry(self, entry: Entry, depth: int) -> Properties:
        properties = self._read_spread(entry, depth) if entry.key is None else _read_keyed(entry, entry.key)
        return properties if entry.always else _combine_either([properties, Properties()])

    def _read_spread(self, entry: Entry, depth: int) -> Properties:
        if depth > _DEEPEST:
            return Properties(
                {}, complete=False, open=(("the spread value is nested too deeply", entry.location),)
            )
        return _combine_either(
            [self._read_option(option, entry.location, depth) for option in options_of(entry.value)]
        )

    def _read_option(self, value: Value, location: Location, depth: int) -> Properties:
        if isinstance(value, Record):
            return self.read_record(value, depth + 1)
        if value == UNDEFINED or (isinstance(value, Constant) and not isinstance(value.value, str)):
            return Properties()  # `...(x && {})`: spreading false, null or a number adds nothing
        return Properties({}, complete=False, open=((f"the spread value is {reason_of(value)}", location),))


def _read_keyed(entry: Entry, key: Value) -> Properties:
    if isinstance(key, Constant):
        return Properties({str(key.value): Property((entry.value,), key.location, always=True)})
    texts, reasons = texts_of(key)
    known = [text for text in texts if text.whole]
    open_ = reasons or (() if len(known) == len(texts) else ("built at run time",))
    single = len(known) == 1 and not open_
    named = {str(text): Property((entry.value,), text.location, always=single) for text in known}
    return Properties(named, not open_, tuple((f"a key is {reason}", entry.location) for reason in open_))


def _combine_either(alternatives: list[Properties]) -> Properties:
    """Return the properties of an object that is one of several."""
    named: dict[str, Property] = {}
    certain = [properties.certain for properties in alternatives]
    always = frozenset.intersection(*certain) if certain else frozenset[str]()
    for properties in alternatives:
        for key, own in properties.named.items():
            before = named.get(key, own)
            named[key] = Property(_list_distinct(before, own), before.location, always=key in always)
    complete = all(properties.complete for properties in alternatives)
    return Properties(
        named, complete, tuple(dict.fromkeys(gap for properties in alternatives for gap in properties.open))
    )


def _list_distinct(first: Property, second: Property) -> tuple[Value, ...]:
    """Return the values that two properties can have, without repetition."""
    return tuple({id(value): value for value in (*first.options, *second.options)}.values())


def _write_property(key: str, own: Property, undefined: Undefined, file: str) -> Written | None:
    options = options_of(Choice(own.options))
    there = [option for option in options if option != UNDEFINED]
    may_lack = len(there) < len(options)
    literals = literals_of(Choice(options))
    if undefined is Undefined.NULL:
        literals, may_lack = literals if there else (CodeLiteral(None),), False
    elif undefined is Undefined.LEFT_OUT and not there:
        return None
    return Written(key, own.location.with_file(file), literals, own.always and not may_lack)
