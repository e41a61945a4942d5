"""Rule 2: there is no charge without its execution."""

from agentctl.core.audit.check import Check, Severity, needs

CHECK = Check(
    id="charge-without-execution",
    severity=Severity.ERROR,
    description="A charge names an execution that does not exist",
    help=(
        "The execution was never written, or was deleted after it was charged. If nothing ran, "
        "give the credits back: `agentctl credits refund EXECUTION --reason TEXT`."
    ),
    query="""
    SELECT execution_id, user_id, -sum(amount) AS charged
    FROM recent_rows AS l
    WHERE amount < 0 AND execution_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM executions AS e WHERE e.id = l.execution_id)
    GROUP BY execution_id, user_id""",
    obstacle=needs("ledger", "execution"),
)
