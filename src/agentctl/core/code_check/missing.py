"""Findings about what the code names and the database does not have, with what would settle them.

Only what is missing for certain comes here; a migration in the repository that creates it makes a warning of
it.
"""

from collections.abc import Iterator

from agentctl.core.catalog.introspection import Table
from agentctl.core.code_check.checks import migration_pending, unknown_column, unknown_function, unknown_table
from agentctl.core.code_check.reading.uses import Unresolved
from agentctl.core.code_check.reference import Absence, Kind, Reference
from agentctl.core.code_check.sources import Rows
from agentctl.core.code_check.spelling import is_sql, suggest_name
from agentctl.core.findings.finding import Finding
from agentctl.core.location import Location
from agentctl.core.mapping.optional_columns import BY_NAME

WIDENS = "agentctl migrate-full adds it."


def report_absence(
    kind: Kind, name: str, schema: str | None, location: Location, reference: Reference
) -> Iterator[Finding | Unresolved]:
    """Say what is to be said of a table or function that is not in the catalog."""
    absence, full_name = reference.explain_absence(name, schema), reference.named(schema, name)
    if absence is Absence.UNSEEN:
        yield Unresolved(f"{kind} {full_name}, which the schema at hand does not cover", location)
    if absence is not Absence.MISSING:
        return
    is_function = kind == "function"
    if is_function and schema is None and is_sql(location):
        yield Unresolved(f"function {full_name}, which may be PostgreSQL's own", location)
        return
    find_planned = reference.planned.adds_function if is_function else reference.planned.adds_table
    if planned := find_planned(name, schema):
        yield report_pending(full_name, planned, location)
        return
    other = _suggest_schema(reference.find_schema(kind, name), name, location)
    near = suggest_name(name, reference.list_names(kind, schema))
    hint = other or near or "Create it before the deploy, or leave it out of the code."
    check = unknown_function.CHECK if is_function else unknown_table.CHECK
    yield check.finding(full_name, f"There is no {kind} {full_name}.", hint, location=location)


def report_missing_column(rows: Rows, column: str, location: Location, reference: Reference) -> Finding:
    """Say that rows lack a column."""
    name = f"{rows.name}.{column}"
    if planned := find_planned_column(rows.table, column, reference):
        return report_pending(name, planned, location)
    hint = (
        _describe_widened(rows.table, column, reference)
        or suggest_name(column, rows.names)
        or _suggest_remedy(rows)
    )
    return unknown_column.CHECK.finding(name, f"{name} does not exist.", hint, location=location)


def find_planned_column(table: Table | None, column: str, reference: Reference) -> Location | None:
    """Find the statement of a migration that adds a missing column."""
    return reference.planned.adds_column(table.name, column, table.schema) if table else None


def is_optional(table: Table, column: str, reference: Reference) -> bool:
    """Whether a column is one of the seven that agentctl migrate-full adds to the executions."""
    executions = reference.context.executions
    if executions is None or (table.schema, table.name) != (executions.schema, executions.name):
        return False
    return column in BY_NAME


def report_pending(name: str, planned: Location, location: Location) -> Finding:
    """Say that something is missing, and that a migration creates it."""
    msg = f"{name} is not in the database yet: {planned.file}:{planned.line} adds it."
    hint = "Apply that migration before the deploy."
    return migration_pending.CHECK.finding(name, msg, hint, location=location)


def _describe_widened(table: Table | None, column: str, reference: Reference) -> str | None:
    """Say what is known of the seven optional columns, whatever they are called here."""
    if table is None or not is_optional(table, column, reference):
        return None
    called = reference.context.parts.get(column)
    return f"In this database it is called {called}." if called else WIDENS


def _suggest_remedy(rows: Rows) -> str:
    if rows.table is None:
        return f"It returns {', '.join(rows.names)}."
    return "Add the column before the deploy, or leave it out of the code."


def _suggest_schema(schema: str | None, name: str, location: Location) -> str | None:
    if schema is None:
        return None
    how = "write it with its schema." if is_sql(location) else f".schema('{schema}')"
    return f"{schema}.{name} exists: {how}"
