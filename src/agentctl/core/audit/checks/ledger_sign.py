"""The ledger's kinds say which way credits move: the reference schema has a CHECK for it."""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="ledger-sign",
    title="A ledger row moves credits in the wrong direction for its kind",
    meaning=(
        "A `usage` row adds credits or moves none, or a `purchase`, `refund` or `bonus` row "
        "takes credits or moves none. Other types may do both. The reference schema has a CHECK "
        "against it."
    ),
    remedy=(
        "Its sign or its kind is wrong. Correct the row and the balance together, and add the "
        "CHECK from sql/credits.sql to the ledger."
    ),
    query="""
    SELECT id AS ledger_id, user_id, kind, amount
    FROM recent_rows
    WHERE (movement = 'charge' AND amount >= 0)
       OR (movement = ANY ('{purchase,refund,grant}') AND amount <= 0)""",
    ledger_parts=("kind",),
)
