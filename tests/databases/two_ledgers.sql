--| title = "A new ledger was started and never finished: either of two tables could be the ledger"
--| covers = [
--|     "trap: ambiguous role", "deduct: no function", "balance: profiles.credits integer",
--|     "ledger: credit_transactions", "ledger: credit_logs", "ledger: amount", "ledger: type", "ledger: usage",
--|     "price: credit_cost", "webhook: webhook_url", "agent key: slug", "execution: input", "execution: output",
--|     "execution: error", "status: pending running success failed", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| finding = "role-ambiguous"
--| told = "which of the two is the ledger"
--| settle = '''ledger.table = "public.credit_transactions"'''

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text unique not null,
  credits int not null default 0,
  created_at timestamptz default now()
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text unique not null,
  name text not null,
  credit_cost int not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean default true
);
create table agent_executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz default now()
);
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references agent_executions (id),
  type text not null check (type in ('purchase', 'usage', 'refund', 'bonus')),
  amount int not null,
  created_at timestamptz default now()
);
-- v2, see the ticket "move billing to the new table"; the nightly job copies into it, most nights
create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references agent_executions (id),
  type text not null check (type in ('purchase', 'usage', 'refund', 'bonus')),
  amount int not null,
  created_at timestamptz default now()
);
create table payments (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), amount int, type text, provider text);
create table affiliates (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), code text unique, commission int);
create table coupons (code text primary key, credits int not null, expires_at timestamptz);
create table coupon_redemptions (code text references coupons (code), user_id uuid references profiles (id), primary key (code, user_id));
create table feature_flags (name text primary key, enabled boolean default false);

insert into profiles (id, email, credits) values
  ('e0000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('e0000000-0000-4000-8000-000000000002', 'sam@example.com', 1);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('e1000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true,
   '[{"name": "topic", "type": "text", "required": true}]'),
  ('e1000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('e1000000-0000-4000-8000-000000000003', 'memes', 'Meme Maker', 5, '{webhook}/memes', false, null);
insert into agent_executions (id, user_id, agent_id, status, output, created_at) values
  ('e2000000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 'e1000000-0000-4000-8000-000000000001',
   'success', '{"title": "Ink"}', now() - interval '9 days'),
  ('e2000000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000001', 'e1000000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '8 days');
insert into credit_transactions (user_id, execution_id, type, amount, created_at) values
  ('e0000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '10 days'),
  ('e0000000-0000-4000-8000-000000000001', 'e2000000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '9 days'),
  ('e0000000-0000-4000-8000-000000000001', 'e2000000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '8 days'),
  ('e0000000-0000-4000-8000-000000000001', 'e2000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '8 days'),
  ('e0000000-0000-4000-8000-000000000002', null, 'bonus', 1, now() - interval '8 days');
insert into credit_logs (user_id, execution_id, type, amount, created_at)
  select user_id, execution_id, type, amount, created_at from credit_transactions where type <> 'bonus';
