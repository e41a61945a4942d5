"""The word for a kind of ledger row is missing or ambiguous."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="kind-unmapped",
    title="The word for a kind of ledger row is missing or ambiguous",
    meaning=(
        "agentctl writes charges, refunds and grants in the ledger's own words, and found none, or more than "
        "one, for one of them."
    ),
    details="Say which word it is: `[profiles.NAME.schema.ledger.kinds]`.",
)
