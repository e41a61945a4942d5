"""A refund gives back what an execution has cost, and no more."""

from agentctl.core.audit.check import Check, Severity, needs

CHECK = Check(
    id="refund-exceeds-charge",
    severity=Severity.ERROR,
    description="More was given back for an execution than it was charged",
    help=(
        "Somebody was paid for running an agent. Take the surplus back with an adjustment, row and balance "
        "in one transaction, or let the user keep it; and find what wrote the refund."
    ),
    query="""
    SELECT execution_id, charged, refunded, refunded - charged AS surplus
    FROM sums
    WHERE refunds > 0 AND refunded > charged""",
    obstacle=needs("ledger", "execution"),
)
