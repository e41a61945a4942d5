-- Full execution tracking, in plain SQL: the result of `agentctl migrate-full`, for a DBA to review.
-- On a table in use, run `agentctl migrate-full` instead: it takes the same locks for milliseconds at a
-- time, builds the indexes concurrently, and verifies the end state.

ALTER TABLE agent_executions
    ADD COLUMN IF NOT EXISTS workflow_id text,
    ADD COLUMN IF NOT EXISTS inputs jsonb,
    ADD COLUMN IF NOT EXISTS result jsonb,
    ADD COLUMN IF NOT EXISTS error text,
    ADD COLUMN IF NOT EXISTS credits_used integer DEFAULT 0,
    ADD COLUMN IF NOT EXISTS started_at timestamptz,
    ADD COLUMN IF NOT EXISTS completed_at timestamptz;

CREATE INDEX IF NOT EXISTS idx_agent_executions_workflow_id ON agent_executions (workflow_id);
CREATE INDEX IF NOT EXISTS idx_agent_executions_started_at ON agent_executions (started_at DESC);
