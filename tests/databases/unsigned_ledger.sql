--| title = "The ledger has no negative amounts: a row's kind says what it is, debit or credit"
--| covers = [
--|     "ledger: unsigned", "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: debit",
--|     "deduct: jsonb with success", "deduct: takes reason and metadata", "balance: users.credits",
--|     "price: price", "webhook: webhook_url", "agent key: slug", "execution: input_data", "execution: output_data",
--|     "execution: error", "execution: finished_at", "execution: credits_charged",
--|     "status: running completed failed cancelled", "status: a CHECK", "ids: bigserial",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(CASE type WHEN 'debit' THEN -amount ELSE amount END) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| takes_keys = false

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email varchar(200) NOT NULL UNIQUE,
    credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0),
    remember_token varchar(100),
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);
CREATE TABLE agents (
    id bigserial PRIMARY KEY,
    slug varchar(100) NOT NULL UNIQUE,
    name varchar(100) NOT NULL,
    price integer NOT NULL,
    webhook_url varchar(2048) NOT NULL,
    input_schema jsonb,
    is_active boolean NOT NULL DEFAULT true,
    deleted_at timestamptz,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);
CREATE TABLE agent_runs (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    agent_id bigint NOT NULL REFERENCES agents (id),
    status varchar(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    input_data jsonb,
    output_data jsonb,
    error text,
    credits_charged integer NOT NULL DEFAULT 0,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    finished_at timestamptz
);
CREATE TABLE credit_transactions (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    agent_run_id bigint REFERENCES agent_runs (id),
    type varchar(10) NOT NULL CHECK (type IN ('debit', 'credit', 'refund', 'bonus')),
    amount integer NOT NULL CHECK (amount > 0),
    reason varchar(200),
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz DEFAULT now()
);
CREATE TABLE failed_jobs (id bigserial PRIMARY KEY, uuid varchar(36), queue text, payload text, exception text, failed_at timestamptz DEFAULT now());
CREATE TABLE jobs (id bigserial PRIMARY KEY, queue varchar(255) NOT NULL, payload text NOT NULL, attempts smallint NOT NULL, created_at integer NOT NULL);
CREATE TABLE migrations (id serial PRIMARY KEY, migration varchar(255) NOT NULL, batch integer NOT NULL);
CREATE TABLE personal_access_tokens (id bigserial PRIMARY KEY, tokenable_id bigint, name text, token varchar(64) UNIQUE);
CREATE TABLE subscriptions (id bigserial PRIMARY KEY, user_id bigint REFERENCES users (id), type varchar(30), stripe_status varchar(30), quantity integer);

CREATE FUNCTION deduct_credits(p_user_id bigint, p_amount integer, p_reason text DEFAULT 'agent run', p_metadata jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_credits integer;
BEGIN
    UPDATE users SET credits = credits - p_amount, updated_at = now() WHERE id = p_user_id AND credits >= p_amount
    RETURNING credits INTO v_credits;
    IF v_credits IS NULL THEN
        RETURN '{"success": false, "error": "INSUFFICIENT_CREDITS"}';
    END IF;
    INSERT INTO credit_transactions (user_id, agent_run_id, type, amount, reason, metadata)
    VALUES (p_user_id, (p_metadata ->> 'agent_run_id')::bigint, 'debit', p_amount, p_reason, p_metadata);
    RETURN jsonb_build_object('success', true, 'credits', v_credits);
END $$;

INSERT INTO users (email, credits) VALUES ('ops@example.com', 100), ('max@example.com', 5);
INSERT INTO agents (slug, name, price, webhook_url, is_active, input_schema) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('translator', 'Translator', 2, '{webhook}/translator', false, NULL);
INSERT INTO agent_runs (user_id, agent_id, status, output_data, credits_charged, created_at, finished_at) VALUES
    (1, 1, 'completed', '{"title": "Yew"}', 10, now() - interval '3 days', now() - interval '3 days'),
    (1, 2, 'failed', NULL, 0, now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_transactions (user_id, agent_run_id, type, amount, reason, created_at) VALUES
    (1, NULL, 'credit', 110, 'order 4711', now() - interval '4 days'),
    (1, 1, 'debit', 10, 'agent run', now() - interval '3 days'),
    (1, 2, 'debit', 5, 'agent run', now() - interval '2 days'),
    (1, 2, 'refund', 5, 'failed run', now() - interval '2 days'),
    (2, NULL, 'bonus', 5, 'welcome', now() - interval '1 day');
