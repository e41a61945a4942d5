"""The ledger's link is a number that rows of other tables have, too."""

from agentctl.core.findings.finding import Check, Severity

CHECK = Check(
    id="link-shared",
    severity=Severity.WARNING,
    title="The ledger's link is a number that rows of other tables have, too",
    meaning=(
        "Beside the number stands the class or table that it belongs to. Taken alone it would make purchase "
        "7 a payment for execution 7, so agentctl neither reads nor writes it."
    ),
    remedy="Give the ledger a column of its own for the execution.",
    details=(
        "Laravel and Rails call such columns polymorphic. agentctl does without the link where the "
        "executions have a column for what they cost. Ids that are UUIDs or texts are not equal by accident, "
        "and are used."
    ),
)
