UPDATE agent_executions SET status = 'success' WHERE id = $1;
UPDATE agent_executions SET status = 'done' WHERE id = $1; -- ! code-value-refused agent_executions.status
UPDATE subscriptions SET tier = 'gold' WHERE user_id = $1; -- ! code-value-refused subscriptions.tier
UPDATE agents SET name = NULL WHERE id = $1; -- ! code-value-refused agents.name
UPDATE agent_prices SET gross = 3 WHERE agent_id = $1; -- ! code-column-generated agent_prices.gross
UPDATE agents SET credit_cost = '12' WHERE id = $1;
UPDATE agent_prices SET gross = DEFAULT WHERE agent_id = $1;
UPDATE agents SET credit_cost = DEFAULT, name = DEFAULT WHERE false;
SELECT id FROM agent_executions WHERE status = 'completed';
