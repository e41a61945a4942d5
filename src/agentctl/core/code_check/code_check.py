"""Compares everything that code does with a catalog, use by use. It reads neither code nor a database."""

from collections.abc import Iterator
from itertools import chain

from agentctl.core.code_check.calls import judge_call
from agentctl.core.code_check.checks import unparsed
from agentctl.core.code_check.columns import judge_column
from agentctl.core.code_check.conflicts import judge_conflict
from agentctl.core.code_check.context import CheckContext, CheckedCode
from agentctl.core.code_check.embeds import judge_embed
from agentctl.core.code_check.missing import report_absence
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeReading,
    ColumnUse,
    ConflictUse,
    EmbedUse,
    RowWrite,
    TableUse,
    Unparsed,
    Unresolved,
    Use,
)
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.rows import judge_row
from agentctl.core.code_check.sources import Sources
from agentctl.core.code_check.summary import summarize_columns
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location


def check_code(reading: CodeReading, context: CheckContext) -> CheckedCode:
    """Compare what code does with what the catalog has.

    Args:
        reading: of all files together.
        context: the catalog, and what else is known.

    """
    reference = Reference(context)
    sources = Sources(reference)
    uses = (*reading.uses, *_list_implied_tables(reading.uses))
    judged = chain.from_iterable(_judge_use(use, sources, reference) for use in uses)
    results = dict.fromkeys(chain(map(_report_unparsed, reading.unparsed), judged))
    return CheckedCode(
        findings=tuple(
            sorted((result for result in results if isinstance(result, Finding)), key=_get_location)
        ),
        unresolved=tuple(result for result in results if isinstance(result, Unresolved)),
        columns=summarize_columns(reading.uses, sources, reference),
    )


def _list_implied_tables(uses: tuple[Use, ...]) -> Iterator[TableUse]:
    """Name the tables that rows are written to, where nothing else of the file names them."""
    named = {(use.location.file, use.table) for use in uses if isinstance(use, TableUse)}
    for use in uses:
        if isinstance(use, RowWrite | ConflictUse) and (use.location.file, use.table) not in named:
            yield TableUse(use.table, use.location)


def _judge_use(use: Use, sources: Sources, reference: Reference) -> Iterator[Finding | Unresolved]:
    match use:
        case TableUse():
            if reference.table(use.table) is None:
                name, schema = use.table.name, use.table.schema
                yield from report_absence("table", name, schema, use.location, reference)
        case ColumnUse():
            yield from judge_column(use, sources, reference)
        case EmbedUse():
            yield from judge_embed(use, sources, reference)
        case CallUse():
            yield from judge_call(use, reference)
        case _:
            yield from _judge_write(use, sources, reference)


def _judge_write(
    use: RowWrite | ConflictUse, sources: Sources, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Judge what is written to a table, if its columns are known: that it is missing is said elsewhere."""
    rows = sources.rows(use.table)
    if rows is None or rows.table is None:
        return
    if isinstance(use, RowWrite):
        yield from judge_row(use, rows, rows.table, reference)
    else:
        yield from judge_conflict(use, rows, rows.table, sources, reference)


def _report_unparsed(part: Unparsed) -> Finding:
    msg = f"This part is not understood: {part.why}."
    hint = "It is not checked."
    return unparsed.CHECK.finding(part.location.file, msg, hint, location=part.location)


def _get_location(finding: Finding) -> Location:
    return finding.location or Location("", 0)
