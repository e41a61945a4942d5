"""The cost of an execution is not recorded anywhere."""

from agentctl.core.findings.finding import Check, Severity

CHECK = Check(
    id="ledger-unlinked",
    severity=Severity.ERROR,
    title="The cost of an execution is not recorded anywhere",
    meaning="A charge that cannot be found again cannot be refunded, so agentctl does not charge.",
    remedy="Add the column that the hint names.",
    details=(
        "Neither does the ledger name the execution that a row belongs to, nor does the execution say what "
        "it cost. `agentctl run --no-charge` works all the same."
    ),
)
