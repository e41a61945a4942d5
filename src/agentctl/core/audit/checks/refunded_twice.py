"""Rule 4: no execution is refunded twice."""

from agentctl.core.audit.check import Check, Severity, needs

CHECK = Check(
    id="refunded-twice",
    severity=Severity.ERROR,
    description="An execution was refunded more than once",
    help=(
        "If more was refunded than was charged, refund-exceeds-charge reports it. Something "
        "other than agentctl writes refunds without checking the ledger: find it."
    ),
    query="""
    SELECT execution_id, charged, refunds, refunded FROM sums WHERE refunds > 1""",
    obstacle=needs("ledger", "execution"),
)
