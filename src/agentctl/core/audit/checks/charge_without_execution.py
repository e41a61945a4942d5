"""Rule 2: there is no charge without its execution."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="charge-without-execution",
    title="A charge names an execution that does not exist",
    meaning=(
        "A refund gives the charge back once, and the finding stays, since the ledger keeps "
        "both. If you delete old executions on purpose, use `--since` with a later time."
    ),
    remedy=(
        "The execution was never written, or was deleted after it was charged. If nothing ran, "
        "give the credits back: `agentctl credits refund EXECUTION --reason TEXT`."
    ),
    query="""
    SELECT execution_id, user_id, -sum(amount) AS charged
    FROM recent_rows AS l
    WHERE amount < 0 AND execution_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM executions AS e WHERE e.id = l.execution_id)
    GROUP BY execution_id, user_id""",
    ledger_parts=("execution",),
)
