--| title = "Row level security shows agentctl's role an empty marketplace, without an error"
--| covers = [
--|     "rights: rows hidden", "deduct: no function", "balance: profiles.credits integer",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: none", "execution: inputs", "execution: result", "execution: error",
--|     "execution: completed_at", "status: pending running success failed", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| role = true
--| migrates = false
--| finding = "rows-hidden"
--| told = "SQL: `BYPASSRLS` for agentctl's role"
--| settle_sql = "alter role {role} bypassrls"

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 0 check (credits >= 0),
  full_name text
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  credit_cost integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table agent_executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  inputs jsonb,
  result jsonb,
  error text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references agent_executions (id),
  type text not null check (type in ('usage', 'purchase', 'refund', 'bonus')),
  amount integer not null,
  created_at timestamptz not null default now()
);
create table saved_prompts (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), title text, body text);
create table shares (id uuid primary key default gen_random_uuid(), execution_id uuid references agent_executions (id), token text unique);
create table purchases (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), amount integer, type text);

alter table profiles enable row level security;
alter table agents enable row level security;
alter table agent_executions enable row level security;
alter table credit_transactions enable row level security;
-- For everybody the shop window; all else is for the web application's role, which no policy binds.
create policy everybody on agents for select using (true);

grant select, insert, update on all tables in schema public to {role};

insert into profiles (id, email, credits) values
  ('15000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('15000000-0000-4000-8000-000000000002', 'ivy@example.com', 3);
insert into agents (id, name, credit_cost, webhook_url, is_active, input_schema) values
  ('15100000-0000-4000-8000-000000000001', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('15100000-0000-4000-8000-000000000002', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('15100000-0000-4000-8000-000000000003', 'Ghost Writer', 9, '{webhook}/ghost', false, null);
insert into agent_executions (id, user_id, agent_id, status, result, created_at, completed_at) values
  ('15200000-0000-4000-8000-000000000001', '15000000-0000-4000-8000-000000000001', '15100000-0000-4000-8000-000000000001',
   'success', '{"title": "Dew"}', now() - interval '3 days', now() - interval '3 days'),
  ('15200000-0000-4000-8000-000000000002', '15000000-0000-4000-8000-000000000001', '15100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, execution_id, type, amount, created_at) values
  ('15000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('15000000-0000-4000-8000-000000000001', '15200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('15000000-0000-4000-8000-000000000001', '15200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('15000000-0000-4000-8000-000000000001', '15200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('15000000-0000-4000-8000-000000000002', null, 'bonus', 3, now() - interval '1 day');
