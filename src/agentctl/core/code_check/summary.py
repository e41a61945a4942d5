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
        self._locations: dict[bool, dict[_Key, set[Location]]] = {
            True: defaultdict(set),
            False: defaultdict(set),
        }

    def count(self, uses: Iterable[Use]) -> tuple[ColumnSummary, ...]:
        """Count all uses of columns; missing columns come first."""
        for use in uses:
            for rows, column, location, written in self._list_named(use):
                self._tables[rows.name] = rows
                self._locations[written][rows.name, column].add(location)
        keys = {**self._locations[True], **self._locations[False]}
        summaries = (self._summarize_column(*key) for key in keys)
        return tuple(sorted(summaries, key=lambda summary: (summary.present, summary.table, summary.column)))

    def _list_named(self, use: Use) -> Iterator[tuple[Rows, str, Location, bool]]:
        if isinstance(use, ColumnUse):
            rows = owners(use, self._sources)
            if rows is not None and len(rows) == 1 and rows[0].table is not None:
                yield rows[0], use.column, use.location, use.purpose is Purpose.WRITTEN
        elif isinstance(use, RowWrite) and (target := self._sources.rows(use.table)):
            yield from ((target, column.name, column.location, True) for column in use.written)
        elif isinstance(use, ConflictUse) and (target := self._sources.rows(use.table)):
            yield from ((target, name, use.location, False) for name in use.columns)

    def _summarize_column(self, table: str, column: str) -> ColumnSummary:
        rows = self._tables[table]
        present = self._sources.has(rows, column)
        written, read = (len(self._locations[kind].get((table, column), ())) for kind in (True, False))
        note = None if present or rows.table is None else self._find_note(rows.table, column)
        return ColumnSummary(table, column, written, read, present, note)

    def _find_note(self, table: Table, column: str) -> str | None:
        if planned := planned_column(table, column, self._reference):
            return f"{planned.file}:{planned.line} adds it."
        return WIDENS if is_added(table, column, self._reference) else None
