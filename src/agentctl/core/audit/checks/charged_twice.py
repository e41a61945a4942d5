"""An execution is charged once: deduct_credits_atomic itself would charge it again."""

from agentctl.core.audit.check import Check, Severity, needs

CHECK = Check(
    id="charged-twice",
    severity=Severity.ERROR,
    description="An execution was charged more than once",
    help=(
        "Give back the excess: `agentctl credits grant USER AMOUNT --reason TEXT`. A refund "
        "would return the whole charge, and is for failed executions only."
    ),
    query="""
    SELECT execution_id, charges, charged, refunded FROM sums WHERE charges > 1""",
    obstacle=needs("ledger", "execution"),
)
