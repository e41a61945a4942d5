--| title = "The function only lowers the balance: the web application writes the ledger row afterwards"
--| covers = [
--|     "deduct: writes no ledger row", "balance: users.credits", "ledger: credit_logs", "ledger: delta",
--|     "ledger: transaction_type", "ledger: spend", "price: cost", "webhook: webhook_url", "agent key: none",
--|     "execution: input", "execution: result", "execution: error", "execution: finished_at",
--|     "execution: credits_used", "status: running completed failed cancelled", "status: an enum",
--|     "status: no pending", "ids: uuid", "times: without time zone",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM credit_logs l JOIN users u ON u.id = l.owner_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM agent_jobs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

CREATE TYPE job_status AS ENUM ('running', 'completed', 'failed', 'cancelled');
CREATE TYPE log_kind AS ENUM ('top_up', 'spend', 'refund', 'grant');

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text UNIQUE NOT NULL,
    credits integer NOT NULL DEFAULT 0,
    banned_until timestamp,
    created_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT enough CHECK (credits >= 0)
);

CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    description text NOT NULL DEFAULT '',
    cost integer NOT NULL,
    webhook_url text NOT NULL,
    input_schema json,
    active boolean NOT NULL DEFAULT true,
    vendor_id uuid REFERENCES users (id)
);

CREATE TABLE agent_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
    status job_status NOT NULL DEFAULT 'running',
    input json,
    result json,
    error text,
    credits_used integer,
    created_at timestamp NOT NULL DEFAULT now(),
    finished_at timestamp
);

CREATE TABLE credit_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES users (id),
    job_id uuid REFERENCES agent_jobs (id),
    transaction_type log_kind NOT NULL,
    delta integer NOT NULL,
    details text,
    created_at timestamp NOT NULL DEFAULT now()
);

CREATE TABLE vendor_payouts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), vendor_id uuid REFERENCES users (id), amount numeric(12,2), status text);
CREATE TABLE job_attachments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), job_id uuid REFERENCES agent_jobs (id), path text, bytes bigint);
CREATE TABLE rate_limits (user_id uuid, bucket text, hits integer DEFAULT 0, PRIMARY KEY (user_id, bucket));
CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamp DEFAULT now());

CREATE FUNCTION charge_credits(_user_id uuid, _credits integer) RETURNS integer LANGUAGE sql AS $$
    UPDATE users SET credits = credits - _credits WHERE id = _user_id AND credits >= _credits RETURNING credits
$$;

INSERT INTO users (id, email, credits) VALUES
    ('40000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('40000000-0000-4000-8000-000000000002', 'zoe@example.com', 5);
INSERT INTO agents (id, name, cost, webhook_url, active, input_schema) VALUES
    ('41000000-0000-4000-8000-000000000001', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('41000000-0000-4000-8000-000000000002', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('41000000-0000-4000-8000-000000000003', 'Voice Clone', 50, '{webhook}/voice', false, NULL);
INSERT INTO agent_jobs (id, owner_id, agent_id, status, result, credits_used, created_at, finished_at) VALUES
    ('42000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', '41000000-0000-4000-8000-000000000001',
     'completed', '{"title": "Elm"}', 10, now() - interval '3 days', now() - interval '3 days'),
    ('42000000-0000-4000-8000-000000000002', '40000000-0000-4000-8000-000000000001', '41000000-0000-4000-8000-000000000002',
     'failed', NULL, 0, now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_logs (owner_id, job_id, transaction_type, delta, created_at) VALUES
    ('40000000-0000-4000-8000-000000000001', NULL, 'top_up', 110, now() - interval '4 days'),
    ('40000000-0000-4000-8000-000000000001', '42000000-0000-4000-8000-000000000001', 'spend', -10, now() - interval '3 days'),
    ('40000000-0000-4000-8000-000000000001', '42000000-0000-4000-8000-000000000002', 'spend', -5, now() - interval '2 days'),
    ('40000000-0000-4000-8000-000000000001', '42000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
    ('40000000-0000-4000-8000-000000000002', NULL, 'grant', 5, now() - interval '1 day');
