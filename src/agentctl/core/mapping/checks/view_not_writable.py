"""A view that cannot be written to takes the place of a table."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Check, Finding
from agentctl.core.mapping.subjects import WrittenTable


def find(written: WrittenTable) -> Iterator[Finding]:
    """Look for a view that cannot be written to."""
    table = written.role.table
    if not table.insertable:
        yield CHECK.finding(
            table.name,
            f"{table.name} is a {table.kind} that cannot be written to.",
            f'Name the table behind it: [profiles.NAME.schema.{written.section}] table = "SCHEMA.TABLE"',
        )


CHECK = Check(
    id="view-not-writable",
    title="A view that cannot be written to takes the place of a table",
    remedy="Name the table behind it in [profiles.NAME.schema].",
    details=(
        "agentctl inserts executions and ledger rows. The line that names a table is "
        '`[profiles.NAME.schema.executions] table = "SCHEMA.TABLE"`, for example.'
    ),
)
