"""What failed is given back, unless `billing.on_failure` says otherwise: then there is nothing to find.

It is no error: the setting may have been another one at the time, and what gives credits back through
add_credits_atomic cannot say for which execution.
"""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="failed-not-refunded",
    severity=Severity.WARNING,
    title="An execution failed, and its charge was not refunded in full",
    meaning=(
        "This is not an error: `on_failure` may have been `keep` at the time, and a refund "
        "through `add_credits_atomic` cannot name the execution. Not run if `on_failure` is "
        "`keep`."
    ),
    remedy=(
        "Refund it: `agentctl credits refund EXECUTION --reason TEXT`, unless a ledger row that "
        "does not name the execution has already given it back."
    ),
    query="""
    SELECT s.execution_id, e.user_id, s.charged, s.refunded
    FROM sums AS s JOIN executions AS e ON e.id = s.execution_id
    WHERE e.status = 'failed' AND s.charged > s.refunded""",
    ledger_parts=("execution",),
    expects_refunds=True,
)
