"""Compares everything that code does with a catalog, use by use. It reads neither code nor a database."""

from collections.abc import Iterator
from itertools import chain

from agentctl.core.code_check.calls import call_findings
from agentctl.core.code_check.checks import unparsed
from agentctl.core.code_check.columns import column_findings
from agentctl.core.code_check.conflicts import conflict_findings
from agentctl.core.code_check.context import CheckContext, CheckedCode
from agentctl.core.code_check.embeds import embed_findings
from agentctl.core.code_check.missing import absent_table
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
from agentctl.core.code_check.reference import Absence, Reference
from agentctl.core.code_check.rows import row_findings
from agentctl.core.code_check.sources import Sources
from agentctl.core.code_check.summary import Tally
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
    uses = (*reading.uses, *_implied(reading.uses))
    judged = chain.from_iterable(_judged(use, sources, reference) for use in uses)
    said = dict.fromkeys(chain(map(_unparsed, reading.unparsed), judged))
    return CheckedCode(
        findings=tuple(sorted((one for one in said if isinstance(one, Finding)), key=_order)),
        unresolved=tuple(one for one in said if isinstance(one, Unresolved)),
        columns=Tally(sources, reference).count(reading.uses),
    )


def _implied(uses: tuple[Use, ...]) -> Iterator[TableUse]:
    """Name the tables that rows are written to, where nothing else of the file names them."""
    named = {(use.location.file, use.table) for use in uses if isinstance(use, TableUse)}
    for use in uses:
        if isinstance(use, RowWrite | ConflictUse) and (use.location.file, use.table) not in named:
            yield TableUse(use.table, use.location)


def _judged(use: Use, sources: Sources, reference: Reference) -> Iterator[Finding | Unresolved]:
    match use:
        case TableUse():
            found = reference.table(use.table)
            if isinstance(found, Absence):
                yield from absent_table(use.table, found, use.location, reference)
        case ColumnUse():
            yield from column_findings(use, sources, reference)
        case EmbedUse():
            yield from embed_findings(use, sources, reference)
        case CallUse():
            yield from call_findings(use, reference)
        case _:
            yield from _written(use, sources, reference)


def _written(
    use: RowWrite | ConflictUse, sources: Sources, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Judge what is written to a table, if its columns are known: that it is missing is said elsewhere."""
    rows = sources.rows(use.table)
    if rows is None or rows.table is None:
        return
    if isinstance(use, RowWrite):
        yield from row_findings(use, rows, rows.table, reference)
    else:
        yield from conflict_findings(use, rows, rows.table, sources, reference)


def _unparsed(part: Unparsed) -> Finding:
    msg = f"This part is not understood: {part.why}."
    hint = "It is not checked."
    return unparsed.CHECK.finding(part.location.file, msg, hint, location=part.location)


def _order(finding: Finding) -> Location:
    return finding.location or Location("", 0)
