ALTER TABLE agent_executions
    ADD COLUMN IF NOT EXISTS inputs jsonb,
    ADD COLUMN IF NOT EXISTS started_at timestamptz;

ALTER TABLE public.agents RENAME COLUMN category TO kind;
