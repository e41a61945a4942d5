--| title = "Row level security lets users see their own rows and agentctl's role all of them, without BYPASSRLS"
--| covers = [
--|     "rights: a policy for the operator", "deduct: json", "balance: profiles.credits integer",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: type", "ledger: usage", "price: credit_cost",
--|     "webhook: n8n_webhook_url", "agent key: slug", "execution: inputs", "execution: result", "execution: error",
--|     "execution: completed_at", "execution: credits_used", "status: pending running success failed",
--|     "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| role = true
--| migrates = false

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 0 check (credits >= 0),
  full_name text,
  marketing_opt_in boolean not null default false
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null,
  n8n_webhook_url text not null,
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
  credits_used integer,
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
create table support_tickets (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), subject text, status text default 'open');
create table ticket_messages (id uuid primary key default gen_random_uuid(), ticket_id uuid references support_tickets (id), body text, sent_at timestamptz default now());
create table admin_actions (id bigserial primary key, actor text not null default current_user, what text, at timestamptz not null default now());

create function deduct_credits(p_user_id uuid, p_amount integer, p_execution_id uuid default null) returns json
language plpgsql security definer set search_path = public as $$
declare
  v_left integer;
begin
  update profiles set credits = credits - p_amount where id = p_user_id and credits >= p_amount returning credits into v_left;
  if not found then
    return json_build_object('success', false, 'error', 'Insufficient credits');
  end if;
  insert into credit_transactions (user_id, execution_id, type, amount) values (p_user_id, p_execution_id, 'usage', -p_amount);
  return json_build_object('success', true, 'new_balance', v_left);
end $$;
revoke execute on function deduct_credits from public;

alter table profiles enable row level security;
alter table agents enable row level security;
alter table agent_executions enable row level security;
alter table credit_transactions enable row level security;
create policy own_profile on profiles for select using (id::text = current_setting('app.user_id', true));
create policy shop_window on agents for select using (is_active);
create policy own_executions on agent_executions for select using (user_id::text = current_setting('app.user_id', true));
create policy own_transactions on credit_transactions for select using (user_id::text = current_setting('app.user_id', true));
-- The people who operate the marketplace have a role of their own, which these let in.
create policy operators on profiles to {role} using (true) with check (true);
create policy operators on agents to {role} using (true);
create policy operators on agent_executions to {role} using (true) with check (true);
create policy operators on credit_transactions to {role} using (true) with check (true);
grant select, insert, update on profiles, agents, agent_executions, credit_transactions to {role};
grant execute on function deduct_credits to {role};

insert into profiles (id, email, credits) values
  ('1d000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('1d000000-0000-4000-8000-000000000002', 'sam@example.com', 1);
insert into agents (id, slug, name, credit_cost, n8n_webhook_url, is_active, input_schema) values
  ('1d100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('1d100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('1d100000-0000-4000-8000-000000000003', 'gatekeeper', 'Gatekeeper', 2, '{webhook}/gate', false, null);
insert into agent_executions (id, user_id, agent_id, status, result, credits_used, created_at, completed_at) values
  ('1d200000-0000-4000-8000-000000000001', '1d000000-0000-4000-8000-000000000001', '1d100000-0000-4000-8000-000000000001',
   'success', '{"title": "Ivy"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('1d200000-0000-4000-8000-000000000002', '1d000000-0000-4000-8000-000000000001', '1d100000-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, execution_id, type, amount, created_at) values
  ('1d000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('1d000000-0000-4000-8000-000000000001', '1d200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('1d000000-0000-4000-8000-000000000001', '1d200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('1d000000-0000-4000-8000-000000000001', '1d200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('1d000000-0000-4000-8000-000000000002', null, 'bonus', 1, now() - interval '1 day');
