"""The one who runs an agent is the one who pays."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="payer-differs",
    severity=Severity.WARNING,
    title="A ledger row of an execution belongs to another user than the execution",
    remedy=(
        "This is correct if one user may pay for another. Otherwise the wrong user was charged "
        "or refunded: give the credits back with `agentctl credits grant USER AMOUNT --reason "
        "TEXT`."
    ),
    query="""
    SELECT l.execution_id, e.user_id, l.user_id AS payer_id, l.amount
    FROM recent_rows AS l JOIN executions AS e ON e.id = l.execution_id
    WHERE l.user_id <> e.user_id""",
    ledger_parts=("execution",),
)
