--| title = "A column beside the balance says what is frozen for work in hand, and cannot be spent"
--| covers = [
--|     "balance: beside what is held", "balance: user_credits.credits", "deduct: no function", "ledger: credit_logs",
--|     "ledger: change_amount", "ledger: transaction_type", "ledger: spend", "price: cost",
--|     "webhook: n8n_webhook_url", "agent key: code", "execution: input", "execution: output",
--|     "execution: error_message", "execution: completed_at", "execution: credits_charged",
--|     "status: running completed failed cancelled", "status: an enum", "ids: bigint identity",
--| ]
--| balance_sql = "SELECT c.credits FROM user_credits c JOIN users u ON u.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM credit_logs l JOIN users u ON u.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT state::text FROM render_jobs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| takes_keys = false

CREATE TYPE job_state AS ENUM ('waiting', 'running', 'completed', 'failed', 'cancelled');
CREATE TYPE movement AS ENUM ('top_up', 'spend', 'refund', 'bonus');

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(254) NOT NULL UNIQUE,
    nickname varchar(40),
    locale varchar(8) NOT NULL DEFAULT 'en',
    joined_at timestamptz NOT NULL DEFAULT now()
);
-- What a long video render may still cost is frozen when it is ordered, and taken when it is delivered.
CREATE TABLE user_credits (
    user_id bigint PRIMARY KEY REFERENCES users (id),
    credits numeric(12, 2) NOT NULL DEFAULT 0,
    frozen_credits numeric(12, 2) NOT NULL DEFAULT 0 CHECK (frozen_credits >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT never_overdrawn CHECK (credits >= frozen_credits)
);
CREATE TABLE agents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(40) NOT NULL UNIQUE,
    name varchar(120) NOT NULL,
    cost numeric(12, 2) NOT NULL CHECK (cost > 0),
    n8n_webhook_url text NOT NULL,
    input_schema jsonb,
    enabled boolean NOT NULL DEFAULT true
);
CREATE TABLE render_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    agent_id bigint NOT NULL REFERENCES agents (id),
    state job_state NOT NULL DEFAULT 'waiting',
    input jsonb,
    output jsonb,
    error_message text,
    credits_charged numeric(12, 2),
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
CREATE TABLE credit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    job_id bigint REFERENCES render_jobs (id),
    transaction_type movement NOT NULL,
    change_amount numeric(12, 2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE credit_freezes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id),
    credits numeric(12, 2) NOT NULL, ordered_at timestamptz NOT NULL DEFAULT now(), released_at timestamptz);
CREATE TABLE storyboards (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES users (id), scenes jsonb NOT NULL DEFAULT '[]');
CREATE TABLE render_nodes (id integer PRIMARY KEY, host text NOT NULL, gpu text, last_seen_at timestamptz);

INSERT INTO users (email, nickname) VALUES ('ops@example.com', 'ops'), ('pat@example.com', 'pat');
-- Pat has 12 credits, but 8 of them are frozen.
INSERT INTO user_credits (user_id, credits, frozen_credits) VALUES (1, 100, 20), (2, 12, 8);
INSERT INTO credit_freezes (user_id, credits) VALUES (1, 20), (2, 8);
INSERT INTO agents (code, name, cost, n8n_webhook_url, enabled, input_schema) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('film', 'Film Maker', 60, '{webhook}/film', false, NULL);
INSERT INTO render_jobs (user_id, agent_id, state, output, error_message, credits_charged, created_at, completed_at) VALUES
    (1, 1, 'completed', '{"title": "Oak"}', NULL, 10, now() - interval '3 days', now() - interval '3 days'),
    (1, 2, 'failed', NULL, 'out of memory', 0, now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_logs (user_id, job_id, transaction_type, change_amount, created_at) VALUES
    (1, NULL, 'top_up', 110, now() - interval '4 days'), (1, 1, 'spend', -10, now() - interval '3 days'),
    (1, 2, 'spend', -5, now() - interval '2 days'), (1, 2, 'refund', 5, now() - interval '2 days'),
    (2, NULL, 'bonus', 12, now() - interval '1 day');
