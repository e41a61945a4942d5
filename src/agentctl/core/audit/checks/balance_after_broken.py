"""Rule 7: each ledger row begins with the balance that another row, or the opening, has left.

It needs no order of the rows, which their times do not tell for certain: in an unbroken chain every balance
is begun from as often as it is reached, but for the opening and the latest one. It does not look at users
whose rows do not all say what balance they left.
"""

from agentctl.core.audit.check import AuditCheck, Severity, needs

CHECK = AuditCheck(
    id="balance-after-broken",
    severity=Severity.ERROR,
    title="A user's ledger rows do not form a chain: one starts from a balance that no other row left",
    meaning=(
        "It starts with a balance that no other row has left. The check needs no order of the rows: in an "
        "unbroken chain every balance is begun from as often as it is reached, but for the opening one and "
        "the latest; `gaps` is how often that is not so. A row that went missing is found by "
        "balance-differs, too. Not run without `balance_after`."
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
    obstacle=needs("ledger", "balance_after"),
)
