"""Rule 4: what succeeded is not refunded."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="refund-after-success",
    title="An execution that succeeded was refunded",
    meaning=(
        "The execution has the status `success`. agentctl reads the ledger under the user's lock "
        "before it refunds, so something else refunds without checking. Take the refund back "
        "with an `adjustment`, or let the user keep it."
    ),
    remedy=(
        "Either it failed and its status is wrong, or the user got the result for free. To give "
        "credits as a gift, use a grant: `agentctl credits grant USER AMOUNT --reason TEXT`."
    ),
    query="""
    SELECT s.execution_id, e.user_id, s.charged, s.refunded
    FROM sums AS s JOIN executions AS e ON e.id = s.execution_id
    WHERE s.refunds > 0 AND e.status = 'success'""",
    ledger_parts=("execution",),
)
