"""Rule 6: an execution stays open until somebody knows how it ended, and should not stay so for ever."""

from agentctl.core.audit.check import Check, Severity

CHECK = Check(
    id="open-too-long",
    severity=Severity.WARNING,
    description="An execution is open although its run must be dead by now, and holds its charge",
    help=(
        "Let agentctl find out how it ended: `agentctl reconcile`; where only you know: "
        "`agentctl reconcile EXECUTION --assume failed|success`."
    ),
    query="""
    SELECT id AS execution_id, user_id, status, created_at
    FROM recent_executions
    WHERE status = ANY ('{pending,running}') AND created_at < (SELECT dead_before FROM deadline)""",
)
