"""The role may not take ids from a sequence."""

from collections.abc import Iterator

from psycopg import sql

from agentctl.core.database.quoting import Printed, compose
from agentctl.core.findings.finding import Check, Finding, Severity
from agentctl.core.mapping.subjects import WrittenTable


def find(written: WrittenTable) -> Iterator[Finding]:
    """Look for a sequence of ids that the role may not use."""
    column = written.role.column("id")
    if column is not None and column.sequence and column.sequence_usable is False:
        parts = Printed(column.sequence), sql.Identifier(written.writer)
        yield CHECK.finding(
            column.sequence,
            f"Role {written.writer} may not take an id from {column.sequence}.",
            compose("GRANT USAGE ON SEQUENCE {} TO {};", *parts).as_string(),
        )


CHECK = Check(
    id="sequence-denied",
    severity=Severity.WARNING,
    title="The role may not take ids from a sequence",
    remedy="The hint is the GRANT that fixes it.",
    details="Executions get their ids from a sequence that this role may not use.",
)
