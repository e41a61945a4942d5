"""An index that speeds up history is missing."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.schema_check.schema_report import IndexState


def _find_missing(index: IndexState) -> Iterator[Finding]:
    if not index.present and not index.taken:
        msg = f"Index {index.name} is missing: history is slower without it."
        yield CHECK.finding(
            index.name, msg, "agentctl migrate-full adds it." if index.added else index.statement
        )


CHECK = SubjectCheck(
    id="index-missing",
    severity=Severity.INFO,
    title="An index that speeds up history is missing",
    meaning="Everything works without it, but more slowly.",
    remedy=(
        "agentctl migrate-full builds the indexes of the optional columns; sql/minimal.sql has the others."
    ),
    details="An index under another name that does the same work counts, too.",
    subject=IndexState,
    find=_find_missing,
)
