--| title = "A status with words of its own, which nobody else can interpret"
--| covers = [
--|     "status: words nobody knows", "status: an enum", "deduct: returns a table", "balance: profiles.credit_balance",
--|     "ledger: credits_history", "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost",
--|     "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: result", "execution: error",
--|     "execution: finished_at", "execution: credits_used", "ids: uuid",
--| ]
--| balance_sql = "SELECT credit_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credits_history h JOIN profiles p ON p.id = h.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "served", failed = "spilled" }
--| finding = "status-unmapped"
--| told = "which word stands for which state"
--| settle = '''executions.statuses = { pending = "ordered", running = "brewing", success = "served", failed = "spilled" }'''

create type brew_status as enum ('ordered', 'brewing', 'served', 'spilled');

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credit_balance integer not null default 0 check (credit_balance >= 0),
  loyalty_points integer not null default 0
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table agent_executions (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status brew_status not null default 'ordered',
  inputs jsonb,
  result jsonb,
  error text,
  credits_used integer,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table credits_history (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  execution_id uuid references agent_executions (id),
  type text not null check (type in ('usage', 'purchase', 'refund', 'bonus')),
  amount integer not null,
  created_at timestamptz not null default now()
);
create table tips (id uuid primary key default gen_random_uuid(), execution_id uuid references agent_executions (id), amount integer, note text);
create table menus (id uuid primary key default gen_random_uuid(), name text, valid_from date);
create table menu_agents (menu_id uuid references menus (id), agent_id uuid references agents (id), primary key (menu_id, agent_id));
create table opening_hours (weekday smallint primary key, opens time, closes time);

create function spend_credits(p_profile_id uuid, p_amount integer, p_execution_id uuid)
returns table (ok boolean, remaining_credits integer) language plpgsql as $$
begin
  update profiles set credit_balance = credit_balance - p_amount where id = p_profile_id and credit_balance >= p_amount
  returning true, credit_balance into ok, remaining_credits;
  if ok then
    insert into credits_history (profile_id, execution_id, type, amount) values (p_profile_id, p_execution_id, 'usage', -p_amount);
    return next;
  end if;
end $$;

insert into profiles (id, email, credit_balance) values
  ('14000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('14000000-0000-4000-8000-000000000002', 'rex@example.com', 6);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('14100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('14100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('14100000-0000-4000-8000-000000000003', 'barista', 'Barista', 2, '{webhook}/barista', false, null);
insert into agent_executions (id, profile_id, agent_id, status, result, credits_used, created_at, finished_at) values
  ('14200000-0000-4000-8000-000000000001', '14000000-0000-4000-8000-000000000001', '14100000-0000-4000-8000-000000000001',
   'served', '{"title": "Rye"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('14200000-0000-4000-8000-000000000002', '14000000-0000-4000-8000-000000000001', '14100000-0000-4000-8000-000000000002',
   'spilled', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credits_history (profile_id, execution_id, type, amount, created_at) values
  ('14000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('14000000-0000-4000-8000-000000000001', '14200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('14000000-0000-4000-8000-000000000001', '14200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('14000000-0000-4000-8000-000000000001', '14200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('14000000-0000-4000-8000-000000000002', null, 'bonus', 6, now() - interval '1 day');
