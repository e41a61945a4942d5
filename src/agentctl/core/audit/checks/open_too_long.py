"""Rule 6: an execution stays open until somebody knows how it ended, and should not stay so for ever."""

from agentctl.core.audit.check import AuditCheck
from agentctl.core.findings.finding import Severity

CHECK = AuditCheck(
    id="open-too-long",
    severity=Severity.WARNING,
    title="An execution is still open and holds its charge, although its run must be dead by now",
    meaning=(
        "It has been `pending` or `running` for longer than `--stale-after` (15m, as with `reconcile`)."
    ),
    remedy=(
        "Find out how it ended with `agentctl reconcile`, or, if only you know, settle it with "
        "`agentctl reconcile EXECUTION --assume failed|success`."
    ),
    query="""
    SELECT id AS execution_id, user_id, status, created_at
    FROM recent_executions
    WHERE status = ANY ('{pending,running}') AND compared_at < (SELECT dead_before FROM deadline)""",
)
