"""Shows what `schema-check --code` found in application code, beside its findings."""

from typing import TYPE_CHECKING

from agentctl.core.hint_text import count_things
from agentctl.render.blocks import Cell, Table, Text, Tone, Toned, View

if TYPE_CHECKING:  # what reads code is not installed everywhere
    from agentctl.core.code_check.code_report import CodeReport
    from agentctl.core.code_check.context import ColumnSummary


def code_data(report: "CodeReport") -> dict[str, object]:
    """Return it as programs read it."""
    return {
        "files": report.files,
        "statements": report.statements,
        "unresolved": [
            {
                "what": gap.what,
                "file": gap.location.file,
                "line": gap.location.line,
                "column": gap.location.column,
            }
            for gap in report.unresolved
        ],
        "columns": [
            {
                "table": column.table,
                "column": column.column,
                "written": column.written,
                "read": column.read,
                "present": column.present,
                "note": column.note,
            }
            for column in report.columns
        ],
    }


def code_view(report: "CodeReport", *, verbose: bool) -> View:
    """Show the columns that the code names and the database lacks, and how much could be told.

    Args:
        report: to show.
        verbose: also the columns that are there, and each place that could not be told.

    """
    columns = [column for column in report.columns if verbose or not column.present]
    if columns:
        yield Table(
            ("column", "written", "read", "in the database"),
            tuple(map(_column_row, columns)),
            numbers=frozenset({"written", "read"}),
            title="Columns in the code",
        )
    if verbose and report.unresolved:
        rows = tuple((str(gap.location), gap.what) for gap in report.unresolved)
        yield Table(("location", "unknown"), rows, title="Unresolved")
    yield Text(_write_summary(report, verbose=verbose), Tone.DIM)


def _column_row(column: "ColumnSummary") -> tuple[Cell, ...]:
    note = f"; {column.note.rstrip('.')}" if column.note else ""
    state = Toned("there", Tone.GOOD) if column.present else Toned(f"missing{note}", Tone.BAD)
    return (f"{column.table}.{column.column}", column.written, column.read, state)


def _write_summary(report: "CodeReport", *, verbose: bool) -> str:
    read = f"Code: {count_things(report.files, 'file')}, {count_things(report.statements, 'statement')}"
    if not report.unresolved:
        return f"{read}."
    listed = "" if verbose else " (--verbose lists what)"
    return f"{read}; {count_things(len(report.unresolved), 'place')} could not be resolved{listed}."
