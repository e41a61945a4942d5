--| title = "The table was renamed and a view has its old name: the view accepts rows, but no new columns"
--| covers = [
--|     "trap: view", "deduct: new balance, NULL is not enough", "balance: profiles.credits integer",
--|     "ledger: credit_logs", "ledger: amount", "ledger: type", "ledger: use", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: result", "execution: error",
--|     "status: queued succeeded error", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_logs l JOIN profiles p ON p.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }
--| finding = "status-unmapped"
--| told = "which word stands for which state: agentctl reads no rows through a view to find out"
--| settle = '''executions.statuses = { pending = "queued", running = "running", success = "succeeded", failed = "error" }'''
--| takes_keys = false
--| migrates = false

create schema storage_v2;

create table profiles (id uuid primary key default gen_random_uuid(), email text not null unique, credits integer not null default 0);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);

create table storage_v2.events_archive (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'error')),
  inputs jsonb,
  result jsonb,
  error text,
  created_at timestamptz not null default now(),
  shard smallint not null default 0
);
create view agent_executions as
  select id, user_id, agent_id, status, inputs, result, error, created_at from storage_v2.events_archive;

create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references storage_v2.events_archive (id),
  type text not null check (type in ('use', 'refund', 'buy', 'bonus')),
  amount integer not null check (amount <> 0),
  created_at timestamptz not null default now()
);
create table teams (id uuid primary key default gen_random_uuid(), name text);
create table team_members (team_id uuid references teams (id), user_id uuid references profiles (id), primary key (team_id, user_id));
create table email_log (id bigserial primary key, recipient text, subject text, status text, sent_at timestamptz);
create view active_agents as select id, slug, name, credit_cost from agents where is_active;

create function deduct_credits(p_user_id uuid, p_amount integer, p_execution_id uuid default null) returns integer language sql as $$
  with paid as (
    update profiles set credits = credits - p_amount where id = p_user_id and credits >= p_amount returning credits
  ), logged as (
    insert into credit_logs (user_id, execution_id, type, amount)
    select p_user_id, p_execution_id, 'use', -p_amount from paid
  )
  select credits from paid
$$;

insert into profiles (id, email, credits) values
  ('80000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('80000000-0000-4000-8000-000000000002', 'lou@example.com', 8);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('81000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('81000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('81000000-0000-4000-8000-000000000003', 'rss', 'Feed Reader', 1, '{webhook}/rss', false, null);
insert into agent_executions (id, user_id, agent_id, status, result, created_at) values
  ('82000000-0000-4000-8000-000000000001', '80000000-0000-4000-8000-000000000001', '81000000-0000-4000-8000-000000000001',
   'succeeded', '{"title": "Hay"}', now() - interval '3 days'),
  ('82000000-0000-4000-8000-000000000002', '80000000-0000-4000-8000-000000000001', '81000000-0000-4000-8000-000000000002',
   'error', null, now() - interval '2 days');
insert into credit_logs (user_id, execution_id, type, amount, created_at) values
  ('80000000-0000-4000-8000-000000000001', null, 'buy', 110, now() - interval '4 days'),
  ('80000000-0000-4000-8000-000000000001', '82000000-0000-4000-8000-000000000001', 'use', -10, now() - interval '3 days'),
  ('80000000-0000-4000-8000-000000000001', '82000000-0000-4000-8000-000000000002', 'use', -5, now() - interval '2 days'),
  ('80000000-0000-4000-8000-000000000001', '82000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('80000000-0000-4000-8000-000000000002', null, 'bonus', 8, now() - interval '1 day');
