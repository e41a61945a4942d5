"""Compares the live schema with what agentctl needs and with what a deploy requires. It never writes.

A check looks at the catalog and returns findings; which of them end the program with exit code 6 is told
by their severity alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from agentctl.core.catalog import Catalog, Column, Function, Server, Table
from agentctl.core.errors import UsageError
from agentctl.core.mapping import (
    ADD,
    DEDUCT,
    ROLES,
    deduct_function,
    missing_columns,
    required_columns,
    table_for,
    usable,
)
from agentctl.core.tracking import (
    BY_NAME,
    INDEXES,
    MINIMAL_INDEXES,
    OPTIONAL_COLUMNS,
    OptionalColumn,
    Tracking,
    tracking_of,
)


class Severity(StrEnum):
    """How bad a finding is; an error fails the check."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at.

    Attributes:
        id: a stable word for its kind.
        object: the table, column, index or function.
        hint: what settles it.

    """

    id: str
    severity: Severity
    object: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnState:
    """One of the seven optional columns as it is; `compatible` is None where it does not exist."""

    expected: OptionalColumn
    found: Column | None

    @property
    def compatible(self) -> bool | None:
        """Whether its type can hold the content."""
        return None if self.found is None else self.expected.accepts(self.found)


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index that agentctl's queries profit from; `valid` is None where it does not exist."""

    name: str
    present: bool
    valid: bool | None


