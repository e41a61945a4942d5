-- The marketplace's tables, with the minimal agent_executions: who ran what, when, and how it ended.
-- For reference: exactly what agentctl needs, and nothing else. credits.sql adds the ledger;
-- full.sql widens agent_executions.

CREATE TABLE profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    full_name text,
    credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0),
    total_spent numeric DEFAULT 0,
    total_executions integer DEFAULT 0,
    role text DEFAULT 'user',
    is_active boolean DEFAULT true,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    category text,
    credit_cost integer NOT NULL CHECK (credit_cost > 0),
    is_active boolean DEFAULT true,
    input_schema jsonb,
    webhook_url text,
    required_platforms text[],
    deleted_at timestamptz,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE agent_executions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES profiles (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'success', 'failed')),
    created_at timestamptz DEFAULT now()
);

CREATE INDEX idx_agent_executions_user_id ON agent_executions (user_id);
CREATE INDEX idx_agent_executions_agent_id ON agent_executions (agent_id);
CREATE INDEX idx_agent_executions_status ON agent_executions (status);

-- Only the owner and roles with BYPASSRLS see rows until a policy admits others.
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_executions ENABLE ROW LEVEL SECURITY;
