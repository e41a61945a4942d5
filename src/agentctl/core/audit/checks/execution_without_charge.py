"""Rule 2, as far as it can be told: a test run with --no-charge looks just the same in the ledger."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="execution-without-charge",
    severity=Severity.INFO,
    title="An execution was not charged: it was a test run, or its charge is missing",
    meaning=(
        "No charge names the execution. This cannot be an error: a test run with `--no-charge` "
        "leaves exactly the same rows, and so does a web application that does not pass the "
        "execution's id to `deduct_credits_atomic`. If `credits_used` is recorded, "
        "credits-used-differs finds those that should have cost something."
    ),
    remedy=(
        "Compare the number with your test runs (`agentctl run --no-charge`). If there are more, "
        "something records executions without charging for them."
    ),
    query="""
    SELECT e.id AS execution_id, e.user_id, e.status, e.created_at
    FROM recent_executions AS e
    WHERE NOT EXISTS (SELECT FROM ledger AS l WHERE l.execution_id = e.id AND l.amount < 0)""",
    ledger_parts=("execution",),
)
