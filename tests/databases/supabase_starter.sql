--| title = "A Supabase starter kit: auth.users beside profiles, jsonb answers, row level security everywhere"
--| covers = [
--|     "deduct: jsonb with success", "deduct: takes reason and metadata", "balance: profiles.credits integer",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: none", "execution: inputs", "execution: result", "execution: error",
--|     "execution: completed_at", "execution: credits_used", "status: pending running success failed",
--|     "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

create schema auth;
create table auth.users (
  id uuid primary key,
  email varchar(255) unique,
  encrypted_password varchar(255),
  raw_user_meta_data jsonb,
  role varchar(255) default 'authenticated',
  created_at timestamptz default now()
);
create function auth.uid() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  full_name text,
  avatar_url text,
  role text default 'user' check (role in ('user', 'admin')),
  credits integer not null default 0 check (credits >= 0),
  total_credits_purchased integer default 0,
  stripe_customer_id text unique,
  updated_at timestamptz default now()
);

create table public.categories (id uuid primary key default gen_random_uuid(), name text not null, icon text);

create table public.agents (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  category text,
  category_id uuid references public.categories (id),
  credit_cost integer not null default 1 check (credit_cost > 0),
  webhook_url text not null,
  input_schema jsonb default '[]',
  required_platforms text[] default '{}',
  rating numeric(2,1),
  is_active boolean default true,
  created_at timestamptz default now()
);

create table public.agent_executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  agent_id uuid not null references public.agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  inputs jsonb,
  result jsonb,
  error text,
  credits_used integer default 0,
  created_at timestamptz default now(),
  completed_at timestamptz
);

create table public.purchases (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.profiles (id),
  amount numeric(10,2) not null,
  type text not null default 'one_time',
  credits integer not null,
  status text default 'pending',
  stripe_session_id text,
  created_at timestamptz default now()
);

create table public.credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id),
  type text not null check (type in ('purchase', 'usage', 'refund', 'bonus')),
  amount integer not null,
  balance_after integer not null,
  description text,
  metadata jsonb default '{}',
  purchase_id uuid references public.purchases (id),
  execution_id uuid references public.agent_executions (id) on delete set null,
  created_at timestamptz default now()
);

create table public.reviews (id uuid primary key default gen_random_uuid(), user_id uuid references public.profiles (id),
  agent_id uuid references public.agents (id), rating int check (rating between 1 and 5), comment text);
create table public.favorites (user_id uuid references public.profiles (id), agent_id uuid references public.agents (id),
  primary key (user_id, agent_id));
create table public.user_settings (user_id uuid primary key references public.profiles (id), theme text, locale text);

alter table public.profiles enable row level security;
alter table public.agent_executions enable row level security;
alter table public.credit_transactions enable row level security;
create policy "own profile" on public.profiles for select using (auth.uid() = id);
create policy "own executions" on public.agent_executions for select using (auth.uid() = user_id);
create policy "own transactions" on public.credit_transactions for select using (auth.uid() = user_id);

create function public.deduct_credits(p_user_id uuid, p_amount integer, p_reason text, p_metadata jsonb default '{}',
  p_execution_id uuid default null) returns jsonb language plpgsql security definer set search_path = public as $$
declare
  v_balance integer;
begin
  select credits into v_balance from profiles where id = p_user_id for update;
  if v_balance is null or v_balance < p_amount then
    return jsonb_build_object('success', false, 'error', 'Insufficient credits', 'balance', coalesce(v_balance, 0));
  end if;
  update profiles set credits = credits - p_amount, updated_at = now() where id = p_user_id;
  insert into credit_transactions (user_id, type, amount, balance_after, description, metadata, execution_id)
  values (p_user_id, 'usage', -p_amount, v_balance - p_amount, p_reason, p_metadata, p_execution_id);
  return jsonb_build_object('success', true, 'new_balance', v_balance - p_amount);
end $$;

insert into auth.users (id, email) values
  ('11111111-0000-4000-8000-000000000001', 'ops@example.com'), ('11111111-0000-4000-8000-000000000002', 'mia@example.com');
insert into profiles (id, email, credits) values
  ('11111111-0000-4000-8000-000000000001', 'ops@example.com', 100), ('11111111-0000-4000-8000-000000000002', 'mia@example.com', 7);
insert into agents (id, name, credit_cost, webhook_url, is_active, input_schema) values
  ('22222222-0000-4000-8000-000000000001', 'SEO Blog', 10, '{webhook}/seo-blog', true,
   '[{"name": "topic", "type": "text", "label": "Topic", "required": true}]'),
  ('22222222-0000-4000-8000-000000000002', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
  ('22222222-0000-4000-8000-000000000003', 'Retired Helper', 2, '{webhook}/retired', false, '[]');
insert into agent_executions (id, user_id, agent_id, status, result, credits_used, created_at, completed_at) values
  ('33333333-0000-4000-8000-000000000001', '11111111-0000-4000-8000-000000000001', '22222222-0000-4000-8000-000000000001',
   'success', '{"title": "Tea"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('33333333-0000-4000-8000-000000000002', '11111111-0000-4000-8000-000000000001', '22222222-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, type, amount, balance_after, execution_id, created_at) values
  ('11111111-0000-4000-8000-000000000001', 'purchase', 110, 110, null, now() - interval '4 days'),
  ('11111111-0000-4000-8000-000000000001', 'usage', -10, 100, '33333333-0000-4000-8000-000000000001', now() - interval '3 days'),
  ('11111111-0000-4000-8000-000000000001', 'usage', -5, 95, '33333333-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('11111111-0000-4000-8000-000000000001', 'refund', 5, 100, '33333333-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('11111111-0000-4000-8000-000000000002', 'bonus', 7, 7, null, now() - interval '1 day');
