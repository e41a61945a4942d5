--| title = "The ledger names no execution: the execution's own row has its cost"
--| covers = [
--|     "ledger: names no execution", "deduct: raises an exception", "deduct: takes action",
--|     "balance: profiles.credits integer", "ledger: credits_history", "ledger: credits_delta", "ledger: type",
--|     "ledger: usage", "price: cost", "webhook: webhook_url", "agent key: slug", "execution: inputs",
--|     "execution: result", "execution: error_message", "execution: completed_at", "execution: credits_charged",
--|     "status: pending running success failed", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(credits_delta) FROM credits_history h JOIN profiles p ON p.id = h.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 0,
  referral_code text unique,
  created_at timestamptz default now(),
  constraint credits_ok check (credits >= 0)
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text unique not null,
  name text not null,
  cost integer not null default 1,
  webhook_url text,
  input_schema jsonb,
  is_active boolean default true
);
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null check (status in ('pending', 'running', 'success', 'failed')),
  inputs jsonb,
  result jsonb,
  error_message text,
  credits_charged integer not null default 0,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table credits_history (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  type text not null check (type in ('usage', 'purchase', 'refund', 'bonus')),
  credits_delta integer not null,
  action text,
  created_at timestamptz not null default now()
);
create table chats (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), title text, created_at timestamptz default now());
create table messages (id uuid primary key default gen_random_uuid(), chat_id uuid references chats (id), role text, content text);
create table purchases (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), amount integer, type text, credits integer);
create table user_api_keys (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), provider text, encrypted_key text);

create function use_credits(p_user_id uuid, p_amount integer, p_action text)
returns integer language plpgsql as $$
declare
  v_left integer;
begin
  update profiles set credits = credits - p_amount where id = p_user_id returning credits into v_left;
  if v_left is null then
    raise exception 'no such user: %', p_user_id;
  end if;
  insert into credits_history (user_id, type, credits_delta, action) values (p_user_id, 'usage', -p_amount, p_action);
  return v_left;
exception
  when check_violation then
    raise exception 'INSUFFICIENT_CREDITS';
end $$;

insert into profiles (id, email, credits) values
  ('60000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('60000000-0000-4000-8000-000000000002', 'fay@example.com', 2);
insert into agents (id, slug, name, cost, webhook_url, is_active, input_schema) values
  ('61000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('61000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('61000000-0000-4000-8000-000000000003', 'legal', 'Contract Reader', 30, null, false, null);
insert into agent_runs (user_id, agent_id, status, result, credits_charged, created_at, completed_at) values
  ('60000000-0000-4000-8000-000000000001', '61000000-0000-4000-8000-000000000001', 'success', '{"title": "Box"}', 10,
   now() - interval '3 days', now() - interval '3 days'),
  ('60000000-0000-4000-8000-000000000001', '61000000-0000-4000-8000-000000000002', 'failed', null, 0,
   now() - interval '2 days', now() - interval '2 days');
insert into credits_history (user_id, type, credits_delta, action, created_at) values
  ('60000000-0000-4000-8000-000000000001', 'purchase', 110, 'stripe', now() - interval '4 days'),
  ('60000000-0000-4000-8000-000000000001', 'usage', -10, 'run:seo-blog', now() - interval '3 days'),
  ('60000000-0000-4000-8000-000000000001', 'usage', -5, 'run:always-fails', now() - interval '2 days'),
  ('60000000-0000-4000-8000-000000000001', 'refund', 5, 'run:always-fails', now() - interval '2 days'),
  ('60000000-0000-4000-8000-000000000002', 'bonus', 2, 'welcome', now() - interval '2 days');
