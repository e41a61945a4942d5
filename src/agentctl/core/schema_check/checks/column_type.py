"""An optional column has a type that cannot hold its content."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, SubjectCheck
from agentctl.core.mapping.subjects import WantedColumn


def _find_mismatch(wanted: WantedColumn) -> Iterator[Finding]:
    column, expected = wanted.column, wanted.expected
    if column is not None and expected is not None and not expected.accepts(column):
        msg = f"{wanted.object} is {column.type}, not {expected.type}: agentctl does not write it."
        hint = "Change its type or rename it; then agentctl migrate-full."
        yield CHECK.finding(wanted.object, msg, hint)


CHECK = SubjectCheck(
    id="column-type",
    title="An optional column has a type that cannot hold its content",
    meaning="The column is there under the right name with the wrong type, and agentctl does not write it.",
    remedy="Change its type or rename it.",
    details=(
        "One example is `result integer`. Once such a column is renamed, `agentctl migrate-full` adds the "
        "right one."
    ),
    subject=WantedColumn,
    find=_find_mismatch,
)
