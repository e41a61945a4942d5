"""A table that agentctl works with is missing."""

from agentctl.core.findings.finding import Check, Severity, SpecialCase

CHECK = Check(
    id="table-missing",
    severity=Severity.ERROR,
    special_case=SpecialCase(Severity.WARNING, "where only the ledger is missing"),
    title="A table that agentctl works with is missing",
    meaning="No schema on the search path has a table for this role.",
    remedy="Usually the database, the role or the search_path is the wrong one.",
    details=(
        "The roles are users, agents, executions and ledger. The message names the table and the search path."
    ),
)
