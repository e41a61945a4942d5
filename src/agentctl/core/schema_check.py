"""Compares the live schema with what agentctl needs and with what a deploy requires. It never writes.

A check looks at the catalog and yields findings; which of them end the program with exit code 6 is told
by their severity alone.
"""

from collections.abc import Iterable, Iterator

from psycopg import sql

from agentctl.core.catalog import Catalog, Column, Table
from agentctl.core.errors import UsageError
from agentctl.core.findings import Finding, Severity
from agentctl.core.mapping import (
    DEDUCT,
    ROLES,
    deduct_function,
    fits,
    missing_columns,
    required_columns,
    table_for,
)
from agentctl.core.schema_report import (
    IndexState,
    SchemaReport,
    column_states,
    function_states,
    index_states,
)
from agentctl.core.tracking import BY_NAME, INDEXES, Tracking, tracking_of

_WIDENS = "agentctl migrate-full adds it."


def parse_required(text: str | None) -> tuple[str, ...]:
    """Return the columns of agent_executions that `--require` names: some of the seven, or any others.

    Raises:
        UsageError: it names none.

    """
    words = [word.strip() for word in (Tracking.MINIMAL if text is None else text).split(",")]
    if not any(words):
        msg = "--require names no column."
        raise UsageError(msg, hint=f"Give minimal, full, or columns such as {', '.join(BY_NAME)}.")
    groups: dict[str, Iterable[str]] = {Tracking.MINIMAL: (), Tracking.FULL: BY_NAME, "": ()}
    return tuple(dict.fromkeys(name for word in words for name in groups.get(word, (word,))))


def check_schema(catalog: Catalog, *, required: tuple[str, ...] = ()) -> SchemaReport:
    """Compare a catalog with what agentctl needs.

    Args:
        catalog: introspected.
        required: columns of the executions' table without which the check fails.

    """
    executions = table_for(catalog, "executions")[1]
    columns = column_states(executions)
    indexes = tuple(index_states(executions))
    return SchemaReport(
        server=catalog.server,
        tracking=tracking_of(executions),
        tables=tuple((role, *table_for(catalog, role)) for role in ROLES),
        columns=columns,
        missing=tuple(state.expected.name for state in columns if state.found is None),
        indexes=indexes,
        functions=tuple(function_states(catalog)),
        findings=(
            *_table_findings(catalog),
            *_execution_findings(catalog, required),
            *_index_findings(indexes),
            *_function_findings(catalog),
        ),
    )


def _table_findings(catalog: Catalog) -> Iterator[Finding]:
    for role in ROLES:
        name, table = table_for(catalog, role)
        if table is None:
            path = ", ".join(catalog.server.search_path) or "nothing"
            msg = f"There is no table {name} (the {role}) on the search path ({path})."
            hint = "Is this the right database, role and search_path?"
            yield Finding("table-missing", Severity.ERROR, name, msg, hint)
        else:
            yield from _missing_columns(role, table)
            yield from _denied_table(role, table, reader=catalog.server.role)
            yield from _hidden_rows(table, reader=catalog.server.role)


def _missing_columns(role: str, table: Table) -> Iterator[Finding]:
    for column in missing_columns(role, table):
        place = f"{table.name}.{column}"
        msg = f"{table.name} has no column {column}, which agentctl cannot do without."
        yield Finding("column-missing", Severity.ERROR, place, msg)


def _denied_table(role: str, table: Table, *, reader: str) -> Iterator[Finding]:
    found = [table.column(name) for name in required_columns(role)]
    denied = [column.name for column in found if column and not column.readable]
    if denied:
        msg = f"Role {reader} may not read {table.name} ({', '.join(denied)})."
        hint = _grant(table, ["SELECT"], denied, to=reader)
        yield Finding("table-denied", Severity.ERROR, table.name, msg, hint)


def _hidden_rows(table: Table, *, reader: str) -> Iterator[Finding]:
    if table.row_security.hides_everything():
        msg = f"Row level security hides every row of {table.name} from role {reader}."
        hint = "Connect as a role with BYPASSRLS, or add a policy that admits this one."
        yield Finding("rows-hidden", Severity.ERROR, table.name, msg, hint)


