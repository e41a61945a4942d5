-- What the contract's rules 2, 4 and 7 forbid; one statement, so that all of it is seen at one instant.

WITH moved AS (
    SELECT execution_id,
           count(*) FILTER (WHERE type = 'usage') AS charges,
           count(*) FILTER (WHERE type = 'refund') AS refunds,
           sum(amount) AS net
    FROM credit_transactions
    WHERE execution_id IS NOT NULL
    GROUP BY execution_id
)
SELECT 'rule 2: a charge without its execution: ' || execution_id AS violation
FROM moved LEFT JOIN agent_executions e ON e.id = execution_id
WHERE e.id IS NULL
UNION ALL
SELECT 'rule 2: an execution without its charge: ' || e.id
FROM agent_executions e LEFT JOIN moved ON execution_id = e.id
WHERE coalesce(charges, 0) = 0 AND e.id <> ALL (%(uncharged)s)
UNION ALL
SELECT 'rule 2: charged ' || charges || ' times: ' || execution_id FROM moved WHERE charges > 1
UNION ALL
SELECT 'rule 2: a charge that belongs to no execution: ledger row ' || id
FROM credit_transactions WHERE type = 'usage' AND execution_id IS NULL
UNION ALL
SELECT 'rule 4: refunded ' || refunds || ' times: ' || execution_id FROM moved WHERE refunds > 1
UNION ALL
SELECT 'rule 4: refunded more than was charged: ' || execution_id FROM moved WHERE net > 0
UNION ALL
SELECT 'rule 4: refunded while ' || coalesce(status, 'without status') || ': ' || id
FROM agent_executions JOIN moved ON execution_id = id
WHERE refunds > 0 AND status IS DISTINCT FROM 'failed'
UNION ALL
SELECT 'rule 7: ' || email || ' has ' || credits || ' credits, the ledger says ' || coalesce(sum(amount), 0)
FROM profiles LEFT JOIN credit_transactions t ON t.user_id = profiles.id
GROUP BY profiles.id, email, credits
HAVING credits <> coalesce(sum(amount), 0)
ORDER BY violation
