--| title = "Nothing has been run yet: no row shows whether the ledger counts charges as plus or minus"
--| covers = [
--|     "trap: sign unknown", "deduct: no function", "balance: user_credits.credits", "ledger: credit_transactions",
--|     "ledger: amount", "ledger: type", "ledger: spend", "price: credit_cost", "webhook: webhook_url",
--|     "agent key: code", "execution: input", "execution: result", "execution: error", "execution: finished_at",
--|     "status: queued succeeded error", "status: an enum", "ids: uuid",
--| ]
--| balance_sql = "SELECT c.credits FROM user_credits c JOIN users u ON u.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }
--| finding = "sign-unknown"
--| told = "whether charges are negative"
--| settle = '''ledger.sign = "signed"'''

CREATE TYPE run_status AS ENUM ('queued', 'running', 'succeeded', 'error');
CREATE TYPE transaction_kind AS ENUM ('purchase', 'spend', 'refund', 'bonus');

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    invited_by uuid REFERENCES users (id),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE user_credits (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    credits integer NOT NULL CHECK (credits >= 0)
);
CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    description text,
    credit_cost integer NOT NULL CHECK (credit_cost > 0),
    webhook_url text NOT NULL,
    input_schema jsonb NOT NULL DEFAULT '[]',
    is_active boolean NOT NULL DEFAULT false
);
CREATE TABLE agent_runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    status run_status NOT NULL DEFAULT 'queued',
    input jsonb,
    result jsonb,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz
);
CREATE TABLE credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    run_id uuid REFERENCES agent_runs (id),
    type transaction_kind NOT NULL,
    amount integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE waiting_list (email text PRIMARY KEY, invited_at timestamptz);
CREATE TABLE launch_offers (code text PRIMARY KEY, credits integer NOT NULL, amount numeric(8,2) NOT NULL, ends_on date);
CREATE TABLE press_contacts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, outlet text, status text DEFAULT 'new');

INSERT INTO users (id, email, name) VALUES
    ('16000000-0000-4000-8000-000000000001', 'ops@example.com', 'Ops'), ('16000000-0000-4000-8000-000000000002', 'ada@example.com', 'Ada');
INSERT INTO user_credits (user_id, credits) VALUES
    ('16000000-0000-4000-8000-000000000001', 100), ('16000000-0000-4000-8000-000000000002', 2);
INSERT INTO agents (id, code, name, credit_cost, webhook_url, is_active, input_schema) VALUES
    ('16100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('16100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
    ('16100000-0000-4000-8000-000000000003', 'soon', 'Coming Soon', 5, '{webhook}/soon', false, '[]');
INSERT INTO credit_transactions (user_id, type, amount) VALUES
    ('16000000-0000-4000-8000-000000000001', 'purchase', 100), ('16000000-0000-4000-8000-000000000002', 'bonus', 2);
