--| title = "A left-over table of users that nothing refers to: every key leads to auth.users, balances stand apart"
--| covers = [
--|     "keys: auth.users alone", "deduct: json", "balance: user_credits.balance", "ledger: credit_transactions",
--|     "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost", "webhook: webhook_url",
--|     "agent key: none", "execution: input", "execution: output", "execution: error", "execution: completed_at",
--|     "status: running completed failed cancelled", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT balance FROM user_credits c JOIN auth.users u ON u.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN auth.users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create schema auth;
create table auth.users (id uuid primary key default gen_random_uuid(), email varchar(255) unique, phone text, raw_app_meta_data jsonb, created_at timestamptz default now());
create table auth.sessions (id uuid primary key, user_id uuid not null references auth.users (id) on delete cascade, not_after timestamptz);

-- From the time before Supabase's own sign-in; the import of 2024 was never finished.
create table public.users (id uuid primary key default gen_random_uuid(), email text not null unique, full_name text, password_hash text, created_at timestamptz default now());

create table public.user_credits (
  user_id uuid primary key references auth.users (id) on delete cascade,
  balance integer not null default 0 check (balance >= 0),
  lifetime_purchased integer not null default 0,
  updated_at timestamptz not null default now()
);
create table public.agents (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid references auth.users (id),
  name text not null,
  description text,
  credit_cost integer not null default 1,
  webhook_url text,
  input_schema jsonb default '[]',
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);
create table public.agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id),
  agent_id uuid not null references public.agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table public.credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id),
  agent_run_id uuid references public.agent_runs (id),
  amount integer not null,
  type text not null check (type in ('purchase', 'usage', 'refund', 'bonus')),
  created_at timestamptz not null default now()
);
create table public.agent_stars (agent_id uuid references public.agents (id), user_id uuid references auth.users (id), primary key (agent_id, user_id));
create table public.stripe_events (id text primary key, type text, payload jsonb, received_at timestamptz default now());

create function public.use_credits(p_user_id uuid, p_amount integer, p_agent_run_id uuid default null) returns json
language plpgsql security definer set search_path = public as $$
declare
  v_left integer;
begin
  update user_credits set balance = balance - p_amount, updated_at = now() where user_id = p_user_id and balance >= p_amount
  returning balance into v_left;
  if v_left is null then
    return json_build_object('success', false, 'error', 'Not enough credits');
  end if;
  insert into credit_transactions (user_id, agent_run_id, amount, type) values (p_user_id, p_agent_run_id, -p_amount, 'usage');
  return json_build_object('success', true, 'remaining', v_left);
end $$;

insert into auth.users (id, email) values
  ('1b000000-0000-4000-8000-000000000001', 'ops@example.com'), ('1b000000-0000-4000-8000-000000000002', 'rob@example.com');
-- Even the same person has another id there.
insert into public.users (id, email, full_name) values ('1b900000-0000-4000-8000-000000000001', 'ops@example.com', 'Ops');
insert into public.user_credits (user_id, balance, lifetime_purchased) values
  ('1b000000-0000-4000-8000-000000000001', 100, 110), ('1b000000-0000-4000-8000-000000000002', 6, 0);
insert into public.agents (id, name, credit_cost, webhook_url, is_active, input_schema) values
  ('1b100000-0000-4000-8000-000000000001', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('1b100000-0000-4000-8000-000000000002', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
  ('1b100000-0000-4000-8000-000000000003', 'Night Owl', 3, null, false, '[]');
insert into public.agent_runs (id, user_id, agent_id, status, output, created_at, completed_at) values
  ('1b200000-0000-4000-8000-000000000001', '1b000000-0000-4000-8000-000000000001', '1b100000-0000-4000-8000-000000000001',
   'completed', '{"title": "Ash"}', now() - interval '3 days', now() - interval '3 days'),
  ('1b200000-0000-4000-8000-000000000002', '1b000000-0000-4000-8000-000000000001', '1b100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into public.credit_transactions (user_id, agent_run_id, amount, type, created_at) values
  ('1b000000-0000-4000-8000-000000000001', null, 110, 'purchase', now() - interval '4 days'),
  ('1b000000-0000-4000-8000-000000000001', '1b200000-0000-4000-8000-000000000001', -10, 'usage', now() - interval '3 days'),
  ('1b000000-0000-4000-8000-000000000001', '1b200000-0000-4000-8000-000000000002', -5, 'usage', now() - interval '2 days'),
  ('1b000000-0000-4000-8000-000000000001', '1b200000-0000-4000-8000-000000000002', 5, 'refund', now() - interval '2 days'),
  ('1b000000-0000-4000-8000-000000000002', null, 6, 'bonus', now() - interval '1 day');
