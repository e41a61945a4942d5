"""Compares the live schema with what agentctl needs and with what a deploy requires. It never writes.

A check looks at the catalog, or at what was made of it, and yields findings; which of them end the program
with exit code 6 is told by their severity alone.
"""

from collections.abc import Iterable, Iterator

from agentctl.core.catalog.grants import grant
from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.errors import UsageError
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.mapping import Reading
from agentctl.core.mapping.functions import REFERENCE, Deducting, find_deduct
from agentctl.core.mapping.optional_columns import BY_NAME, OptionalColumn, Tracking, tracking_of
from agentctl.core.mapping.vocabulary import is_needed
from agentctl.core.mapping.writability import writing_findings
from agentctl.core.schema_check.schema_report import (
    IndexState,
    SchemaReport,
    column_states,
    executions_of,
    function_states,
    index_states,
    role_states,
)
from agentctl.core.schema_check.schema_security import security_findings

_WIDENS = "agentctl migrate-full adds it."


def parse_required(text: str | None) -> tuple[str, ...]:
    """Return the columns of agent_executions that `--require` names: some of the seven, or any others.

    Raises:
        UsageError: it names none.

    """
    words = [word.strip() for word in (Tracking.MINIMAL if text is None else text).split(",")]
    if not any(words):
        msg = "--require names no column."
        raise UsageError(msg, hint=f"Pass minimal, full, or columns such as {', '.join(BY_NAME)}.")
    groups: dict[str, Iterable[str]] = {Tracking.MINIMAL: (), Tracking.FULL: BY_NAME, "": ()}
    return tuple(dict.fromkeys(name for word in words for name in groups.get(word, (word,))))


def check_schema(reading: Reading, *, required: tuple[str, ...] = (), live: bool = True) -> SchemaReport:
    """Compare a catalog with what agentctl needs.

    Args:
        reading: what was made of the catalog.
        required: columns of the executions' table without which the check fails.
        live: whether it is a database's own; of a file, which need not hold everything, only the executions'
            columns are judged.

    """
    catalog = reading.catalog
    executions, columns = executions_of(reading)
    states = column_states(executions, columns)
    indexes = tuple(index_states(executions, columns))
    deducting = reading.marketplace.deducting if reading.marketplace else find_deduct(catalog)
    findings = tuple(_execution_findings(reading, required))
    if live:
        findings = (
            *reading.findings,
            *_role_findings(reading),
            *findings,
            *_index_findings(indexes),
            *_function_findings(reading, deducting),
            *(writing_findings(reading.marketplace) if reading.marketplace else ()),
            *(security_findings(reading.marketplace) if reading.marketplace else ()),
        )
    return SchemaReport(
        server=catalog.server,
        tracking=tracking_of(executions, columns),
        tables=tuple(role_states(reading)),
        columns=states,
        missing=tuple(state.expected.name for state in states if state.found is None),
        indexes=indexes,
        functions=tuple(function_states(reading, deducting)),
        findings=tuple(dict.fromkeys(findings)),
    )


def _role_findings(reading: Reading) -> Iterator[Finding]:
    reader = reading.catalog.server.role
    needed: dict[Table, list[str]] = {}
    for role, found in reading.discovery.roles.items():
        columns = needed.setdefault(found.table, [])
        columns += [choice.column for part, choice in found.parts.items() if is_needed(role, part)]
    for table, columns in needed.items():
        yield from _denied_table(table, columns, reader=reader)
        yield from _hidden_rows(table, reader=reader)
    yield from _no_webhooks(reading)


def _no_webhooks(reading: Reading) -> Iterator[Finding]:
    agents = reading.discovery.roles.get("agents")
    if agents is not None and "webhook" not in agents.parts:
        msg = f"{agents.table.name} has no column for the webhook of an agent."
        hint = (
            'Name the column, [profiles.NAME.schema.agents] webhook = "COLUMN", or each agent\'s webhook: '
            '[profiles.NAME.agents."AGENT"] webhook_url = "env:AGENT_WEBHOOK_URL"'
        )
        yield Finding("column-missing", Severity.WARNING, f"{agents.table.name}.webhook_url", msg, hint)


