"""Code names a table that does not exist."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-unknown-table",
    title="Code names a table that does not exist",
    meaning="No schema that the name is looked up in has such a table or view.",
    remedy="The hint names the nearest one, or the schema that has it.",
    details="A table of another schema must be named with it: `.schema('billing')`.",
)
