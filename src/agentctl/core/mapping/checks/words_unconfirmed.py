"""Rows hold a different word from the one that agentctl writes."""

from agentctl.core.findings.finding import Check, Severity

CHECK = Check(
    id="words-unconfirmed",
    severity=Severity.WARNING,
    title="Rows hold a different word from the one that agentctl writes",
    meaning=(
        "The column takes any text, and neither a CHECK nor a default says which words mean what. Customers "
        "may have written the rows, so agentctl writes its own words until the configuration names yours."
    ),
    details=(
        "One example is `completed` in rows, where agentctl writes `success`. agentctl "
        "understands the words in the rows, but never writes them by itself. If your application "
        "writes them, name them: `[profiles.NAME.schema.executions.statuses]` or "
        "`[profiles.NAME.schema.ledger.kinds]`. `agentctl init` proposes them."
    ),
)
