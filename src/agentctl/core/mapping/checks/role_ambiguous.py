"""Two tables, columns or functions fit a role equally well."""

from agentctl.core.findings.finding import Check, Severity, SpecialCase

CHECK = Check(
    id="role-ambiguous",
    special_case=SpecialCase(Severity.WARNING, "where agentctl can do without the column"),
    title="Two tables, columns or functions fit a role equally well",
    meaning="agentctl does not guess which one it is.",
    remedy="The hint lists lines for [profiles.NAME.schema]; add one of them there.",
    details="They fit equally well by name, type and foreign keys.",
)
