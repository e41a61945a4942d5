"""Counts where code names the columns of each table that there is, for a view of what a deploy relies on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from agentctl.core.catalog.introspection import Table
from agentctl.core.code_check.columns import find_owners
from agentctl.core.code_check.context import ColumnSummary
from agentctl.core.code_check.missing import WIDENS, find_planned_column, is_optional
from agentctl.core.code_check.reading.uses import ColumnUse, ConflictUse, Purpose, RowWrite, Use
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.sources import Rows, Sources
from agentctl.core.location import Location


def summarize_columns(
    uses: Iterable[Use], sources: Sources, reference: Reference
) -> tuple[ColumnSummary, ...]:
    """Count where each column is written, and where it is read; missing columns come first."""
    rows_by_name: dict[str, Rows] = {}
    written: dict[tuple[str, str], set[Location]] = defaultdict(set)
    read: dict[tuple[str, str], set[Location]] = defaultdict(set)
    for use in uses:
        for rows, column, location, is_written in _list_columns(use, sources):
            rows_by_name[rows.name] = rows
            (written if is_written else read)[rows.name, column].add(location)
    summaries = []
    for name, column in written | read:
        rows = rows_by_name[name]
        is_present = sources.has(rows, column)
        note = None if is_present or rows.table is None else _find_note(rows.table, column, reference)
        counts = len(written[name, column]), len(read[name, column])
        summaries.append(ColumnSummary(name, column, *counts, is_present, note))
    return tuple(sorted(summaries, key=lambda summary: (summary.present, summary.table, summary.column)))


def _list_columns(use: Use, sources: Sources) -> Iterator[tuple[Rows, str, Location, bool]]:
    """Yield each column of a use, with the rows that it is of, and whether it is written."""
    if isinstance(use, ColumnUse):
        candidates = find_owners(use, sources)
        if candidates is not None and len(candidates) == 1 and candidates[0].table is not None:
            yield candidates[0], use.column, use.location, use.purpose is Purpose.WRITTEN
    elif isinstance(use, RowWrite) and (rows := sources.rows(use.table)):
        yield from ((rows, column.name, column.location, True) for column in use.written)
    elif isinstance(use, ConflictUse) and (rows := sources.rows(use.table)):
        yield from ((rows, name, use.location, False) for name in use.columns)


def _find_note(table: Table, column: str, reference: Reference) -> str | None:
    if planned := find_planned_column(table, column, reference):
        return f"{planned.file}:{planned.line} adds it."
    is_added = is_optional(table, column, reference) and column not in reference.context.parts
    return WIDENS if is_added else None
