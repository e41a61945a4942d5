"""Rule 4: no execution is refunded twice."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="refunded-twice",
    title="An execution was refunded more than once",
    meaning=(
        "agentctl reads the ledger under the user's lock before it refunds. Take the excess back "
        "with an `adjustment`, or let the user keep it."
    ),
    remedy=(
        "If more was refunded than was charged, refund-exceeds-charge reports it. Something "
        "other than agentctl writes refunds without checking the ledger: find it."
    ),
    query="""
    SELECT execution_id, charged, refunds, refunded FROM sums WHERE refunds > 1""",
    ledger_parts=("execution",),
)
