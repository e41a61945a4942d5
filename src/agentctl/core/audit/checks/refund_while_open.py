"""Rule 4: agentctl writes refund and outcome together; what writes one first leaves this for a while."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="refund-while-open",
    severity=Severity.WARNING,
    title="An execution was refunded but has no outcome yet",
    meaning=(
        "The execution is still `pending` or `running`. agentctl writes refund and outcome in "
        "one transaction; a program that refunds first and writes the outcome afterwards causes "
        "this finding for a moment."
    ),
    remedy=(
        "If it stays open, the refund was written without the outcome, and the execution may "
        "still be settled as a success. If you know that it failed: `agentctl reconcile "
        "EXECUTION --assume failed`."
    ),
    query="""
    SELECT s.execution_id, e.user_id, e.status, s.charged, s.refunded
    FROM sums AS s JOIN executions AS e ON e.id = s.execution_id
    WHERE s.refunds > 0 AND e.status = ANY ('{pending,running}')""",
    ledger_parts=("execution",),
)