def _execution_findings(catalog: Catalog, required: tuple[str, ...]) -> Iterator[Finding]:
    """Look at the seven, and at whatever else is required: a deploy knows what it writes."""
    _, table = table_for(catalog, "executions")
    if table is None:
        return
    for name in dict.fromkeys((*BY_NAME, *required)):
        severity = Severity.ERROR if name in required else Severity.WARNING
        if found := table.column(name):
            yield from _column_findings(table, found, severity, writer=catalog.server.role)
        elif name in required:
            place = f"{table.name}.{name}"
            hint = _WIDENS if name in BY_NAME else None
            yield Finding("required-column-missing", severity, place, f"{place} is missing.", hint)


def _column_findings(table: Table, column: Column, severity: Severity, *, writer: str) -> Iterator[Finding]:
    place = f"{table.name}.{column.name}"
    wanted = BY_NAME.get(column.name)
    if wanted and not wanted.accepts(column):
        msg = f"{place} is {column.type}, not {wanted.type}: agentctl does not write it."
        hint = "Change its type or rename it; then agentctl migrate-full."
        yield Finding("column-type", Severity.ERROR, place, msg, hint)
        return
    if denied := _denied_privileges(column):
        msg = f"{place} exists, but role {writer} has no {', '.join(denied)} privilege on it."
        hint = _grant(table, denied, [column.name], to=writer)
        yield Finding("column-denied", severity, place, msg, hint)
    if column.generated:
        msg = f"{place} is generated by the database: it cannot be written."
        yield Finding("column-generated", severity, place, msg)


def _denied_privileges(column: Column) -> list[str]:
    held = {"SELECT": column.readable, "INSERT": column.insertable, "UPDATE": column.updatable}
    return [privilege for privilege, has in held.items() if not has]


def _grant(table: Table, privileges: list[str], columns: list[str], *, to: str) -> str:
    """Write the statement that settles it, ready to be pasted."""
    names = ", ".join(sql.Identifier(column).as_string() for column in columns)
    what = ", ".join(f"{privilege} ({names})" for privilege in privileges)
    where = sql.Identifier(table.schema, table.name).as_string()
    return f"GRANT {what} ON {where} TO {sql.Identifier(to).as_string()};"


def _index_findings(indexes: tuple[IndexState, ...]) -> Iterator[Finding]:
    for index in indexes:
        if index.taken and not index.found:
            msg = f"Index {index.name} has another definition: {index.taken.definition}."
            hint = "Rename or drop it; until then nothing can have the name."
            yield Finding("index-definition", Severity.WARNING, index.name, msg, hint)
        elif not index.present:
            msg = f"Index {index.name} is missing: history is slower without it."
            hint = _WIDENS if index.name in INDEXES else "sql/minimal.sql has it."
            yield Finding("index-missing", Severity.INFO, index.name, msg, hint)
        elif not index.valid:
            msg = (
                f"Index {index.name} is invalid: its build was given up or is under way, and it is not used."
            )
            rebuilt = "agentctl migrate-full rebuilds it."
            hint = rebuilt if index.name in INDEXES else "REINDEX INDEX CONCURRENTLY rebuilds it."
            yield Finding("index-invalid", Severity.WARNING, index.name, msg, hint)


def _function_findings(catalog: Catalog) -> Iterator[Finding]:
    if deduct_function(catalog) is not None:
        return
    found = catalog.functions_named(DEDUCT)
    denied = next(filter(fits, found), None)
    if denied:
        msg = f"Role {catalog.server.role} may not execute {DEDUCT}."
        name = sql.Identifier(denied.schema, denied.name).as_string()
        role = sql.Identifier(catalog.server.role).as_string()
        hint = f"GRANT EXECUTE ON FUNCTION {name}({denied.signature}) TO {role};"
        yield Finding("function-denied", Severity.ERROR, DEDUCT, msg, hint)
        return
    msg = f"There is no function {DEDUCT}: agents can be run with --no-charge only."
    if found:
        msg = f"{DEDUCT} exists, but not as agentctl can call it."
    hint = "sql/credits.sql has the function that fits."
    yield Finding("function-unusable", Severity.ERROR, DEDUCT, msg, hint)
