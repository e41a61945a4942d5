--| title = "Fractional credits, a json answer, and every column named as in n8n's own examples"
--| covers = [
--|     "deduct: json", "balance: profiles.credit_balance", "ledger: credit_transactions", "ledger: credits_delta",
--|     "ledger: transaction_type", "ledger: use", "price: price_per_use_credits", "webhook: n8n_webhook_url",
--|     "agent key: slug", "execution: input_data", "execution: output_data", "execution: error_message",
--|     "execution: finished_at", "execution: credits_charged", "status: queued succeeded error", "status: a CHECK",
--|     "ids: uuid",
--| ]
--| balance_sql = "SELECT credit_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(credits_delta) FROM credit_transactions t JOIN profiles p ON p.id = t.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM workflow_executions WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }

CREATE TABLE profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text UNIQUE NOT NULL,
    name text,
    credit_balance numeric(12,2) NOT NULL DEFAULT 0,
    credit_limit numeric(12,2),
    plan text NOT NULL DEFAULT 'free',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text UNIQUE NOT NULL,
    title text NOT NULL,
    description text,
    category text,
    price_per_use_credits numeric(8,2) NOT NULL DEFAULT 1.00,
    price_usd numeric(8,2),
    n8n_workflow_id text,
    n8n_webhook_url text,
    form_fields jsonb,
    is_published boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workflow_templates (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    title text NOT NULL,
    price_usd numeric(8,2),
    download_url text,
    is_published boolean DEFAULT true
);

CREATE TABLE workflow_executions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    profile_id uuid NOT NULL REFERENCES profiles (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    status text NOT NULL DEFAULT 'queued',
    input_data jsonb,
    output_data jsonb,
    error_message text,
    credits_charged numeric(8,2),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CHECK (status IN ('queued', 'running', 'succeeded', 'error'))
);

CREATE TABLE credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    profile_id uuid NOT NULL REFERENCES profiles (id),
    execution_id uuid REFERENCES workflow_executions (id),
    transaction_type text NOT NULL CHECK (transaction_type IN ('purchase', 'use', 'refund', 'grant')),
    credits_delta numeric(12,2) NOT NULL,
    memo text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE template_purchases (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), profile_id uuid REFERENCES profiles (id),
    template_id uuid REFERENCES workflow_templates (id), amount numeric(8,2), status text DEFAULT 'paid');
CREATE TABLE usage_logs (id bigserial PRIMARY KEY, profile_id uuid, agent_id uuid, tokens integer, model text, created_at timestamptz DEFAULT now());
CREATE TABLE webhooks (id bigserial PRIMARY KEY, profile_id uuid, url text, events text[]);

CREATE FUNCTION deduct_profile_credits(in_profile_id uuid, in_credits numeric, in_execution_id uuid)
RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    remaining numeric;
BEGIN
    UPDATE profiles SET credit_balance = credit_balance - in_credits, updated_at = now()
    WHERE id = in_profile_id AND credit_balance >= in_credits
    RETURNING credit_balance INTO remaining;
    IF NOT FOUND THEN
        RETURN json_build_object('success', false, 'message', 'insufficient_credits');
    END IF;
    INSERT INTO credit_transactions (profile_id, execution_id, transaction_type, credits_delta)
    VALUES (in_profile_id, in_execution_id, 'use', -in_credits);
    RETURN json_build_object('success', true, 'remaining', remaining);
END $$;

INSERT INTO profiles (id, email, credit_balance) VALUES
    ('c0000000-0000-4000-8000-000000000001', 'ops@example.com', 100),
    ('c0000000-0000-4000-8000-000000000002', 'ana@example.com', 2.5);
INSERT INTO agents (id, slug, title, price_per_use_credits, n8n_webhook_url, is_published, form_fields) VALUES
    ('c1000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true,
     '[{"name": "topic", "type": "text", "label": "Topic", "required": true}]'),
    ('c1000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('c1000000-0000-4000-8000-000000000003', 'draft', 'Draft Agent', 0.5, NULL, false, NULL);
INSERT INTO workflow_executions (id, profile_id, agent_id, status, output_data, credits_charged, created_at, finished_at) VALUES
    ('c2000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'c1000000-0000-4000-8000-000000000001',
     'succeeded', '{"title": "Oats"}', 10, now() - interval '8 days', now() - interval '8 days'),
    ('c2000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'c1000000-0000-4000-8000-000000000002',
     'error', NULL, 0, now() - interval '7 days', now() - interval '7 days');
INSERT INTO credit_transactions (profile_id, execution_id, transaction_type, credits_delta, created_at) VALUES
    ('c0000000-0000-4000-8000-000000000001', NULL, 'purchase', 109.5, now() - interval '9 days'),
    ('c0000000-0000-4000-8000-000000000001', 'c2000000-0000-4000-8000-000000000001', 'use', -10, now() - interval '8 days'),
    ('c0000000-0000-4000-8000-000000000001', 'c2000000-0000-4000-8000-000000000002', 'use', -5, now() - interval '7 days'),
    ('c0000000-0000-4000-8000-000000000001', 'c2000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '7 days'),
    ('c0000000-0000-4000-8000-000000000001', NULL, 'grant', 0.5, now() - interval '6 days'),
    ('c0000000-0000-4000-8000-000000000002', NULL, 'grant', 2.5, now() - interval '6 days');
