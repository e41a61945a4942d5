"""A table that agentctl works with is missing."""

from agentctl.core.findings.finding import Check, Severity, SpecialCase

CHECK = Check(
    id="table-missing",
    special_case=SpecialCase(Severity.WARNING, "where only the ledger is missing"),
    title="A table that agentctl works with is missing",
    meaning="No schema on the search path has a table for this role.",
    remedy="Check the database, the role and the search_path: usually one of them is the wrong one.",
    details=(
        "The roles are users, agents, executions and ledger. The message names the table and the search path."
    ),
)
