--| title = "Made by Rails: plurals, decimals, and times that only the application sets"
--| covers = [
--|     "trap: time without default", "times: without time zone", "deduct: no function", "balance: users.credits",
--|     "ledger: amount", "ledger: spend", "price: price", "webhook: webhook_url", "agent key: slug",
--|     "execution: input", "execution: output", "execution: error_message", "execution: finished_at",
--|     "execution: credits_charged", "status: queued succeeded error", "ids: bigserial",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_entries e JOIN users u ON u.id = e.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "failed" }
--| takes_keys = false

CREATE TABLE public.schema_migrations (version character varying NOT NULL PRIMARY KEY);
CREATE TABLE public.ar_internal_metadata (
    key character varying NOT NULL PRIMARY KEY,
    value character varying,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE TABLE public.users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT ''::character varying NOT NULL,
    encrypted_password character varying DEFAULT ''::character varying NOT NULL,
    reset_password_token character varying,
    sign_in_count integer DEFAULT 0 NOT NULL,
    credits numeric(12,2) DEFAULT 0.0 NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE TABLE public.agents (
    id bigserial PRIMARY KEY,
    slug character varying NOT NULL,
    name character varying NOT NULL,
    blurb text,
    price numeric(12,2) NOT NULL,
    webhook_url character varying NOT NULL,
    form_fields jsonb DEFAULT '[]'::jsonb NOT NULL,
    published boolean DEFAULT false NOT NULL,
    runs_count integer DEFAULT 0 NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE TABLE public.runs (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    agent_id bigint NOT NULL,
    status character varying DEFAULT 'queued'::character varying NOT NULL,
    input jsonb,
    output jsonb,
    error_message text,
    credits_charged numeric(12,2),
    finished_at timestamp(6) without time zone,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE TABLE public.credit_entries (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    run_id bigint,
    kind character varying NOT NULL,
    amount numeric(12,2) NOT NULL,
    note character varying,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE TABLE public.active_storage_blobs (id bigserial PRIMARY KEY, key character varying NOT NULL UNIQUE, filename character varying NOT NULL, byte_size bigint NOT NULL, created_at timestamp(6) without time zone NOT NULL);
CREATE TABLE public.friendly_id_slugs (id bigserial PRIMARY KEY, slug character varying NOT NULL, sluggable_id integer NOT NULL, sluggable_type character varying(50));
CREATE TABLE public.reviews (id bigserial PRIMARY KEY, user_id bigint NOT NULL, agent_id bigint NOT NULL, stars integer, body text, created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL);

CREATE UNIQUE INDEX index_users_on_email ON public.users USING btree (email);
CREATE UNIQUE INDEX index_agents_on_slug ON public.agents USING btree (slug);
CREATE INDEX index_runs_on_user_id ON public.runs USING btree (user_id);
CREATE INDEX index_runs_on_agent_id ON public.runs USING btree (agent_id);
CREATE INDEX index_credit_entries_on_user_id ON public.credit_entries USING btree (user_id);
ALTER TABLE ONLY public.runs ADD CONSTRAINT fk_rails_a4b1c0 FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.runs ADD CONSTRAINT fk_rails_9d27ef FOREIGN KEY (agent_id) REFERENCES public.agents(id);
ALTER TABLE ONLY public.credit_entries ADD CONSTRAINT fk_rails_51c3aa FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.credit_entries ADD CONSTRAINT fk_rails_0e66d4 FOREIGN KEY (run_id) REFERENCES public.runs(id);
ALTER TABLE ONLY public.reviews ADD CONSTRAINT fk_rails_74a66b FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.reviews ADD CONSTRAINT fk_rails_c15b5e FOREIGN KEY (agent_id) REFERENCES public.agents(id);

INSERT INTO users (email, credits, created_at, updated_at) VALUES ('ops@example.com', 100, now(), now()), ('kit@example.com', 2.75, now(), now());
INSERT INTO agents (slug, name, price, webhook_url, published, form_fields, created_at, updated_at) VALUES
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]', now(), now()),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]', now(), now()),
    ('sleepy', 'Sleepy', 1.5, '{webhook}/sleepy', false, '[]', now(), now());
INSERT INTO runs (user_id, agent_id, status, output, error_message, credits_charged, created_at, updated_at, finished_at) VALUES
    (1, 1, 'succeeded', '{"title": "Ale"}', NULL, 10, now() - interval '3 days', now(), now() - interval '3 days'),
    (1, 2, 'failed', NULL, 'Net::ReadTimeout', 0, now() - interval '2 days', now(), now() - interval '2 days');
INSERT INTO credit_entries (user_id, run_id, kind, amount, created_at, updated_at) VALUES
    (1, NULL, 'purchase', 110, now() - interval '4 days', now()),
    (1, 1, 'spend', -10, now() - interval '3 days', now()),
    (1, 2, 'spend', -5, now() - interval '2 days', now()),
    (1, 2, 'refund', 5, now() - interval '2 days', now()),
    (2, NULL, 'gift', 2.75, now() - interval '1 day', now());
