"""A refund gives back what an execution has cost, and no more."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="refund-exceeds-charge",
    title="More was refunded for an execution than was charged",
    meaning=(
        "This includes executions that were not charged at all. `surplus` is the excess. "
        "agentctl reads the ledger under the user's lock before it refunds, so something else "
        "refunds without checking."
    ),
    remedy=(
        "The user gained credits by running an agent. Take back the excess with an adjustment "
        "(row and balance in one transaction), or let the user keep it. Then find what wrote the "
        "refund."
    ),
    query="""
    SELECT execution_id, charged, refunded, refunded - charged AS surplus
    FROM sums
    WHERE refunds > 0 AND refunded > charged""",
    ledger_parts=("execution",),
)
