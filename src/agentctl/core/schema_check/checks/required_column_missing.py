"""A column that the deploy requires is missing."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, SubjectCheck
from agentctl.core.mapping.subjects import WantedColumn


def _find_missing(wanted: WantedColumn) -> Iterator[Finding]:
    if wanted.column is None and wanted.is_required:
        hint = "agentctl migrate-full adds it." if wanted.expected else None
        yield CHECK.finding(wanted.object, f"{wanted.object} is missing.", hint)


CHECK = SubjectCheck(
    id="required-column-missing",
    title="A column that the deploy requires is missing",
    meaning=(
        "--require names a column of the executions' table that does not exist: code that writes it would "
        "fail."
    ),
    remedy="agentctl migrate-full adds the seven optional columns; the deploy itself must add any other.",
    subject=WantedColumn,
    find=_find_missing,
)
