--| title = "Made by Laravel: a ledger of morphs, where a class and an id say together what an entry is about"
--| covers = [
--|     "ledger: link beside a class", "deduct: no function", "balance: users.credits", "ledger: credit_transactions",
--|     "ledger: amount", "ledger: type", "ledger: debit", "price: credit_cost", "webhook: webhook_url",
--|     "agent key: slug", "execution: input", "execution: output", "execution: error", "execution: finished_at",
--|     "status: pending running success failed", "times: without time zone", "ids: bigserial",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| takes_keys = false
--| finding = "ledger-unlinked"
--| told = "SQL: the ledger gets a column for the execution"
--| also_found = ["link-shared"]
--| settle_sql = "ALTER TABLE public.credit_transactions ADD COLUMN execution_id bigint"

CREATE TABLE migrations (id serial PRIMARY KEY, migration varchar(255) NOT NULL, batch integer NOT NULL);
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL,
    email_verified_at timestamp(0) without time zone NULL,
    password varchar(255) NOT NULL,
    credits integer NOT NULL DEFAULT 0,
    remember_token varchar(100) NULL,
    created_at timestamp(0) without time zone NULL,
    updated_at timestamp(0) without time zone NULL,
    CONSTRAINT users_email_unique UNIQUE (email)
);
CREATE TABLE password_reset_tokens (email varchar(255) PRIMARY KEY, token varchar(255) NOT NULL, created_at timestamp(0) without time zone NULL);
CREATE TABLE jobs (id bigserial PRIMARY KEY, queue varchar(255) NOT NULL, payload text NOT NULL, attempts smallint NOT NULL, reserved_at integer NULL, available_at integer NOT NULL, created_at integer NOT NULL);
CREATE TABLE failed_jobs (id bigserial PRIMARY KEY, uuid varchar(255) NOT NULL UNIQUE, connection text NOT NULL, queue text NOT NULL, payload text NOT NULL, exception text NOT NULL, failed_at timestamp(0) without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE agents (
    id bigserial PRIMARY KEY,
    slug varchar(255) NOT NULL UNIQUE,
    name varchar(255) NOT NULL,
    description text NULL,
    credit_cost integer NOT NULL DEFAULT 1,
    webhook_url varchar(2048) NOT NULL,
    input_schema json NULL,
    is_active boolean NOT NULL DEFAULT true,
    deleted_at timestamp(0) without time zone NULL,
    created_at timestamp(0) without time zone NULL,
    updated_at timestamp(0) without time zone NULL
);
CREATE TABLE agent_runs (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    agent_id bigint NOT NULL,
    status varchar(255) NOT NULL DEFAULT 'pending',
    input json NULL,
    output json NULL,
    error text NULL,
    finished_at timestamp(0) without time zone NULL,
    created_at timestamp(0) without time zone NULL,
    updated_at timestamp(0) without time zone NULL,
    CONSTRAINT agent_runs_status_check CHECK (status::text = ANY (ARRAY['pending'::text, 'running'::text, 'success'::text, 'failed'::text])),
    CONSTRAINT agent_runs_user_id_foreign FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT agent_runs_agent_id_foreign FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
);
CREATE TABLE purchases (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), stripe_id varchar(255) NULL, credits integer NOT NULL, total numeric(8, 2) NOT NULL, created_at timestamp(0) without time zone NULL, updated_at timestamp(0) without time zone NULL);
CREATE TABLE credit_transactions (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    type varchar(255) NOT NULL CHECK (type IN ('credit', 'debit', 'refund', 'bonus')),
    amount integer NOT NULL,
    source_type varchar(255) NULL,
    source_id bigint NULL,
    created_at timestamp(0) without time zone NULL,
    updated_at timestamp(0) without time zone NULL
);
CREATE INDEX credit_transactions_source_type_source_id_index ON credit_transactions (source_type, source_id);

INSERT INTO users (name, email, password, credits, created_at, updated_at) VALUES
    ('Ops', 'ops@example.com', '!', 100, now(), now()), ('Lea', 'lea@example.com', '!', 6, now(), now());
INSERT INTO agents (slug, name, credit_cost, webhook_url, is_active, input_schema, created_at, updated_at) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]', now(), now()),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, NULL, now(), now()),
    ('janitor', 'Janitor', 4, '{webhook}/janitor', false, NULL, now(), now());
INSERT INTO purchases (user_id, stripe_id, credits, total, created_at) VALUES (1, 'cs_1', 110, 11, now() - interval '4 days');
INSERT INTO agent_runs (user_id, agent_id, status, output, created_at, updated_at, finished_at) VALUES
    (1, 1, 'success', '{"title": "Egg"}', now() - interval '3 days', now(), now() - interval '3 days'),
    (1, 2, 'failed', NULL, now() - interval '2 days', now(), now() - interval '2 days');
-- The purchase and the first run have the same number: the class tells them apart.
INSERT INTO credit_transactions (user_id, type, amount, source_type, source_id, created_at, updated_at) VALUES
    (1, 'credit', 110, 'App\Models\Purchase', 1, now() - interval '4 days', now()),
    (1, 'debit', -10, 'App\Models\AgentRun', 1, now() - interval '3 days', now()),
    (1, 'debit', -5, 'App\Models\AgentRun', 2, now() - interval '2 days', now()),
    (1, 'refund', 5, 'App\Models\AgentRun', 2, now() - interval '2 days', now()),
    (2, 'bonus', 6, NULL, NULL, now() - interval '1 day', now());
