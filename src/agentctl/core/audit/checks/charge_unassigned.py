"""A charge that names no execution is lawful, and nobody can audit it."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="charge-unassigned",
    severity=Severity.INFO,
    title="A charge names no execution, so its purpose is unknown",
    meaning=(
        "This is allowed, since `p_execution_id` is optional, but then it cannot be known "
        "whether an execution was charged twice."
    ),
    remedy=(
        "Make the code that writes it pass the id of the execution (p_execution_id) to "
        "deduct_credits_atomic. Otherwise agentctl cannot find double charges, or charges for "
        "nothing."
    ),
    query="""
    SELECT id AS ledger_id, user_id, amount, created_at
    FROM recent_rows
    WHERE movement = 'charge' AND amount < 0 AND execution_id IS NULL""",
    ledger_parts=("execution",),
)
