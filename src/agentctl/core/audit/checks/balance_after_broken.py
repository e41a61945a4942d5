"""Rule 7: each ledger row begins with the balance that another row, or the opening, has left.

It needs no order of the rows, which their times do not tell for certain: in an unbroken chain every balance
is begun from as often as it is reached, but for the opening and the latest one. It does not look at users
whose rows do not all say what balance they left.
"""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="balance-after-broken",
    title="A user's ledger rows do not form a chain: one starts from a balance that no other row left",
    meaning=(
        "In an unbroken chain, every balance is the start of as many rows as it is the end of, "
        "except for the opening balance and the latest one; `gaps` counts the exceptions. The "
        "order of the rows does not matter. balance-differs also finds a missing row. Not run "
        "without `balance_after`."
    ),
    remedy=(
        "A row is missing or was changed, or credits moved without a row. Read the rows around "
        "the time of the latest gap with `agentctl credits --user USER`."
    ),
    query="""
    WITH balances AS (
        SELECT user_id, value, sum(begun) AS starts, max(created_at) FILTER (WHERE begun = 1) AS latest
        FROM histories
        CROSS JOIN LATERAL (VALUES (balance_after - amount, 1), (balance_after, -1)) AS side (value, begun)
        GROUP BY user_id, value
    )
    SELECT user_id, (sum(starts) FILTER (WHERE starts > 0) - 1)::bigint AS gaps,
           max(latest) FILTER (WHERE starts > 0) AS latest_gap_at
    FROM balances
    GROUP BY user_id
    HAVING sum(starts) FILTER (WHERE starts > 0) > 1 AND bool_and(value IS NOT NULL)""",
    ledger_parts=("balance_after",),
)
