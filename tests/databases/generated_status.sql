--| title = "The status is a generated column: the database derives it from when a run ended and whether it left an error"
--| covers = [
--|     "trap: generated column", "deduct: no function", "balance: profiles.credits integer", "ledger: credit_logs",
--|     "ledger: credits_delta", "ledger: type", "ledger: usage", "price: credit_cost", "webhook: n8n_webhook_url",
--|     "agent key: slug", "execution: inputs", "execution: output", "execution: error_message",
--|     "execution: finished_at", "status: running completed failed cancelled", "status: no pending", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(credits_delta) FROM credit_logs l JOIN profiles p ON p.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| finding = "column-generated"
--| told = "SQL: the status becomes a plain column"
--| settle_sql = '''
--| alter table agent_runs alter status drop expression;
--| alter table agent_runs add check (status in ('running', 'completed', 'failed', 'cancelled'))
--| '''

create table profiles (id uuid primary key default gen_random_uuid(), email text unique not null, credits integer not null default 0);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text unique not null,
  name text not null,
  credit_cost integer not null,
  n8n_webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true,
  search tsvector generated always as (to_tsvector('english', name)) stored
);
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  inputs jsonb,
  output jsonb,
  error_message text,
  cancelled boolean not null default false,
  status text generated always as (
    case when cancelled then 'cancelled'
         when finished_at is null then 'running'
         when error_message is null then 'completed'
         else 'failed' end) stored,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  run_id uuid references agent_runs (id),
  type text not null check (type in ('usage', 'refund', 'purchase', 'bonus')),
  credits_delta integer not null,
  created_at timestamptz not null default now()
);
create table collections (id uuid primary key default gen_random_uuid(), name text, slug text unique, owner_id uuid references profiles (id));
create table collection_agents (collection_id uuid references collections (id), agent_id uuid references agents (id), primary key (collection_id, agent_id));
create table follows (follower_id uuid references profiles (id), agent_id uuid references agents (id), primary key (follower_id, agent_id));
create table orders (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), amount numeric(10,2), status text,
  vat numeric(10,2) generated always as (amount * 0.19) stored);

insert into profiles (id, email, credits) values
  ('a0000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('a0000000-0000-4000-8000-000000000002', 'kai@example.com', 3);
insert into agents (id, slug, name, credit_cost, n8n_webhook_url, is_active, input_schema) values
  ('a1000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('a1000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('a1000000-0000-4000-8000-000000000003', 'podcast', 'Podcast Notes', 12, '{webhook}/podcast', false, null);
insert into agent_runs (id, user_id, agent_id, output, error_message, created_at, finished_at) values
  ('a2000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'a1000000-0000-4000-8000-000000000001',
   '{"title": "Map"}', null, now() - interval '3 days', now() - interval '3 days'),
  ('a2000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'a1000000-0000-4000-8000-000000000002',
   null, 'model overloaded', now() - interval '2 days', now() - interval '2 days');
insert into credit_logs (user_id, run_id, type, credits_delta, created_at) values
  ('a0000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('a0000000-0000-4000-8000-000000000002', null, 'bonus', 3, now() - interval '1 day');