def _denied_table(table: Table, needed: Iterable[str], *, reader: str) -> Iterator[Finding]:
    columns = [column for name in dict.fromkeys(needed) if (column := table.column(name))]
    denied = [column.name for column in columns if not column.readable]
    if denied:
        msg = f"Role {reader} may not read {table.name} ({', '.join(denied)})."
        hint = grant(table, ["SELECT"], denied, to=reader)
        yield Finding("table-denied", Severity.ERROR, table.name, msg, hint)


def _hidden_rows(table: Table, *, reader: str) -> Iterator[Finding]:
    if table.row_security.hides_everything():
        msg = f"Row level security hides every row of {table.name} from role {reader}."
        hint = "Connect as a role with BYPASSRLS, or add a policy that admits this one."
        yield Finding("rows-hidden", Severity.ERROR, table.name, msg, hint)


def _execution_findings(reading: Reading, required: tuple[str, ...]) -> Iterator[Finding]:
    """Look at the seven, and at whatever else is required: a deploy knows what it writes."""
    table, columns = executions_of(reading)
    if table is None:
        return
    for name in dict.fromkeys((*BY_NAME, *required)):
        severity = Severity.ERROR if name in required else Severity.WARNING
        if found := table.column(columns.get(name, name) if name in columns or name not in BY_NAME else ""):
            yield from _column_findings(table, name, found, severity, writer=reading.catalog.server.role)
        elif name in required:
            place = f"{table.name}.{name}"
            hint = _WIDENS if name in BY_NAME else None
            yield Finding("required-column-missing", severity, place, f"{place} is missing.", hint)


def _column_findings(
    table: Table, part: str, column: Column, severity: Severity, *, writer: str
) -> Iterator[Finding]:
    place = f"{table.name}.{column.name}"
    wanted = BY_NAME.get(part)
    if wanted and not wanted.accepts(column):
        msg = f"{place} is {column.type}, not {wanted.type}: agentctl does not write it."
        hint = "Change its type or rename it; then agentctl migrate-full."
        yield Finding("column-type", Severity.ERROR, place, msg, hint)
        return
    if denied := _denied_privileges(column, wanted):
        msg = f"{place} exists, but role {writer} has no {', '.join(denied)} privilege on it."
        hint = grant(table, denied, [column.name], to=writer)
        yield Finding("column-denied", severity, place, msg, hint)
    if column.generated:
        msg = f"{place} is generated by the database: it cannot be written."
        yield Finding("column-generated", severity, place, msg)


def _denied_privileges(column: Column, wanted: OptionalColumn | None) -> list[str]:
    """Return what this role lacks; of a column that only a deploy knows, everything counts."""
    if wanted is not None:
        return wanted.denied(column)
    held = {"SELECT": column.readable, "INSERT": column.insertable, "UPDATE": column.updatable}
    return [privilege for privilege, has in held.items() if not has]


def _index_findings(indexes: tuple[IndexState, ...]) -> Iterator[Finding]:
    for index in indexes:
        if index.taken and not index.found:
            msg = f"Index {index.name} has another definition: {index.taken.definition}."
            hint = "Rename or drop it to free the name."
            yield Finding("index-definition", Severity.WARNING, index.name, msg, hint)
        elif not index.present:
            msg = f"Index {index.name} is missing: history is slower without it."
            hint = _WIDENS if index.added else index.statement
            yield Finding("index-missing", Severity.INFO, index.name, msg, hint)
        elif not index.valid:
            msg = f"Index {index.name} is invalid: its build failed or is still running, and it is not used."
            rebuilt = "agentctl migrate-full rebuilds it."
            hint = rebuilt if index.added else "REINDEX INDEX CONCURRENTLY rebuilds it."
            yield Finding("index-invalid", Severity.WARNING, index.name, msg, hint)


def _function_findings(reading: Reading, deducting: Deducting) -> Iterator[Finding]:
    if reading.marketplace is None:
        yield from deducting.findings
    if deducting.function is None and not deducting.findings:
        msg = f"There is no function that charges, such as {REFERENCE}: agentctl moves the credits itself."
        hint = 'If the application charges with one, name it: [profiles.NAME.schema.deduct] function = "NAME"'
        yield Finding("function-missing", Severity.INFO, REFERENCE, msg, hint)
