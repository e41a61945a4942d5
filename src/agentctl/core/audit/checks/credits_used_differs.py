"""An execution that keeps its own price tells the same as the ledger, refunds netted."""

from agentctl.core.audit.check import Check, Severity, both, needs

CHECK = Check(
    id="credits-used-differs",
    severity=Severity.WARNING,
    description="An execution says that it cost something else than the ledger",
    help=(
        "The ledger is what moved the balance. Where it is right, correct the column; where a charge is "
        "missing, whatever wrote the execution did not charge for it."
    ),
    query="""
    SELECT e.id AS execution_id, e.user_id, e.credits_used, coalesce(s.charged - s.refunded, 0) AS ledger
    FROM recent_executions AS e LEFT JOIN sums AS s ON s.execution_id = e.id
    WHERE e.credits_used <> coalesce(s.charged - s.refunded, 0)""",
    obstacle=both(needs("executions", "credits_used"), needs("ledger", "execution")),
)
