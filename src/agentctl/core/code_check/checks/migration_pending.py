"""Code needs a migration that is not applied yet."""

from agentctl.core.findings.finding import Check, Severity

CHECK = Check(
    id="code-migration-pending",
    severity=Severity.WARNING,
    title="Code needs a migration that is not applied yet",
    meaning="What the code names is missing in the database, and a migration in the repository creates it.",
    remedy="Apply the migration before the deploy.",
    details="The message says where the migration creates it.",
)
