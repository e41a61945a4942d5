-- name: AddRun :one
INSERT INTO agent_executions (user_id, agent_id) VALUES ($1, $2) RETURNING id, status;

-- name: AddRunWithWorkflow :one
INSERT INTO agent_executions (user_id, agent_id, workflow_id) -- ! code-unknown-column agent_executions.workflow_id
VALUES ($1, $2, $3)
RETURNING id, result; -- ! code-unknown-column agent_executions.result

-- name: AddAgent :exec
INSERT INTO agents (name, description) VALUES ($1, $2); -- ! code-column-required agents.credit_cost

-- name: AddReview :exec
INSERT INTO reviews (agent_id, author_id, stars) VALUES ($1, $2, $3)
ON CONFLICT (agent_id, author_id) DO UPDATE SET stars = excluded.stars;

-- name: AddReviewOnce :exec
INSERT INTO reviews (agent_id, author_id, stars) VALUES ($1, $2, $3)
ON CONFLICT (agent_id) DO NOTHING; -- ! code-conflict-target reviews

-- name: SaveAgent :exec
INSERT INTO agents (name, credit_cost) VALUES ($1, $2)
ON CONFLICT (name) WHERE deleted_at IS NULL DO UPDATE SET credit_cost = excluded.credit_cost;

-- name: AddTag :exec
INSERT INTO tags (label) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: AddTagNamed :exec
INSERT INTO tags (label) VALUES ($1) ON CONFLICT ON CONSTRAINT tags_label_key DO NOTHING;

-- name: CopyAgents :exec
INSERT INTO agents (name, credit_cost) SELECT name || ' (copy)', credit_cost FROM agents;

-- name: Log :exec
INSERT INTO audit_log (action) VALUES (:action);
