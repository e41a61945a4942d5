"""A trigger runs for rows that agentctl writes."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Check, Finding, Severity
from agentctl.core.mapping.subjects import WrittenTable


def find(written: WrittenTable) -> Iterator[Finding]:
    """Look for triggers that do more than keep a time."""
    name = written.role.name
    for trigger in written.role.table.triggers:
        if not trigger.keeps_time:
            yield CHECK.finding(
                f"{name}.{trigger.name}",
                f"Trigger {trigger.name} of {name} calls {trigger.function} for rows that agentctl writes.",
                "agentctl checks balance and ledger afterwards and rolls back anything that is not exact.",
            )


CHECK = Check(
    id="trigger-present",
    severity=Severity.INFO,
    title="A trigger runs for rows that agentctl writes",
    meaning=(
        "Its effect cannot be predicted. agentctl checks balance and ledger afterwards and rolls back "
        "anything that is not exact."
    ),
)
