"""The name of an index that agentctl needs is taken by another index."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.schema_check.schema_report import IndexState


def _find_conflict(index: IndexState) -> Iterator[Finding]:
    if index.taken and not index.existing:
        msg = f"Index {index.name} has another definition: {index.taken.definition}."
        yield CHECK.finding(index.name, msg, "Rename or drop it to free the name.")


CHECK = SubjectCheck(
    id="index-definition",
    severity=Severity.WARNING,
    title="The name of an index that agentctl needs is taken by another index",
    meaning="A different index has the name, so the one that is needed cannot be built.",
    remedy="Rename or drop the other one.",
    details="`agentctl migrate-full` cannot build it while the other has the name.",
    subject=IndexState,
    find=_find_conflict,
)
