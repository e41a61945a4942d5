"""An execution that keeps its own price tells the same as the ledger, refunds netted."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="credits-used-differs",
    severity=Severity.WARNING,
    title="The cost of an execution differs from the ledger",
    meaning=(
        "`credits_used` of the execution is compared with its cost in the ledger, less refunds. "
        "Not run if there is no such column."
    ),
    remedy=(
        "The ledger shows how the balance moved. If the ledger is right, correct the column. If "
        "a charge is missing, the code that wrote the execution did not charge for it."
    ),
    query="""
    SELECT e.id AS execution_id, e.user_id, e.credits_used, coalesce(s.charged - s.refunded, 0) AS ledger
    FROM recent_executions AS e LEFT JOIN sums AS s ON s.execution_id = e.id
    WHERE e.credits_used <> coalesce(s.charged - s.refunded, 0)""",
    execution_parts=("credits_used",),
    ledger_parts=("execution",),
)
