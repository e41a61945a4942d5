"""Code writes a column that the database generates."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-column-generated",
    title="Code writes a column that the database generates",
    meaning="The column is GENERATED ALWAYS and refuses every value, NULL too.",
    remedy="Leave it out.",
    details="It may be generated as identity or by an expression.",
)
