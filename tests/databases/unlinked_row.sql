--| title = "The function writes the ledger row without naming the execution; it returns -1 where credits are missing"
--| covers = [
--|     "deduct: returns -1", "deduct: writes an unlinked row", "deduct: takes operation type",
--|     "balance: user_credits.credits", "ledger: credit_transactions", "ledger: amount", "ledger: transaction_type",
--|     "ledger: usage", "price: credit_cost", "webhook: webhook_url", "agent key: slug", "execution: input_data",
--|     "execution: output_data", "execution: error_message", "execution: completed_at",
--|     "status: running completed failed cancelled", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT c.credits FROM user_credits c JOIN users u ON u.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email VARCHAR(255) UNIQUE NOT NULL,
    full_name VARCHAR(255),
    role VARCHAR(20) DEFAULT 'customer',
    email_verified BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE user_credits (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID UNIQUE NOT NULL REFERENCES users(id),
    credits INTEGER NOT NULL DEFAULT 0 CHECK (credits >= 0),
    total_earned INTEGER NOT NULL DEFAULT 0,
    total_spent INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE agent_categories (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), name VARCHAR(60), slug VARCHAR(60) UNIQUE);
CREATE TABLE agents (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    slug VARCHAR(100) UNIQUE NOT NULL,
    name VARCHAR(200) NOT NULL,
    category_id UUID REFERENCES agent_categories(id),
    credit_cost INTEGER NOT NULL DEFAULT 1,
    webhook_url TEXT,
    input_schema JSONB DEFAULT '[]'::jsonb,
    is_active BOOLEAN DEFAULT TRUE,
    is_featured BOOLEAN DEFAULT FALSE,
    total_runs INTEGER DEFAULT 0
);

CREATE TABLE agent_executions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users(id),
    agent_id UUID NOT NULL REFERENCES agents(id),
    status VARCHAR(20) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    input_data JSONB DEFAULT '{}'::jsonb,
    output_data JSONB,
    error_message TEXT,
    execution_time_ms INTEGER,
    created_at TIMESTAMPTZ DEFAULT NOW(),
    completed_at TIMESTAMPTZ
);

CREATE TABLE credit_transactions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users(id),
    amount INTEGER NOT NULL,
    transaction_type VARCHAR(30) NOT NULL CHECK (transaction_type IN ('purchase', 'usage', 'refund', 'bonus', 'referral')),
    description TEXT,
    execution_id UUID REFERENCES agent_executions(id),
    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE referrals (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), referrer_id UUID REFERENCES users(id), referred_id UUID REFERENCES users(id));
CREATE TABLE credit_packages (id UUID PRIMARY KEY DEFAULT gen_random_uuid(), name TEXT, credits INTEGER NOT NULL, price NUMERIC(10,2) NOT NULL);
CREATE TABLE password_resets (token TEXT PRIMARY KEY, user_id UUID REFERENCES users(id), expires_at TIMESTAMPTZ);

CREATE OR REPLACE FUNCTION deduct_user_credits(p_user_id UUID, p_amount INTEGER, p_operation_type VARCHAR, p_description TEXT DEFAULT NULL)
RETURNS INTEGER AS $$
DECLARE
    current_credits INTEGER;
BEGIN
    SELECT credits INTO current_credits FROM user_credits WHERE user_id = p_user_id FOR UPDATE;
    IF current_credits IS NULL OR current_credits < p_amount THEN
        RETURN -1;
    END IF;
    UPDATE user_credits SET credits = credits - p_amount, total_spent = total_spent + p_amount WHERE user_id = p_user_id;
    INSERT INTO credit_transactions (user_id, amount, transaction_type, description)
    VALUES (p_user_id, -p_amount, 'usage', COALESCE(p_description, p_operation_type));
    RETURN current_credits - p_amount;
END;
$$ LANGUAGE plpgsql SECURITY DEFINER;

INSERT INTO users (id, email) VALUES
    ('20000000-0000-4000-8000-000000000001', 'ops@example.com'), ('20000000-0000-4000-8000-000000000002', 'ravi@example.com');
INSERT INTO user_credits (user_id, credits) VALUES
    ('20000000-0000-4000-8000-000000000001', 100), ('20000000-0000-4000-8000-000000000002', 3);
INSERT INTO agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) VALUES
    ('21000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', TRUE,
     '[{"name": "topic", "type": "text", "label": "Topic", "required": true}]'),
    ('21000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', TRUE, '[]'),
    ('21000000-0000-4000-8000-000000000003', 'lead-finder', 'Lead Finder', 20, NULL, FALSE, '[]');
INSERT INTO agent_executions (id, user_id, agent_id, status, output_data, created_at, completed_at) VALUES
    ('22000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '21000000-0000-4000-8000-000000000001',
     'completed', '{"title": "Oak"}', NOW() - INTERVAL '3 days', NOW() - INTERVAL '3 days'),
    ('22000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000001', '21000000-0000-4000-8000-000000000002',
     'failed', NULL, NOW() - INTERVAL '2 days', NOW() - INTERVAL '2 days');
INSERT INTO credit_transactions (user_id, amount, transaction_type, execution_id, created_at) VALUES
    ('20000000-0000-4000-8000-000000000001', 110, 'purchase', NULL, NOW() - INTERVAL '4 days'),
    ('20000000-0000-4000-8000-000000000001', -10, 'usage', '22000000-0000-4000-8000-000000000001', NOW() - INTERVAL '3 days'),
    ('20000000-0000-4000-8000-000000000001', -5, 'usage', '22000000-0000-4000-8000-000000000002', NOW() - INTERVAL '2 days'),
    ('20000000-0000-4000-8000-000000000001', 5, 'refund', '22000000-0000-4000-8000-000000000002', NOW() - INTERVAL '2 days'),
    ('20000000-0000-4000-8000-000000000002', 3, 'referral', NULL, NOW() - INTERVAL '1 day');
