--| title = "Many workspaces in one database: every row needs a workspace, and only an operator knows which"
--| covers = [
--|     "trap: column without default", "deduct: takes action", "deduct: out parameters", "balance: users.credits",
--|     "ledger: credit_logs", "ledger: change_amount", "ledger: type", "ledger: use", "price: price",
--|     "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: result", "execution: error",
--|     "execution: finished_at", "execution: credits_used", "status: queued succeeded error", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM app.users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM app.credit_logs l JOIN app.users u ON u.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM app.agent_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }
--| finding = "column-unfilled"
--| told = "the workspace of the rows that agentctl writes"
--| settle = '''
--| executions.constant.workspace_id = "f0000000-0000-4000-8000-000000000009"
--| ledger.constant.workspace_id = "f0000000-0000-4000-8000-000000000009"
--| '''

CREATE SCHEMA app;
SET search_path = app;

CREATE TABLE workspaces (id uuid PRIMARY KEY, name text NOT NULL, plan text NOT NULL DEFAULT 'team', region text);
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    credits bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    default_workspace_id uuid REFERENCES workspaces
);
CREATE TABLE workspace_members (workspace_id uuid REFERENCES workspaces, user_id uuid REFERENCES users,
    role text NOT NULL DEFAULT 'member', PRIMARY KEY (workspace_id, user_id));
CREATE TABLE agents (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    price integer NOT NULL,
    webhook_url text NOT NULL,
    form jsonb NOT NULL DEFAULT '[]',
    enabled boolean NOT NULL DEFAULT true
);
CREATE TABLE agent_runs (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces,
    user_id uuid NOT NULL REFERENCES users,
    agent_id uuid NOT NULL REFERENCES agents,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'error')),
    inputs jsonb,
    result jsonb,
    error text,
    credits_used bigint,
    queued_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE TABLE credit_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES workspaces,
    user_id uuid NOT NULL REFERENCES users,
    run_id uuid REFERENCES agent_runs,
    type text NOT NULL CHECK (type IN ('use', 'refund', 'purchase', 'grant')),
    change_amount bigint NOT NULL,
    logged_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit_trail (id bigserial PRIMARY KEY, workspace_id uuid, actor uuid, action text, at timestamptz DEFAULT now());
CREATE TABLE integrations (id uuid PRIMARY KEY, workspace_id uuid REFERENCES workspaces, provider text, secret bytea);
CREATE TABLE invitations (id uuid PRIMARY KEY, workspace_id uuid REFERENCES workspaces, email text, token text);

-- The workspace of a charge is its user's own.
CREATE FUNCTION use_credits(p_user uuid, p_amount bigint, p_action text, p_run_id uuid DEFAULT NULL,
    OUT ok boolean, OUT balance bigint) LANGUAGE plpgsql SET search_path = app AS $$
BEGIN
    UPDATE users SET credits = credits - p_amount WHERE id = p_user AND credits >= p_amount RETURNING credits INTO balance;
    ok := FOUND;
    IF ok THEN
        INSERT INTO credit_logs (workspace_id, user_id, run_id, type, change_amount)
        SELECT default_workspace_id, id, p_run_id, 'use', -p_amount FROM users WHERE id = p_user;
    END IF;
END $$;

INSERT INTO workspaces (id, name) VALUES ('f0000000-0000-4000-8000-000000000009', 'Acme'), ('f0000000-0000-4000-8000-000000000008', 'Globex');
INSERT INTO users (id, email, credits, default_workspace_id) VALUES
    ('f0000000-0000-4000-8000-000000000001', 'ops@example.com', 100, 'f0000000-0000-4000-8000-000000000009'),
    ('f0000000-0000-4000-8000-000000000002', 'eve@example.com', 6, 'f0000000-0000-4000-8000-000000000008');
INSERT INTO agents (id, slug, name, price, webhook_url, enabled, form) VALUES
    ('f1000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true,
     '[{"name": "topic", "type": "text", "required": true}]'),
    ('f1000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
    ('f1000000-0000-4000-8000-000000000003', 'hr-bot', 'HR Bot', 5, '{webhook}/hr-bot', false, '[]');
INSERT INTO agent_runs (id, workspace_id, user_id, agent_id, status, result, credits_used, queued_at, finished_at)
SELECT id::uuid, 'f0000000-0000-4000-8000-000000000009', 'f0000000-0000-4000-8000-000000000001', agent::uuid, status, result::jsonb,
       used, now() - age, now() - age
FROM (VALUES
    ('f2000000-0000-4000-8000-000000000001', 'f1000000-0000-4000-8000-000000000001', 'succeeded', '{"title": "Ice"}', 10, interval '3 days'),
    ('f2000000-0000-4000-8000-000000000002', 'f1000000-0000-4000-8000-000000000002', 'error', NULL, 0, interval '2 days')
) AS run (id, agent, status, result, used, age);
INSERT INTO credit_logs (workspace_id, user_id, run_id, type, change_amount, logged_at) VALUES
    ('f0000000-0000-4000-8000-000000000009', 'f0000000-0000-4000-8000-000000000001', NULL, 'purchase', 110, now() - interval '4 days'),
    ('f0000000-0000-4000-8000-000000000009', 'f0000000-0000-4000-8000-000000000001', 'f2000000-0000-4000-8000-000000000001', 'use', -10, now() - interval '3 days'),
    ('f0000000-0000-4000-8000-000000000009', 'f0000000-0000-4000-8000-000000000001', 'f2000000-0000-4000-8000-000000000002', 'use', -5, now() - interval '2 days'),
    ('f0000000-0000-4000-8000-000000000009', 'f0000000-0000-4000-8000-000000000001', 'f2000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
    ('f0000000-0000-4000-8000-000000000008', 'f0000000-0000-4000-8000-000000000002', NULL, 'grant', 6, now() - interval '1 day');
