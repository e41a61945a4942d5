"""An execution is charged once: deduct_credits_atomic itself would charge it again."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="charged-twice",
    title="An execution was charged more than once",
    meaning=(
        "This happens when `deduct_credits_atomic` is called twice. The finding stays after a "
        "grant, since the ledger keeps both charges."
    ),
    remedy=(
        "Give back the excess: `agentctl credits grant USER AMOUNT --reason TEXT`. A refund "
        "would return the whole charge, and is for failed executions only."
    ),
    query="""
    SELECT execution_id, charges, charged, refunded FROM sums WHERE charges > 1""",
    ledger_parts=("execution",),
)
