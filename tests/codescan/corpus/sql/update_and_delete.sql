-- name: Finish :exec
UPDATE agent_executions SET status = $2 WHERE id = $1;

-- name: FinishWithError :exec
UPDATE agent_executions
SET status = $2,
    error = $3 -- ! code-unknown-column agent_executions.error
WHERE id = $1;

-- name: Discount :exec
UPDATE agents AS a
SET credit_cost = greatest(1, a.credit_cost - s.runs)
FROM agent_stats AS s
WHERE s.agent_id = a.id;

-- name: Forget :exec
DELETE FROM credit_transfers USING profiles
WHERE profiles.id = credit_transfers.from_user AND profiles.email = :'email';

-- name: ForgetOld :exec
DELETE FROM agent_executions WHERE finished_at < now(); -- ! code-unknown-column agent_executions.finished_at
