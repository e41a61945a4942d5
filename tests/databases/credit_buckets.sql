--| title = "The balance is the sum of credits that expire and credits that last; the function takes the expiring ones first"
--| covers = [
--|     "balance: computed from parts", "deduct: jsonb with success", "ledger: credit_transactions", "ledger: amount",
--|     "ledger: transaction_type", "ledger: usage", "price: credit_cost", "webhook: webhook_url", "agent key: slug",
--|     "execution: inputs", "execution: output", "execution: error_message", "execution: completed_at",
--|     "status: pending running success failed", "status: a CHECK", "trap: generated column", "ids: uuid",
--| ]
--| balance_sql = "SELECT balance FROM user_credits c JOIN profiles p ON p.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| finding = "balance-derived"
--| told = "which part of the balance refunds and grants go to"
--| settle = '''balances.balance_part = "permanent_credits"'''

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  plan text not null default 'starter' check (plan in ('starter', 'pro', 'team')),
  created_at timestamptz not null default now()
);
-- The plan's credits go at the end of the month; bought ones stay.
create table user_credits (
  user_id uuid primary key references profiles (id) on delete cascade,
  expiring_credits integer not null default 0 check (expiring_credits >= 0),
  permanent_credits integer not null default 0 check (permanent_credits >= 0),
  balance integer generated always as (expiring_credits + permanent_credits) stored,
  renews_on date
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null check (credit_cost > 0),
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  inputs jsonb,
  output jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_run_id uuid references agent_runs (id),
  transaction_type text not null check (transaction_type in ('purchase', 'usage', 'refund', 'bonus', 'expiry')),
  amount integer not null,
  created_at timestamptz not null default now()
);
create table subscriptions (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), stripe_id text, status text, current_period_end timestamptz);
create table plan_credits (plan text primary key, monthly integer not null);
create table expiry_runs (id bigserial primary key, ran_at timestamptz not null default now(), expired integer not null);

create function deduct_credits(p_user_id uuid, p_amount integer, p_agent_run_id uuid default null) returns jsonb
language plpgsql as $$
declare
  v_credits user_credits;
  v_expiring integer;
begin
  select * into v_credits from user_credits where user_id = p_user_id for update;
  if v_credits.balance is null or v_credits.balance < p_amount then
    return jsonb_build_object('success', false, 'error', 'Insufficient credits');
  end if;
  v_expiring := least(p_amount, v_credits.expiring_credits);
  update user_credits set expiring_credits = expiring_credits - v_expiring, permanent_credits = permanent_credits - (p_amount - v_expiring)
  where user_id = p_user_id;
  insert into credit_transactions (user_id, agent_run_id, transaction_type, amount) values (p_user_id, p_agent_run_id, 'usage', -p_amount);
  return jsonb_build_object('success', true, 'new_balance', v_credits.balance - p_amount);
end $$;

insert into profiles (id, email, plan) values
  ('1f000000-0000-4000-8000-000000000001', 'ops@example.com', 'pro'), ('1f000000-0000-4000-8000-000000000002', 'ned@example.com', 'starter');
insert into user_credits (user_id, expiring_credits, permanent_credits) values
  ('1f000000-0000-4000-8000-000000000001', 12, 88), ('1f000000-0000-4000-8000-000000000002', 4, 3);
insert into plan_credits (plan, monthly) values ('starter', 10), ('pro', 200), ('team', 1000);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('1f100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('1f100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('1f100000-0000-4000-8000-000000000003', 'planner', 'Planner', 12, '{webhook}/planner', false, null);
insert into agent_runs (id, user_id, agent_id, status, output, created_at, completed_at) values
  ('1f200000-0000-4000-8000-000000000001', '1f000000-0000-4000-8000-000000000001', '1f100000-0000-4000-8000-000000000001',
   'success', '{"title": "Hop"}', now() - interval '3 days', now() - interval '3 days'),
  ('1f200000-0000-4000-8000-000000000002', '1f000000-0000-4000-8000-000000000001', '1f100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, agent_run_id, transaction_type, amount, created_at) values
  ('1f000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('1f000000-0000-4000-8000-000000000001', '1f200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('1f000000-0000-4000-8000-000000000001', '1f200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('1f000000-0000-4000-8000-000000000001', '1f200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('1f000000-0000-4000-8000-000000000002', null, 'bonus', 7, now() - interval '1 day');
