"""A refund gives back what an execution has cost, and no more."""

from agentctl.core.audit.check import Check, Severity, needs

CHECK = Check(
    id="refund-exceeds-charge",
    severity=Severity.ERROR,
    description="More was refunded for an execution than was charged",
    help=(
        "The user gained credits by running an agent. Take back the excess with an adjustment "
        "(row and balance in one transaction), or let the user keep it. Then find what wrote the "
        "refund."
    ),
    query="""
    SELECT execution_id, charged, refunded, refunded - charged AS surplus
    FROM sums
    WHERE refunds > 0 AND refunded > charged""",
    obstacle=needs("ledger", "execution"),
)
