--| title = "A trigger refuses every execution that does not say which application it came from"
--| covers = [
--|     "trap: trigger", "deduct: returns boolean", "balance: users.credits", "ledger: credit_transactions",
--|     "ledger: delta", "ledger: type", "ledger: spend", "price: price", "webhook: webhook_url", "agent key: slug",
--|     "execution: input", "execution: output", "execution: error", "execution: completed_at",
--|     "status: running completed failed cancelled", "status: an enum", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM executions WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| finding = "trigger-present"
--| told = "an origin that the trigger accepts"
--| stays = true
--| settle = '''executions.constant.origin = "internal"'''

CREATE TYPE execution_status AS ENUM ('pending', 'running', 'completed', 'failed', 'cancelled');

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0),
    is_staff boolean NOT NULL DEFAULT false
);
CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    price integer NOT NULL,
    webhook_url text NOT NULL,
    input_schema jsonb,
    is_active boolean NOT NULL DEFAULT true
);
CREATE TABLE executions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    status execution_status NOT NULL DEFAULT 'pending',
    input jsonb,
    output jsonb,
    error text,
    origin text,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
CREATE TABLE credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    execution_id uuid REFERENCES executions (id),
    type text NOT NULL CHECK (type IN ('purchase', 'spend', 'refund', 'promo')),
    delta integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE execution_events (id bigserial PRIMARY KEY, execution_id uuid REFERENCES executions (id), event text, at timestamptz DEFAULT now());
CREATE TABLE allowed_origins (origin text PRIMARY KEY, contact text);
CREATE TABLE blocked_ips (ip inet PRIMARY KEY, reason text);

CREATE FUNCTION check_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM allowed_origins a WHERE a.origin = NEW.origin) THEN
        RAISE EXCEPTION 'origin % is not allowed', coalesce(NEW.origin, 'NULL') USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_origin BEFORE INSERT ON executions FOR EACH ROW EXECUTE FUNCTION check_origin();

CREATE FUNCTION debit_credits(user_id uuid, amount integer, execution_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users u SET credits = u.credits - $2 WHERE u.id = $1 AND u.credits >= $2;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO credit_transactions (user_id, execution_id, type, delta) VALUES ($1, $3, 'spend', -$2);
    RETURN true;
END $$;

INSERT INTO allowed_origins (origin, contact) VALUES ('web', 'web team'), ('internal', 'operations');
INSERT INTO users (id, email, credits) VALUES
    ('90000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('90000000-0000-4000-8000-000000000002', 'gus@example.com', 1);
INSERT INTO agents (id, slug, name, price, webhook_url, is_active, input_schema) VALUES
    ('91000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('91000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('91000000-0000-4000-8000-000000000003', 'sales', 'Sales Mailer', 5, '{webhook}/sales', false, NULL);
INSERT INTO executions (id, user_id, agent_id, status, output, origin, created_at, completed_at) VALUES
    ('92000000-0000-4000-8000-000000000001', '90000000-0000-4000-8000-000000000001', '91000000-0000-4000-8000-000000000001',
     'completed', '{"title": "Jam"}', 'web', now() - interval '3 days', now() - interval '3 days'),
    ('92000000-0000-4000-8000-000000000002', '90000000-0000-4000-8000-000000000001', '91000000-0000-4000-8000-000000000002',
     'failed', NULL, 'web', now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_transactions (user_id, execution_id, type, delta, created_at) VALUES
    ('90000000-0000-4000-8000-000000000001', NULL, 'purchase', 110, now() - interval '4 days'),
    ('90000000-0000-4000-8000-000000000001', '92000000-0000-4000-8000-000000000001', 'spend', -10, now() - interval '3 days'),
    ('90000000-0000-4000-8000-000000000001', '92000000-0000-4000-8000-000000000002', 'spend', -5, now() - interval '2 days'),
    ('90000000-0000-4000-8000-000000000001', '92000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
    ('90000000-0000-4000-8000-000000000002', NULL, 'promo', 1, now() - interval '1 day');
