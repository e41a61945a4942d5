"""The cost of an execution is not recorded anywhere."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="ledger-unlinked",
    title="The cost of an execution is not recorded anywhere",
    meaning="A charge that cannot be found again cannot be refunded, so agentctl does not charge.",
    remedy="Add the column that the hint names.",
    details=(
        "The ledger does not name the execution that a row belongs to, and the execution does "
        "not record its cost. `agentctl run --no-charge` still works."
    ),
)
