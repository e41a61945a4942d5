"""Nobody may owe credits: the reference schema has a CHECK for it, other databases may not."""

from agentctl.core.audit.check import Check, Severity

CHECK = Check(
    id="negative-balance",
    severity=Severity.ERROR,
    description="A user's balance is below zero",
    help=(
        "More was charged than there was: look at `agentctl credits --user USER`, grant what is missing, "
        "and add CHECK (credits >= 0) to the table."
    ),
    query="""
    SELECT id AS user_id, balance FROM users WHERE balance < 0""",
)
