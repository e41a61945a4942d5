"""What `.insert()`, `.upsert()` and `.update()` of supabase-js write.

Rows that are not visible are unresolved. Whether a table takes a row is not known here.
"""

from collections.abc import Iterator

from agentctl.core.code_check.reading.postgrest_field import Misfit, parse_names
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.found import Found, Scene, argument, given, is_nothing
from agentctl.core.code_check.reading.typescript.reduction import member
from agentctl.core.code_check.reading.typescript.rows import Properties, Undefined, properties_of
from agentctl.core.code_check.reading.typescript.texts import Text, options_of, place_of, texts_of, why
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Constant,
    Listing,
    Record,
    Spot,
    Value,
)
from agentctl.core.code_check.reading.uses import (
    ColumnUse,
    ConflictUse,
    Purpose,
    RowWrite,
    Unresolved,
    Verb,
    Written,
)

_VERBS = {"insert": Verb.INSERT, "upsert": Verb.UPSERT, "update": Verb.UPDATE}


def write_uses(step: Step, scene: Scene) -> Iterator[Found]:
    """Yield what a write names: its rows, and what decides about a conflict."""
    options = argument(step, 1)
    verb = Verb.UPSERT if _is_true(_option(options, "upsert")) else _VERBS[step.method]
    writing = _Writing(scene, verb, _missing(options) if verb is not Verb.UPDATE else Undefined.LEFT_OUT)
    for value in options_of(argument(step, 0)):
        yield from writing.rows(value, step.spot)
    if verb is Verb.UPSERT:
        yield from _conflicts(step, scene)


def _option(options: Value, name: str) -> Value:
    return UNDEFINED if is_nothing(options) else member(options, name)


def _is_true(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is True


def _missing(options: Value) -> Undefined:
    """Return what a list's row gets where only others have a key: NULL, unless that is not certain."""
    value = _option(options, "defaultToNull")
    return Undefined.NULL if value == UNDEFINED or _is_true(value) else Undefined.DEFAULT


class _Writing:
    """Rows on their way into a table."""

    def __init__(self, scene: Scene, verb: Verb, missing: Undefined) -> None:
        self._scene = scene
        self._verb = verb
        self._missing = missing

    def rows(self, value: Value, spot: Spot) -> Iterator[Found]:
        """Yield the row that a value is, or the rows in it."""
        match value:
            case Record(_, place):
                yield from self._row(properties_of(value), place, Undefined.LEFT_OUT, frozenset())
            case Listing():
                yield from self._list(value)
            case _:
                yield self._scene.unresolved(f"the row is {why(value)}", spot)

    def _list(self, listing: Listing) -> Iterator[Found]:
        if not listing.items and not listing.whole:
            yield self._scene.unresolved("the rows are put together at run time", listing.spot)
        items = [options_of(item) for item in listing.items]
        certain = [_certain(options) if listing.whole else frozenset[str]() for options in items]
        columns = frozenset[str]().union(*certain)
        for options in items:
            for option in options:
                if isinstance(option, Record):
                    yield from self._row(properties_of(option), option.spot, self._missing, columns)
                else:
                    yield self._scene.unresolved(f"a row is {why(option)}", listing.spot)

    def _row(
        self, row: Properties, spot: Spot, undefined: Undefined, columns: frozenset[str]
    ) -> Iterator[Found]:
        """Yield one row; `columns` are those that are sent for all rows of its list."""
        yield from row.unresolved(self._scene.file)
        written = row.written(undefined, self._scene.file)
        nulled = columns - row.named.keys() if undefined is Undefined.NULL and row.complete else frozenset()
        place = place_of(spot, self._scene.file)
        if len(self._scene.tables) == 1:
            table = self._scene.tables[0]
            yield RowWrite(table, self._verb, written, row.complete, place, tuple(sorted(nulled)))
        else:
            yield from (self._column(one) for one in written)

    def _column(self, written: Written) -> ColumnUse:
        return ColumnUse(self._scene.tables, written.name, Purpose.WRITTEN, written.location)


def _certain(options: tuple[Value, ...]) -> frozenset[str]:
    """Return the keys that a row has whichever of some it is."""
    rows = [properties_of(one).certain if isinstance(one, Record) else frozenset[str]() for one in options]
    return rows[0].intersection(*rows[1:]) if rows else frozenset()


def _conflicts(step: Step, scene: Scene) -> Iterator[Found]:
    value = _option(argument(step, 1), "onConflict")
    texts, reasons = texts_of(given(value))
    for reason in reasons:
        yield scene.unresolved(f"what decides about a conflict is {reason}", step.spot)
    if len(scene.tables) != 1:
        return
    for text in texts:
        yield _conflict(text, scene)
    if any(is_nothing(option) for option in options_of(value)):
        yield ConflictUse(scene.tables[0], (), scene.location_at(step.spot))


def _conflict(text: Text, scene: Scene) -> Found:
    names = parse_names(str(text))
    if isinstance(names, Misfit) or not text.whole:
        return Unresolved("what decides about a conflict is no list of columns", scene.location_at(text.spot))
    return ConflictUse(scene.tables[0], tuple(name.text for name in names), scene.location_at(text.spot))
