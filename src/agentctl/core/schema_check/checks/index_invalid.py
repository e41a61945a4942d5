"""An index is invalid and not used."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.schema_check.schema_report import IndexState


def _find_invalid(index: IndexState) -> Iterator[Finding]:
    if index.valid is False:
        msg = f"Index {index.name} is invalid: its build failed or is still running, and it is not used."
        builder = "agentctl migrate-full" if index.added else "REINDEX INDEX CONCURRENTLY"
        yield CHECK.finding(index.name, msg, f"{builder} rebuilds it.")


CHECK = SubjectCheck(
    id="index-invalid",
    severity=Severity.WARNING,
    title="An index is invalid and not used",
    meaning=(
        "A concurrent build failed or is still running. PostgreSQL maintains such an index but never reads "
        "it."
    ),
    remedy="Build it again.",
    details="`agentctl migrate-full` and `REINDEX INDEX CONCURRENTLY` build one again.",
    subject=IndexState,
    find=_find_invalid,
)
