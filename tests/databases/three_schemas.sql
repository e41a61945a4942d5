--| title = "Three services share a database: people in core, money in billing, agents in ai, no key across the fences"
--| covers = [
--|     "trap: other schema", "keys: none across schemas", "deduct: returns a table", "balance: a wallet",
--|     "ledger: delta", "ledger: spend", "price: price", "webhook: webhook_url", "agent key: slug",
--|     "execution: inputs", "execution: result", "execution: error", "execution: finished_at",
--|     "status: pending running success failed", "status: an enum", "ids: uuid",
--| ]
--| balance_sql = "SELECT balance FROM billing.credit_accounts a JOIN core.users u ON u.id = a.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM billing.ledger_entries e JOIN core.users u ON u.id = e.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM ai.runs WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

CREATE SCHEMA core;
CREATE SCHEMA billing;
CREATE SCHEMA ai;

CREATE TABLE core.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    display_name text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE core.api_keys (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES core.users, prefix text NOT NULL, digest bytea NOT NULL, revoked_at timestamptz);
CREATE TABLE core.feature_flags (name text PRIMARY KEY, enabled boolean NOT NULL DEFAULT false);

CREATE TABLE billing.credit_accounts (
    user_id uuid PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE billing.ledger_entries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    run_id uuid,
    kind text NOT NULL CHECK (kind IN ('purchase', 'spend', 'refund', 'grant')),
    delta bigint NOT NULL CHECK (delta <> 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE billing.invoices (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL, total_cents bigint NOT NULL, issued_at timestamptz NOT NULL DEFAULT now());

CREATE TYPE ai.run_status AS ENUM ('pending', 'running', 'success', 'failed');
CREATE TABLE ai.agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    price bigint NOT NULL CHECK (price > 0),
    webhook_url text NOT NULL,
    input_schema jsonb NOT NULL DEFAULT '[]',
    enabled boolean NOT NULL DEFAULT true
);
CREATE TABLE ai.runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    agent_id uuid NOT NULL REFERENCES ai.agents,
    status ai.run_status NOT NULL DEFAULT 'pending',
    inputs jsonb,
    result jsonb,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE TABLE ai.run_logs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id uuid NOT NULL REFERENCES ai.runs, level text, line text, at timestamptz NOT NULL DEFAULT now());

CREATE FUNCTION billing.debit_credits(p_user_id uuid, p_amount bigint, p_run_id uuid)
RETURNS TABLE (success boolean, new_balance bigint) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing.credit_accounts a SET balance = a.balance - p_amount WHERE a.user_id = p_user_id AND a.balance >= p_amount
    RETURNING a.balance INTO new_balance;
    success := FOUND;
    IF success THEN
        INSERT INTO billing.ledger_entries (user_id, run_id, kind, delta) VALUES (p_user_id, p_run_id, 'spend', -p_amount);
    END IF;
    RETURN NEXT;
END $$;

INSERT INTO core.users (id, email) VALUES
    ('26000000-0000-4000-8000-000000000001', 'ops@example.com'), ('26000000-0000-4000-8000-000000000002', 'bea@example.com');
INSERT INTO billing.credit_accounts (user_id, balance) VALUES
    ('26000000-0000-4000-8000-000000000001', 100), ('26000000-0000-4000-8000-000000000002', 2);
INSERT INTO ai.agents (id, slug, name, price, webhook_url, enabled, input_schema) VALUES
    ('26100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('26100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
    ('26100000-0000-4000-8000-000000000003', 'forecaster', 'Forecaster', 70, '{webhook}/forecast', false, '[]');
INSERT INTO ai.runs (id, user_id, agent_id, status, result, created_at, finished_at) VALUES
    ('26200000-0000-4000-8000-000000000001', '26000000-0000-4000-8000-000000000001', '26100000-0000-4000-8000-000000000001',
     'success', '{"title": "Jam"}', now() - interval '3 days', now() - interval '3 days'),
    ('26200000-0000-4000-8000-000000000002', '26000000-0000-4000-8000-000000000001', '26100000-0000-4000-8000-000000000002',
     'failed', NULL, now() - interval '2 days', now() - interval '2 days');
INSERT INTO billing.ledger_entries (user_id, run_id, kind, delta, created_at) VALUES
    ('26000000-0000-4000-8000-000000000001', NULL, 'purchase', 110, now() - interval '4 days'),
    ('26000000-0000-4000-8000-000000000001', '26200000-0000-4000-8000-000000000001', 'spend', -10, now() - interval '3 days'),
    ('26000000-0000-4000-8000-000000000001', '26200000-0000-4000-8000-000000000002', 'spend', -5, now() - interval '2 days'),
    ('26000000-0000-4000-8000-000000000001', '26200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
    ('26000000-0000-4000-8000-000000000002', NULL, 'grant', 2, now() - interval '1 day');
