--| title = "agentctl connects as a role that may read everything and write next to nothing"
--| covers = [
--|     "rights: too few", "deduct: returns void", "balance: users.credits", "ledger: credit_transactions",
--|     "ledger: amount", "ledger: type", "ledger: usage", "price: cost", "webhook: webhook_url", "agent key: slug",
--|     "execution: inputs", "execution: result", "execution: error", "execution: completed_at",
--|     "status: pending running success failed", "status: a CHECK", "ids: bigserial",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| takes_keys = false
--| role = true
--| migrates = false
--| finding = "table-denied"
--| told = "SQL: the missing grants for agentctl's role"
--| also_found = ["column-denied", "sequence-denied", "function-denied"]
--| settle_sql = '''
--| GRANT INSERT ON credit_transactions TO {role};
--| GRANT UPDATE (credits) ON users TO {role};
--| GRANT UPDATE ON agent_executions TO {role};
--| GRANT USAGE ON SEQUENCE agent_executions_id_seq, credit_transactions_id_seq TO {role};
--| GRANT EXECUTE ON FUNCTION deduct_credits TO {role}
--| '''

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    credits integer NOT NULL DEFAULT 0,
    password_hash text,
    CONSTRAINT users_credits_check CHECK (credits >= 0)
);
CREATE TABLE agents (
    id bigserial PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    cost integer NOT NULL,
    webhook_url text NOT NULL,
    input_schema jsonb,
    is_active boolean NOT NULL DEFAULT true
);
CREATE TABLE agent_executions (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    agent_id bigint NOT NULL REFERENCES agents,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'success', 'failed')),
    inputs jsonb,
    result jsonb,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
CREATE TABLE credit_transactions (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    execution_id bigint REFERENCES agent_executions,
    type text NOT NULL CHECK (type IN ('usage', 'purchase', 'refund', 'bonus')),
    amount integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE access_reviews (id bigserial PRIMARY KEY, reviewer text, role_name text, approved boolean, at timestamptz);
CREATE TABLE data_requests (id bigserial PRIMARY KEY, user_id bigint REFERENCES users, kind text, status text DEFAULT 'open');
CREATE TABLE consents (user_id bigint REFERENCES users, purpose text, given_at timestamptz, PRIMARY KEY (user_id, purpose));

CREATE FUNCTION deduct_credits(p_user_id bigint, p_amount integer, p_execution_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE users SET credits = credits - p_amount WHERE id = p_user_id AND credits >= p_amount;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'insufficient credits';
    END IF;
    INSERT INTO credit_transactions (user_id, execution_id, type, amount) VALUES (p_user_id, p_execution_id, 'usage', -p_amount);
END $$;
REVOKE EXECUTE ON FUNCTION deduct_credits FROM PUBLIC;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
GRANT INSERT ON agent_executions TO {role};
GRANT UPDATE (is_active) ON agents TO {role};

INSERT INTO users (email, credits) VALUES ('ops@example.com', 100), ('jan@example.com', 1);
INSERT INTO agents (slug, name, cost, webhook_url, is_active, input_schema) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL),
    ('audit-bot', 'Audit Bot', 9, '{webhook}/audit-bot', false, NULL);
INSERT INTO agent_executions (user_id, agent_id, status, result, created_at, completed_at) VALUES
    (1, 1, 'success', '{"title": "Tar"}', now() - interval '3 days', now() - interval '3 days'),
    (1, 2, 'failed', NULL, now() - interval '2 days', now() - interval '2 days');
INSERT INTO credit_transactions (user_id, execution_id, type, amount, created_at) VALUES
    (1, NULL, 'purchase', 110, now() - interval '4 days'),
    (1, 1, 'usage', -10, now() - interval '3 days'),
    (1, 2, 'usage', -5, now() - interval '2 days'),
    (1, 2, 'refund', 5, now() - interval '2 days'),
    (2, NULL, 'bonus', 1, now() - interval '1 day');
