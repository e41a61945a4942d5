"""Reads the rows that `.insert()`, `.upsert()` and `.update()` of supabase-js write.

Rows that are not visible are unresolved. Whether a table accepts a row is not known here.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.core.code_check.reading.postgrest.cursor import Misfit, parse_names
from agentctl.core.code_check.reading.typescript.calls import Step
from agentctl.core.code_check.reading.typescript.chain_context import (
    ChainContext,
    MaybeUse,
    drop_nothing,
    get_argument,
    get_option,
    is_nothing,
)
from agentctl.core.code_check.reading.typescript.rows import Properties, Undefined, properties_of
from agentctl.core.code_check.reading.typescript.texts import (
    Text,
    options_of,
    reason_of,
    texts_of,
)
from agentctl.core.code_check.reading.typescript.values import (
    UNDEFINED,
    Constant,
    Listing,
    Record,
    Value,
)
from agentctl.core.code_check.reading.uses import (
    ColumnUse,
    ConflictUse,
    Purpose,
    RowWrite,
    Unresolved,
    Verb,
)
from agentctl.core.location import Location

_VERBS = {"insert": Verb.INSERT, "upsert": Verb.UPSERT, "update": Verb.UPDATE}


def read_write(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    """Yield the uses of a write: its rows, and the columns that detect a conflict."""
    options = get_argument(step, 1)
    verb = Verb.UPSERT if _is_true(get_option(options, "upsert")) else _VERBS[step.method]
    reader = _RowReader(
        context, verb, _find_missing(options) if verb is not Verb.UPDATE else Undefined.LEFT_OUT
    )
    for value in options_of(get_argument(step, 0)):
        yield from reader.read_rows(value, step.location)
    if verb is Verb.UPSERT:
        yield from _read_conflicts(step, context)


def _is_true(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is True


def _find_missing(options: Value) -> Undefined:
    """Return what a row of a list gets for keys that only other rows have: NULL, if that is certain."""
    value = get_option(options, "defaultToNull")
    return Undefined.NULL if value == UNDEFINED or _is_true(value) else Undefined.DEFAULT


class _RowReader(Struct, frozen=True):
    """Reads the rows that are written to a table."""

    context: ChainContext
    verb: Verb
    missing: Undefined

    def read_rows(self, value: Value, location: Location) -> Iterator[MaybeUse]:
        """Yield the uses of a row, or of a list of rows."""
        match value:
            case Record():
                yield from self._read_row(
                    properties_of(value), value.location, Undefined.LEFT_OUT, frozenset()
                )
            case Listing():
                yield from self._read_list(value)
            case _:
                yield self.context.unresolved(f"the row is {reason_of(value)}", location)

    def _read_list(self, listing: Listing) -> Iterator[MaybeUse]:
        if not listing.items and not listing.whole:
            yield self.context.unresolved("the rows are built at run time", listing.location)
        items = list(map(options_of, listing.items))
        certain = [_list_certain(options) if listing.whole else frozenset[str]() for options in items]
        columns = frozenset[str]().union(*certain)
        for options in items:
            for option in options:
                if isinstance(option, Record):
                    yield from self._read_row(properties_of(option), option.location, self.missing, columns)
                else:
                    yield self.context.unresolved(f"a row is {reason_of(option)}", listing.location)

    def _read_row(
        self, row: Properties, location: Location, undefined: Undefined, columns: frozenset[str]
    ) -> Iterator[MaybeUse]:
        """Yield the uses of one row; `columns` are sent for all rows of its list."""
        yield from row.list_unresolved(self.context.file)
        written = row.list_written(undefined, self.context.file)
        nulled = columns - row.named.keys() if undefined is Undefined.NULL and row.complete else frozenset()
        location = location.with_file(self.context.file)
        if len(self.context.tables) == 1:
            table = self.context.tables[0]
            yield RowWrite(table, self.verb, written, row.complete, location, tuple(sorted(nulled)))
        else:
            for column in written:
                yield ColumnUse(self.context.tables, column.name, Purpose.WRITTEN, column.location)


def _list_certain(options: tuple[Value, ...]) -> frozenset[str]:
    """Return the keys that a row has, whichever of several options it is."""
    rows = [
        properties_of(option).certain if isinstance(option, Record) else frozenset[str]()
        for option in options
    ]
    return rows[0].intersection(*rows[1:]) if rows else frozenset()


def _read_conflicts(step: Step, context: ChainContext) -> Iterator[MaybeUse]:
    value = get_option(get_argument(step, 1), "onConflict")
    texts, reasons = texts_of(drop_nothing(value))
    for reason in reasons:
        yield context.unresolved(f"the onConflict option is {reason}", step.location)
    if len(context.tables) != 1:
        return
    for text in texts:
        yield _read_conflict(text, context)
    if any(map(is_nothing, options_of(value))):
        yield ConflictUse(context.tables[0], (), context.location_at(step.location))


def _read_conflict(text: Text, context: ChainContext) -> MaybeUse:
    names = parse_names(str(text))
    if isinstance(names, Misfit) or not text.whole:
        return Unresolved(
            "the onConflict option is not a list of columns", context.location_at(text.location)
        )
    return ConflictUse(
        context.tables[0], tuple(name.text for name in names), context.location_at(text.location)
    )
