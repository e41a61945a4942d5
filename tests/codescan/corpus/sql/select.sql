-- name: RunsOfUser :many
SELECT e.id, e.status, a.name AS agent, a.credit_cost
FROM agent_executions AS e
JOIN agents a ON a.id = e.agent_id
WHERE e.user_id = $1 AND e.created_at > now() - interval '30 days'
ORDER BY e.created_at DESC
LIMIT $2;

-- name: RunsWithInputs :many
SELECT e.id, e.inputs -- ! code-unknown-column agent_executions.inputs
FROM agent_executions e
JOIN agents a ON a.id = e.agent_id
WHERE a.slug = $1; -- ! code-unknown-column agents.slug

-- name: Sessions :many
SELECT id, token FROM agent_sessions WHERE user_id = $1; -- ! code-unknown-table agent_sessions
