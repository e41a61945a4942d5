"""Nobody may owe credits: the reference schema has a CHECK for it, other databases may not."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="negative-balance",
    title="A user's balance is below zero",
    meaning="The reference schema has a CHECK against it.",
    remedy=(
        "More credits were charged than the user had. Look at `agentctl credits --user USER`, "
        "grant the missing credits, and add CHECK (credits >= 0) to the table."
    ),
    query="""
    SELECT id AS user_id, balance FROM users WHERE balance < 0""",
)
