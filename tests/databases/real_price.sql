--| title = "Prices of type real: nobody can say what 0.1 credits are"
--| covers = [
--|     "price: inexact type", "price: price_per_use_credits", "deduct: json", "balance: profiles.credits numeric",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: usage", "webhook: webhook_url",
--|     "agent key: slug", "execution: inputs", "execution: result", "execution: error", "execution: completed_at",
--|     "status: pending running success failed", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| finding = "type-inexact"
--| told = "SQL: the price becomes `numeric`"
--| settle_sql = "ALTER TABLE agents ALTER price_per_use_credits TYPE numeric(10, 2)"

CREATE TABLE profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    credits numeric NOT NULL DEFAULT 0 CHECK (credits >= 0),
    score double precision
);
CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    price_per_use_credits real NOT NULL DEFAULT 0.1,
    temperature real DEFAULT 0.7,
    webhook_url text NOT NULL,
    input_schema jsonb,
    is_active boolean NOT NULL DEFAULT true
);
CREATE TABLE agent_executions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES profiles,
    agent_id uuid NOT NULL REFERENCES agents,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'success', 'failed')),
    inputs jsonb,
    result jsonb,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
CREATE TABLE credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES profiles,
    execution_id uuid REFERENCES agent_executions,
    type text NOT NULL CHECK (type IN ('usage', 'purchase', 'refund', 'bonus')),
    amount numeric NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE models (id text PRIMARY KEY, provider text, usd_per_million_tokens real);
CREATE TABLE token_usage (id bigserial PRIMARY KEY, execution_id uuid REFERENCES agent_executions, model text REFERENCES models, tokens bigint);
CREATE TABLE experiments (name text PRIMARY KEY, share real, started_at timestamptz);

CREATE FUNCTION deduct_credits(p_user_id uuid, p_amount numeric, p_execution_id uuid DEFAULT NULL) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id AND credits >= p_amount;
    IF NOT FOUND THEN
        RETURN '{"success": false, "error": "Insufficient credits"}'::json;
    END IF;
    INSERT INTO credit_transactions (user_id, execution_id, type, amount) VALUES (p_user_id, p_execution_id, 'usage', -p_amount);
    RETURN '{"success": true}'::json;
END $$;

INSERT INTO profiles (id, email, credits) VALUES
    ('12000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('12000000-0000-4000-8000-000000000002', 'ben@example.com', 0.3);
INSERT INTO agents (id, slug, name, price_per_use_credits, webhook_url, is_active, input_schema) VALUES
    ('12100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('12100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('12100000-0000-4000-8000-000000000003', 'autocomplete', 'Autocomplete', 0.1, '{webhook}/autocomplete', false, NULL);
INSERT INTO agent_executions (id, user_id, agent_id, status, result, created_at, completed_at) VALUES
    ('12200000-0000-4000-8000-000000000001', '12000000-0000-4000-8000-000000000001', '12100000-0000-4000-8000-000000000001',
     'success', '{"title": "Gum"}', now() - interval '3 days', now() - interval '3 days'),
    ('12200000-0000-4000-8000-000000000002', '12000000-0000-4000-8000-000000000001', '12100000-0000-4000-8000-000000000002',
     'failed', NULL, now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_transactions (user_id, execution_id, type, amount, created_at) VALUES
    ('12000000-0000-4000-8000-000000000001', NULL, 'purchase', 110, now() - interval '4 days'),
    ('12000000-0000-4000-8000-000000000001', '12200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
    ('12000000-0000-4000-8000-000000000001', '12200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
    ('12000000-0000-4000-8000-000000000001', '12200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
    ('12000000-0000-4000-8000-000000000002', NULL, 'bonus', 0.3, now() - interval '1 day');
