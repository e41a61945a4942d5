"""Counts where code names the columns of each table that there is, for a view of what a deploy relies on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from agentctl.core.catalog.introspection import Table
from agentctl.core.code_check.columns import owners
from agentctl.core.code_check.context import ColumnSummary
from agentctl.core.code_check.missing import WIDENS, is_added, planned_column
from agentctl.core.code_check.reading.uses import ColumnUse, ConflictUse, Purpose, RowWrite, Use
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.sources import Rows, Sources
from agentctl.core.location import Location

_Key = tuple[str, str]


class Tally:
    """Where each column is written, and where it is read."""

    def __init__(self, sources: Sources, reference: Reference) -> None:
        self._sources = sources
        self._reference = reference
        self._tables: dict[str, Rows] = {}
        self._places: dict[bool, dict[_Key, set[Location]]] = {
            True: defaultdict(set),
            False: defaultdict(set),
        }

    def count(self, uses: Iterable[Use]) -> tuple[ColumnSummary, ...]:
        """Count all uses of columns; missing columns come first."""
        for use in uses:
            for rows, column, place, written in self._named(use):
                self._tables[rows.name] = rows
                self._places[written][rows.name, column].add(place)
        keys = {**self._places[True], **self._places[False]}
        found = (self._summary(*key) for key in keys)
        return tuple(sorted(found, key=lambda one: (one.present, one.table, one.column)))

    def _named(self, use: Use) -> Iterator[tuple[Rows, str, Location, bool]]:
        if isinstance(use, ColumnUse):
            rows = owners(use, self._sources)
            if rows is not None and len(rows) == 1 and rows[0].table is not None:
                yield rows[0], use.column, use.location, use.purpose is Purpose.WRITTEN
        elif isinstance(use, RowWrite) and (found := self._sources.rows(use.table)):
            yield from ((found, one.name, one.location, True) for one in use.written)
        elif isinstance(use, ConflictUse) and (found := self._sources.rows(use.table)):
            yield from ((found, name, use.location, False) for name in use.columns)

    def _summary(self, table: str, column: str) -> ColumnSummary:
        rows = self._tables[table]
        present = self._sources.has(rows, column)
        written, read = (len(self._places[kind].get((table, column), ())) for kind in (True, False))
        note = None if present or rows.table is None else self._note(rows.table, column)
        return ColumnSummary(table, column, written, read, present, note)

    def _note(self, table: Table, column: str) -> str | None:
        if planned := planned_column(table, column, self._reference):
            return f"{planned.file}:{planned.line} adds it."
        return WIDENS if is_added(table, column, self._reference) else None
