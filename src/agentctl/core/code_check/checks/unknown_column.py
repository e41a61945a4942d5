"""Code names a column that does not exist."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-unknown-column",
    title="Code names a column that does not exist",
    meaning="The table is there and has no such column: every insert, update or select that names it fails.",
    remedy="The hint names the nearest column, or what adds it.",
    details=(
        "The same goes for the related table that a select embeds. PostgREST refuses the whole "
        "request, so the other columns are not written either. `agentctl migrate-full` adds the "
        "seven optional columns of the executions."
    ),
)
