--| title = "A careful Supabase schema: the function takes credits only from auth.uid() and answers true or false; numeric credits"
--| covers = [
--|     "deduct: demands auth.uid()", "deduct: returns boolean", "balance: profiles.credits numeric",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: usage", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: none", "execution: inputs", "execution: output", "execution: error_message",
--|     "execution: completed_at", "execution: credits_used", "status: pending running success failed",
--|     "status: an enum", "keys: profiles.user_id", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.user_id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

create schema auth;
create table auth.users (id uuid primary key default gen_random_uuid(), email text, created_at timestamptz default now());
create table auth.identities (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), provider text);
create function auth.uid() returns uuid language sql stable as
  $$ select nullif(current_setting('request.jwt.claims', true)::json ->> 'sub', '')::uuid $$;

create type execution_status as enum ('pending', 'running', 'success', 'failed');

-- user_id is what every other table refers to; id is only for the admin panel.
create table profiles (
  id bigserial primary key,
  user_id uuid not null unique references auth.users (id) on delete cascade,
  email text not null,
  username text unique,
  bio text,
  credits numeric(10, 2) not null default 0 check (credits >= 0),
  onboarding_done boolean not null default false,
  created_at timestamptz not null default now()
);

create table agents (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  credit_cost numeric(10, 2) not null check (credit_cost > 0),
  webhook_url text,
  input_schema jsonb,
  is_active boolean not null default true,
  deleted_at timestamptz,
  created_by uuid references auth.users (id)
);

create table agent_executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id),
  agent_id uuid not null references agents (id),
  status execution_status not null default 'pending',
  inputs jsonb,
  output jsonb,
  error_message text,
  credits_used numeric(10, 2),
  created_at timestamptz not null default now(),
  completed_at timestamptz
);

create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id),
  type text not null,
  amount numeric(10, 2) not null,
  reference_id uuid,
  description text,
  created_at timestamptz not null default now(),
  constraint known_type check (type in ('usage', 'purchase', 'refund', 'bonus', 'adjustment'))
);

create table notifications (id bigserial primary key, user_id uuid references auth.users (id), type text, body text, read boolean default false);
create table purchases (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), amount numeric, type text, status text);
create table agent_ratings (agent_id uuid references agents (id), user_id uuid references auth.users (id), stars int, primary key (agent_id, user_id));
create table waitlist (email text primary key, created_at timestamptz default now());

create function consume_credits(p_user_id uuid, p_amount numeric, p_description text default null, p_reference_id uuid default null)
returns boolean language plpgsql security definer set search_path = public as $$
begin
  if auth.uid() is null or auth.uid() <> p_user_id then
    raise exception 'Not allowed' using errcode = '42501';
  end if;
  update profiles set credits = credits - p_amount where user_id = p_user_id and credits >= p_amount;
  if not found then
    return false;
  end if;
  insert into credit_transactions (user_id, type, amount, reference_id, description)
  values (p_user_id, 'usage', -p_amount, p_reference_id, p_description);
  return true;
end $$;

insert into auth.users (id, email) values
  ('d0000000-0000-4000-8000-000000000001', 'ops@example.com'), ('d0000000-0000-4000-8000-000000000002', 'joe@example.com');
insert into profiles (user_id, email, username, credits) values
  ('d0000000-0000-4000-8000-000000000002', 'joe@example.com', 'joe', 2.5),
  ('d0000000-0000-4000-8000-000000000001', 'ops@example.com', 'ops', 100);
insert into agents (id, name, credit_cost, webhook_url, is_active, input_schema) values
  ('d1000000-0000-4000-8000-000000000001', 'SEO Blog', 10, '{webhook}/seo-blog', true,
   '[{"name": "topic", "type": "text", "label": "What about?", "required": true}]'),
  ('d1000000-0000-4000-8000-000000000002', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('d1000000-0000-4000-8000-000000000003', 'Beta Agent', 1, null, false, null);
insert into agent_executions (id, user_id, agent_id, status, output, credits_used, created_at, completed_at) values
  ('d2000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000001',
   'success', '{"title": "Fog"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('d2000000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, type, amount, reference_id, created_at) values
  ('d0000000-0000-4000-8000-000000000001', 'purchase', 110, null, now() - interval '5 days'),
  ('d0000000-0000-4000-8000-000000000001', 'usage', -10, 'd2000000-0000-4000-8000-000000000001', now() - interval '3 days'),
  ('d0000000-0000-4000-8000-000000000001', 'usage', -5, 'd2000000-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('d0000000-0000-4000-8000-000000000001', 'refund', 5, 'd2000000-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('d0000000-0000-4000-8000-000000000002', 'bonus', 2.5, null, now() - interval '1 day');
