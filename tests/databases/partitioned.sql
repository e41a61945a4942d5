--| title = "Grown up: one schema for each team, executions in monthly partitions whose primary key includes the time"
--| covers = [
--|     "trap: partitioned table", "trap: other schema", "deduct: jsonb with success", "balance: users.credits",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: result", "execution: error",
--|     "execution: completed_at", "execution: credits_used", "status: pending running success failed",
--|     "status: an enum", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM identity.users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM billing.credit_transactions t JOIN identity.users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM market.agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| takes_keys = false

CREATE SCHEMA identity;
CREATE SCHEMA market;
CREATE SCHEMA billing;
CREATE SCHEMA analytics;

CREATE TABLE identity.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    credits bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    status text NOT NULL DEFAULT 'active'
);
CREATE TABLE identity.sessions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES identity.users, seen_at timestamptz);

CREATE TABLE market.agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    credit_cost bigint NOT NULL CHECK (credit_cost > 0),
    webhook_url text NOT NULL,
    input_schema jsonb NOT NULL DEFAULT '[]',
    is_active boolean NOT NULL DEFAULT true
);
CREATE TYPE market.execution_status AS ENUM ('pending', 'running', 'success', 'failed');
CREATE TABLE market.agent_executions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES identity.users,
    agent_id uuid NOT NULL REFERENCES market.agents,
    status market.execution_status NOT NULL DEFAULT 'pending',
    inputs jsonb,
    result jsonb,
    error text,
    credits_used bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE market.agent_executions_before_2026 PARTITION OF market.agent_executions FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE market.agent_executions_2026 PARTITION OF market.agent_executions FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE market.agent_executions_later PARTITION OF market.agent_executions DEFAULT;
CREATE INDEX ON market.agent_executions (user_id, created_at DESC);
CREATE TABLE market.reviews (agent_id uuid REFERENCES market.agents, user_id uuid REFERENCES identity.users, stars int, PRIMARY KEY (agent_id, user_id));

-- No foreign key to the executions: their primary key has the time in it.
CREATE TABLE billing.credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES identity.users,
    execution_id uuid,
    type text NOT NULL CHECK (type IN ('purchase', 'usage', 'refund', 'bonus', 'adjustment')),
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE billing.invoices (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid REFERENCES identity.users, amount numeric(12,2), type text);
CREATE TABLE analytics.daily_runs (day date, agent_id uuid, runs bigint, credits bigint, PRIMARY KEY (day, agent_id));
CREATE MATERIALIZED VIEW analytics.top_agents AS SELECT agent_id, count(*) AS runs FROM market.agent_executions GROUP BY agent_id;

CREATE FUNCTION billing.deduct_credits(p_user_id uuid, p_amount bigint, p_execution_id uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    v_left bigint;
BEGIN
    UPDATE identity.users SET credits = credits - p_amount WHERE id = p_user_id AND credits >= p_amount RETURNING credits INTO v_left;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('success', false, 'error', 'Insufficient credits');
    END IF;
    INSERT INTO billing.credit_transactions (user_id, execution_id, type, amount, balance_after)
    VALUES (p_user_id, p_execution_id, 'usage', -p_amount, v_left);
    RETURN jsonb_build_object('success', true, 'new_balance', v_left);
END $$;

INSERT INTO identity.users (id, email, credits) VALUES
    ('70000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('70000000-0000-4000-8000-000000000002', 'hal@example.com', 4);
INSERT INTO market.agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) VALUES
    ('71000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('71000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
    ('71000000-0000-4000-8000-000000000003', 'forecast', 'Forecaster', 60, '{webhook}/forecast', false, '[]');
INSERT INTO market.agent_executions (id, user_id, agent_id, status, result, credits_used, created_at, completed_at) VALUES
    ('72000000-0000-4000-8000-000000000001', '70000000-0000-4000-8000-000000000001', '71000000-0000-4000-8000-000000000001',
     'success', '{"title": "Bay"}', 10, '2025-12-30 10:00Z', '2025-12-30 10:01Z'),
    ('72000000-0000-4000-8000-000000000002', '70000000-0000-4000-8000-000000000001', '71000000-0000-4000-8000-000000000002',
     'failed', NULL, 0, '2026-01-02 10:00Z', '2026-01-02 10:01Z');
INSERT INTO billing.credit_transactions (user_id, execution_id, type, amount, balance_after, created_at) VALUES
    ('70000000-0000-4000-8000-000000000001', NULL, 'purchase', 110, 110, '2025-12-29 09:00Z'),
    ('70000000-0000-4000-8000-000000000001', '72000000-0000-4000-8000-000000000001', 'usage', -10, 100, '2025-12-30 10:00Z'),
    ('70000000-0000-4000-8000-000000000001', '72000000-0000-4000-8000-000000000002', 'usage', -5, 95, '2026-01-02 10:00Z'),
    ('70000000-0000-4000-8000-000000000001', '72000000-0000-4000-8000-000000000002', 'refund', 5, 100, '2026-01-02 10:01Z'),
    ('70000000-0000-4000-8000-000000000002', NULL, 'bonus', 4, 4, '2026-01-03 09:00Z');
