"""Rule 7: a balance is the opening balance and the sum of the user's ledger rows.

The opening balance is what the first row began from (`balance_after - amount`), or 0 where no row of the user
says so. It judges nobody who has no ledger row: any balance is an opening balance then.

Which row was first is not certain: `created_at` is when a transaction began, and of two that began close
together the later one may have written first. So a balance is right, too, if another row explains it that may
have been the first: one that began within a minute of the first, and is no refund, which follows its charge.
The rows must agree that this is where they start from: they lead away from that balance once more often than
back to it, or as often where opening and balance are the same.
"""

from agentctl.core.audit.check import AuditCheck

CHECK = AuditCheck(
    id="balance-differs",
    title="A user's balance is not the opening balance plus the sum of the ledger",
    meaning=(
        "The opening balance is the balance before the first row, `balance_after - amount`; if "
        "the ledger has no `balance_after`, it is 0. A user without ledger rows may have any "
        "balance. `difference` says how many credits too many the user has (negative: too few).\n"
        "\nWhich row was first is not always certain, because `created_at` is when a transaction "
        "*began*: if two began together, either may have written first, and all rows of one "
        "transaction have the same time. Another row may therefore count as the first if it "
        "began within a minute of the earliest one, is not a refund, and starts from a balance "
        "that the other rows lead away from. If one of these explains the balance, there is no "
        "finding. A user whose rows have `balance_after` only in part is not checked. An "
        "adjustment writes row and balance in one transaction."
    ),
    remedy=(
        "Credits were moved without a ledger row, or a row was written without moving credits. "
        "Find out which with `agentctl credits --user USER`; then correct the balance, or write "
        "the adjustment."
    ),
    query="""
    WITH accounts AS (
        SELECT u.id AS user_id, u.balance, sum(h.amount) AS moved, u.balance - sum(h.amount) AS wanted,
               min(h.created_at) AS first_at,
               least(min(h.created_at), '9999-12-31') + interval '1 minute' AS first_until,
               count(*) AS rows, count(h.balance_after) AS known
        FROM users AS u JOIN histories AS h ON h.user_id = u.id
        GROUP BY u.id, u.balance
    ), steps AS (
        SELECT a.*, h.balance_after - h.amount AS "from", h.balance_after AS "to",
               (h.created_at = a.first_at) IS TRUE
               OR h.created_at IS NULL AND a.first_at IS NULL AS is_first,
               h.created_at IS NULL
               OR h.created_at = a.first_at
               OR h.created_at <= a.first_until
                  AND (h.amount < 0 OR h.execution_id IS NULL) AS may_be_first
        FROM accounts AS a JOIN histories AS h ON h.user_id = a.user_id
        WHERE a.known = 0 OR a.known = a.rows
    ), suspects AS (
        SELECT user_id, balance, moved, wanted,
               array_agg("from") FILTER (WHERE is_first) AS first_from,
               array_agg("to") FILTER (WHERE is_first) AS first_to
        FROM steps
        GROUP BY user_id, balance, moved, wanted
        HAVING (
            bool_or(may_be_first AND "from" = wanted)
            AND (count(*) FILTER (WHERE "from" = wanted) - count(*) FILTER (WHERE "to" = wanted))
                >= (moved <> 0)::integer
        ) IS NOT TRUE
    ), opened AS (
        -- Rows of one transaction have one time. They start from what none of them leads to; where they lead
        -- back to their start, that may be any of their balances: the nearest accuses of the least.
        SELECT *, coalesce(
            (SELECT value
             FROM (SELECT unnest(first_from) EXCEPT ALL SELECT unnest(first_to)) AS start (value)
             ORDER BY abs(value - wanted) LIMIT 1),
            (SELECT value FROM unnest(first_from) AS start (value) ORDER BY abs(value - wanted) LIMIT 1),
            0
        ) AS opening
        FROM suspects
    )
    SELECT user_id, balance, opening, moved AS ledger, balance - opening - moved AS difference
    FROM opened
    WHERE balance <> (opening + moved)""",
    ledger_parts=("amount",),
)
