"""Judges upserts: whether a unique index decides what is already there."""

from collections.abc import Iterator

from agentctl.core.catalog.introspection import Table
from agentctl.core.code_check.checks import conflict_target
from agentctl.core.code_check.missing import report_missing_column
from agentctl.core.code_check.printed import unquote_name
from agentctl.core.code_check.reading.uses import ConflictUse, Unresolved
from agentctl.core.code_check.reference import Reference, is_plain, list_keys
from agentctl.core.code_check.sources import Rows, Sources
from agentctl.core.findings.finding import Finding


def judge_conflict(
    use: ConflictUse, rows: Rows, table: Table, sources: Sources, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Judge the columns that an upsert names, or the primary key where it names none."""
    unknown = [name for name in use.columns if not sources.has(rows, name)]
    yield from (report_missing_column(rows, name, use.location, reference) for name in unknown)
    if unknown or not is_plain(table):
        return
    if not use.columns:
        if not list_keys(table, "primary key"):
            yield Unresolved(f"upsert into {rows.name}, which has no primary key", use.location)
        return
    keys = _list_targets(table)
    if frozenset(use.columns) not in keys:
        names = ", ".join(use.columns)
        msg = f"No unique index of {rows.name} is on exactly ({names})."
        there = sorted(f"({', '.join(sorted(key))})" for key in keys)
        hint = f"It has unique indexes on {', '.join(there)}." if there else "It has no unique index."
        yield conflict_target.CHECK.finding(rows.name, msg, hint, location=use.location)


def _list_targets(table: Table) -> set[frozenset[str]]:
    """Return the columns of every unique index that PostgreSQL takes for ON CONFLICT."""
    indexes = (index for index in table.indexes if index.unique and index.valid and not index.partial)
    printed = {frozenset(map(unquote_name, index.columns)) for index in indexes}
    return printed.union(list_keys(table, "primary key", "unique"))