@dataclass(frozen=True, slots=True)
class FunctionState:
    """An overload of one of the credit functions, and whether agentctl can call it."""

    function: Function
    usable: bool


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """Everything that schema-check has to say."""

    server: Server
    tracking: Tracking
    tables: tuple[tuple[str, str, Table | None], ...]
    columns: tuple[ColumnState, ...]
    missing: tuple[str, ...]
    indexes: tuple[IndexState, ...]
    functions: tuple[FunctionState, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether a finding is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def parse_required(text: str | None) -> tuple[str, ...]:
    """Return the columns of agent_executions that `--require` names: some of the seven, or any others.

    Raises:
        UsageError: it names none.

    """
    if text is None or text == Tracking.MINIMAL:
        return ()
    if text == Tracking.FULL:
        return tuple(BY_NAME)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        msg = "--require names no column."
        raise UsageError(msg, hint=f"Give minimal, full, or columns such as {', '.join(BY_NAME)}.")
    return names


def check_schema(catalog: Catalog, *, required: tuple[str, ...] = ()) -> SchemaReport:
    """Compare a catalog with what agentctl needs.

    Args:
        catalog: introspected.
        required: columns of the executions' table without which the check fails.

    """
    tables = tuple((role, *table_for(catalog, role)) for role in ROLES)
    executions = table_for(catalog, "executions")[1]
    columns = tuple(
        ColumnState(column, executions.column(column.name) if executions else None)
        for column in OPTIONAL_COLUMNS
    )
    indexes = tuple(_index_states(executions))
    functions = tuple(
        FunctionState(function, usable(function) if name == DEDUCT else function.executable)
        for name in (DEDUCT, ADD)
        for function in catalog.functions_named(name)
    )
    return SchemaReport(
        server=catalog.server,
        tracking=tracking_of(executions),
        tables=tables,
        columns=columns,
        missing=tuple(state.expected.name for state in columns if state.found is None),
        indexes=indexes,
        functions=functions,
        findings=(
            *_table_findings(catalog),
            *_column_findings(executions, columns, required),
            *_other_findings(executions, required),
            *_index_findings(indexes),
            *_function_findings(catalog),
        ),
    )


def _index_states(executions: Table | None) -> Iterator[IndexState]:
    """Look for each index by its name, else for a whole one that begins with the same column."""
    for name, key in {**MINIMAL_INDEXES, **INDEXES}.items():
        column = key.partition(" ")[0]
        if executions is None or executions.column(column) is None:
            continue
        others = (
            index
            for index in executions.indexes
            if index.valid and not index.partial and index.columns[:1] == (column,)
        )
        found = executions.index(name) or next(others, None)
        yield IndexState(name=name, present=found is not None, valid=found.valid if found else None)


def _table_findings(catalog: Catalog) -> Iterator[Finding]:
    for role in ROLES:
        name, table = table_for(catalog, role)
        if table is None:
            path = ", ".join(catalog.server.search_path) or "nothing"
            yield Finding(
                "table-missing",
                Severity.ERROR,
                name,
                f"There is no table {name} (the {role}) on the search path ({path}).",
                "Is this the right database, role and search_path?",
            )
            continue
        for column in missing_columns(role, table):
            yield Finding(
                "column-missing",
                Severity.ERROR,
                f"{name}.{column}",
                f"{name} has no column {column}, which agentctl cannot do without.",
            )
        yield from _denied(role, table, reader=catalog.server.role)
        if table.row_security.hides_everything():
            yield Finding(
                "rows-hidden",
                Severity.ERROR,
                name,
                f"Row level security hides every row of {name} from role {catalog.server.role}.",
                "Connect as a role with BYPASSRLS, or add a policy that admits this one.",
            )


def _denied(role: str, table: Table, *, reader: str) -> Iterator[Finding]:
    found = [table.column(name) for name in required_columns(role)]
    denied = ", ".join(column.name for column in found if column and not column.readable)
    if denied:
        yield Finding(
            "table-denied",
            Severity.ERROR,
            table.name,
            f"Role {reader} may not read {table.name} ({denied}).",
            f"GRANT SELECT ({denied}) ON {table.name} TO {reader}.",
        )


def _column_findings(
    executions: Table | None, columns: tuple[ColumnState, ...], required: tuple[str, ...]
) -> Iterator[Finding]:
    for state in columns if executions is not None else ():
        place = f"{executions.name}.{state.expected.name}" if executions else state.expected.name
        if state.found is None:
            if state.expected.name in required:
                hint = "agentctl migrate-full adds it."
                yield Finding("required-column-missing", Severity.ERROR, place, f"{place} is missing.", hint)
        elif not state.compatible:
            yield Finding(
                "column-type",
                Severity.ERROR,
                place,
                f"{place} is {state.found.type}, not {state.expected.type}: agentctl does not write it.",
                "Change its type or rename it; then agentctl migrate-full.",
            )
        else:
            yield from _access_findings(place, state.found, required=state.expected.name in required)


def _other_findings(executions: Table | None, required: tuple[str, ...]) -> Iterator[Finding]:
    """Look for required columns that are none of the seven: a deploy knows what it writes."""
    for name in required:
        if executions is None or name in BY_NAME:
            continue
        place = f"{executions.name}.{name}"
        column = executions.column(name)
        if column is None:
            yield Finding("required-column-missing", Severity.ERROR, place, f"{place} is missing.")
        else:
            yield from _access_findings(place, column, required=True)


def _access_findings(place: str, column: Column, *, required: bool) -> Iterator[Finding]:
    """Tell a column that exists, and that this role may not use, from a missing one."""
    denied = [
        privilege
        for privilege, held in (
            ("SELECT", column.readable),
            ("INSERT", column.insertable),
            ("UPDATE", column.updatable),
        )
        if not held
    ]
    severity = Severity.ERROR if required else Severity.WARNING
    if denied:
        table, _, name = place.partition(".")
        grants = ", ".join(f"{privilege} ({name})" for privilege in denied)
        yield Finding(
            "column-denied",
            severity,
            place,
            f"{place} exists, but this role has no {', '.join(denied)} privilege on it.",
            f"GRANT {grants} ON {table} TO this role.",
        )
    if column.generated:
        yield Finding(
            "column-generated",
            severity,
            place,
            f"{place} is generated by the database: it cannot be written.",
        )


def _index_findings(indexes: tuple[IndexState, ...]) -> Iterator[Finding]:
    for index in indexes:
        if not index.present:
            message = f"Index {index.name} is missing: history is slower without it."
            hint = "agentctl migrate-full adds it." if index.name in INDEXES else "sql/minimal.sql has it."
            yield Finding("index-missing", Severity.INFO, index.name, message, hint)
        elif not index.valid:
            message = (
                f"Index {index.name} is invalid: a concurrent build did not end, and PostgreSQL ignores it."
            )
            yield Finding(
                "index-invalid", Severity.WARNING, index.name, message, "agentctl migrate-full rebuilds it."
            )


def _function_findings(catalog: Catalog) -> Iterator[Finding]:
    if deduct_function(catalog) is None:
        exists = bool(catalog.functions_named(DEDUCT))
        message = (
            f"{DEDUCT} exists, but not as agentctl can call it, or this role may not execute it."
            if exists
            else f"There is no function {DEDUCT}: agents can be run with --no-charge only."
        )
        yield Finding(
            "function-unusable",
            Severity.ERROR,
            DEDUCT,
            message,
            "sql/credits.sql has the function that fits.",
        )
