"""Judges the columns that code selects, filters and sorts by, and what it compares them with."""

from collections.abc import Iterator, Sequence

from agentctl.core.catalog.grants import grant
from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.code_check.checks import denied, unknown_column, value_refused
from agentctl.core.code_check.literals import explain_refusal
from agentctl.core.code_check.missing import find_planned_column, report_missing_column
from agentctl.core.code_check.reading.uses import CodeLiteral, ColumnUse, Purpose
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.sources import Rows, Sources
from agentctl.core.code_check.spelling import is_sql, spell_literal
from agentctl.core.code_check.types import column_type, compared_type
from agentctl.core.code_check.values import suggest_word
from agentctl.core.findings.finding import Finding


def find_owners(use: ColumnUse, sources: Sources) -> tuple[Rows, ...] | None:
    """Return the rows that may have a column, those that do where any does; None where that is open."""
    row_sets = [sources.rows(source) for source in use.sources]
    known = [rows for rows in row_sets if rows is not None]
    if not row_sets or len(known) < len(row_sets):
        return None
    each = {(rows.name, rows.names): rows for rows in known}.values()
    return tuple(rows for rows in each if sources.has(rows, use.column)) or tuple(each)


def judge_column(use: ColumnUse, sources: Sources, reference: Reference) -> Iterator[Finding]:
    """Judge a column that is named."""
    rows = find_owners(use, sources)
    if rows is None:
        return
    first = rows[0]
    if not sources.has(first, use.column):
        yield _report_missing(rows, use, reference)
    elif len(rows) == 1 and first.table is not None and (column := first.table.column(use.column)):
        if first.direct and use.purpose is not Purpose.WRITTEN and not column.readable:
            yield _report_denied(first.table, column, use, reference)
        for literal in use.compared:
            yield from _judge_comparison(first, column, literal, use, reference)


def _report_missing(rows: Sequence[Rows], use: ColumnUse, reference: Reference) -> Finding:
    if len(rows) == 1:
        return report_missing_column(rows[0], use.column, use.location, reference)
    planned = [source for source in rows if find_planned_column(source.table, use.column, reference)]
    if planned:
        return report_missing_column(planned[0], use.column, use.location, reference)
    names = [source.name for source in rows]
    msg = f"Neither {' nor '.join(names)} has a column {use.column}."
    name = f"{names[0]}.{use.column}"
    return unknown_column.CHECK.finding(name, msg, location=use.location)


def _report_denied(table: Table, column: Column, use: ColumnUse, reference: Reference) -> Finding:
    name, role = f"{reference.label(table)}.{column.name}", reference.role
    msg = f"Role {role} may not read {name}."
    hint = grant(table, ["SELECT"], [column.name], to=role)
    return denied.CHECK.finding(name, msg, hint, location=use.location)


def _judge_comparison(
    rows: Rows, column: Column, literal: CodeLiteral, use: ColumnUse, reference: Reference
) -> Iterator[Finding]:
    """Judge a comparison by the type alone: a filter may well look for what no row has."""
    type_ = column_type(column, reference)
    sql = is_sql(use.location)
    if type_ is None or type_.base.endswith("[]") or literal.shape or not _is_read(literal, sql=sql):
        return
    if why := explain_refusal(literal, compared_type(type_), sql=sql):
        name = f"{rows.name}.{column.name}"
        msg = f"{name} ({type_.name}) cannot be compared with {spell_literal(literal)}: {why}."
        hint = suggest_word(type_.labels or (), literal)
        yield value_refused.CHECK.finding(name, msg, hint, location=use.location)


def _is_read(literal: CodeLiteral, *, sql: bool) -> bool:
    """Whether the column's type reads the literal: in SQL numbers are compared as what they are."""
    return isinstance(literal.value, str) or not sql
