--| title = "Serial ids, an enum for the status, a function that raises where credits are missing and returns nothing"
--| covers = [
--|     "deduct: raises an exception", "deduct: returns void", "balance: users.credits", "ledger: credit_logs",
--|     "ledger: delta", "ledger: type", "ledger: spend", "price: cost", "webhook: webhook_url", "agent key: slug",
--|     "execution: input", "execution: output", "execution: error", "execution: finished_at",
--|     "status: queued succeeded error", "status: an enum", "ids: bigserial",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM credit_logs JOIN users ON users.id = user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }

CREATE TYPE run_status AS ENUM ('queued', 'running', 'succeeded', 'error');

CREATE TABLE users (
    id BIGSERIAL PRIMARY KEY,
    email VARCHAR(320) NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    credits INTEGER NOT NULL DEFAULT 20,
    is_admin BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT credits_not_negative CHECK (credits >= 0)
);

CREATE TABLE agents (
    id BIGSERIAL PRIMARY KEY,
    slug VARCHAR(80) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    summary TEXT,
    cost INTEGER NOT NULL CHECK (cost >= 0),
    webhook_url TEXT NOT NULL,
    input_schema JSONB NOT NULL DEFAULT '{}',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    author_id BIGINT REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE agent_runs (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    agent_id BIGINT NOT NULL REFERENCES agents (id),
    status run_status NOT NULL DEFAULT 'queued',
    input JSONB,
    output JSONB,
    error TEXT,
    idempotency_key TEXT UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finished_at TIMESTAMPTZ
);

CREATE TABLE credit_logs (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    run_id BIGINT REFERENCES agent_runs (id),
    type VARCHAR(20) NOT NULL CHECK (type IN ('topup', 'spend', 'refund', 'gift')),
    delta INTEGER NOT NULL CHECK (delta <> 0),
    note TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE orders (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    amount INTEGER NOT NULL,
    type VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'open'
);
CREATE TABLE api_keys (id BIGSERIAL PRIMARY KEY, user_id BIGINT REFERENCES users (id), key TEXT NOT NULL, last_used TIMESTAMPTZ);
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id BIGINT REFERENCES users (id), expires_at TIMESTAMPTZ);
CREATE TABLE tags (id BIGSERIAL PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE agent_tags (agent_id BIGINT REFERENCES agents (id), tag_id BIGINT REFERENCES tags (id), PRIMARY KEY (agent_id, tag_id));

CREATE FUNCTION spend_credits(uid BIGINT, amount INTEGER, run BIGINT DEFAULT NULL) RETURNS VOID AS $$
BEGIN
    UPDATE users SET credits = credits - amount WHERE id = uid AND credits >= amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not enough credits' USING ERRCODE = 'P0001', HINT = 'Top up at /billing';
    END IF;
    INSERT INTO credit_logs (user_id, run_id, type, delta) VALUES (uid, run, 'spend', -amount);
END;
$$ LANGUAGE plpgsql;

INSERT INTO users (email, password_hash, credits) VALUES ('ops@example.com', 'x', 100), ('lee@example.com', 'x', 8);
INSERT INTO agents (slug, name, cost, webhook_url, enabled, input_schema) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', TRUE,
     '{"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]}'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', TRUE, '{}'),
    ('old-scraper', 'Old Scraper', 3, '{webhook}/old-scraper', FALSE, '{}');
INSERT INTO agent_runs (user_id, agent_id, status, output, error, created_at, finished_at) VALUES
    (1, 1, 'succeeded', '{"title": "Coffee"}', NULL, now() - interval '5 days', now() - interval '5 days'),
    (1, 2, 'error', NULL, 'upstream said no', now() - interval '4 days', now() - interval '4 days');
INSERT INTO credit_logs (user_id, run_id, type, delta, note, created_at) VALUES
    (1, NULL, 'gift', 20, 'welcome', now() - interval '9 days'),
    (1, NULL, 'topup', 90, 'order 1', now() - interval '6 days'),
    (1, 1, 'spend', -10, NULL, now() - interval '5 days'),
    (1, 2, 'spend', -5, NULL, now() - interval '4 days'),
    (1, 2, 'refund', 5, 'upstream said no', now() - interval '4 days'),
    (2, NULL, 'gift', 8, 'welcome', now() - interval '1 day');
