--| title = "The executions that everybody reads are a view over a join, which accepts no rows"
--| covers = [
--|     "trap: view that takes no rows", "deduct: jsonb with success", "balance: profiles.credits integer",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: transaction_type", "ledger: usage",
--|     "price: credit_cost", "webhook: webhook_url", "agent key: slug", "execution: input_data",
--|     "execution: output_data", "execution: error_message", "execution: completed_at",
--|     "status: pending running success failed", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM raw_data WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| finding = "view-not-writable"
--| told = "the table behind the view"
--| settle = '''executions.table = "public.raw_data"'''

create table profiles (id uuid primary key default gen_random_uuid(), email text not null unique, credits integer not null default 0, team text);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table raw_data (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  input_data jsonb,
  output_data jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create view agent_executions as
  select r.id, r.user_id, r.agent_id, r.status, r.input_data, r.output_data, r.error_message, r.created_at, r.completed_at,
         a.name as agent_name, p.email as user_email, r.completed_at - r.created_at as took
  from raw_data r join agents a on a.id = r.agent_id join profiles p on p.id = r.user_id;

create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references raw_data (id),
  transaction_type text not null check (transaction_type in ('usage', 'purchase', 'refund', 'bonus')),
  amount integer not null,
  balance_after integer,
  created_at timestamptz not null default now()
);
create table dashboards (id uuid primary key default gen_random_uuid(), owner uuid references profiles (id), layout jsonb);
create table exports (id uuid primary key default gen_random_uuid(), requested_by uuid references profiles (id), status text, url text);
create table surveys (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), score int, answer text);
create view revenue as select date_trunc('day', created_at) as day, -sum(amount) as credits
  from credit_transactions where transaction_type = 'usage' group by 1;

create function deduct_credits_atomic(p_user_id uuid, p_amount integer, p_agent_id uuid default null, p_execution_id uuid default null)
returns jsonb language plpgsql as $$
declare
  v_after integer;
begin
  update profiles set credits = credits - p_amount where id = p_user_id and credits >= p_amount returning credits into v_after;
  if not found then
    return jsonb_build_object('success', false, 'error', 'Insufficient credits', 'required_credits', p_amount);
  end if;
  insert into credit_transactions (user_id, execution_id, transaction_type, amount, balance_after)
  values (p_user_id, p_execution_id, 'usage', -p_amount, v_after);
  return jsonb_build_object('success', true, 'new_balance', v_after);
end $$;

insert into profiles (id, email, credits) values
  ('b0000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('b0000000-0000-4000-8000-000000000002', 'amy@example.com', 0);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('b1000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('b1000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('b1000000-0000-4000-8000-000000000003', 'ocr', 'Receipt Reader', 3, '{webhook}/ocr', false, null);
insert into raw_data (id, user_id, agent_id, status, output_data, created_at, completed_at) values
  ('b2000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'b1000000-0000-4000-8000-000000000001',
   'success', '{"title": "Wax"}', now() - interval '3 days', now() - interval '3 days'),
  ('b2000000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-000000000001', 'b1000000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, execution_id, transaction_type, amount, balance_after, created_at) values
  ('b0000000-0000-4000-8000-000000000001', null, 'purchase', 110, 110, now() - interval '4 days'),
  ('b0000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000001', 'usage', -10, 100, now() - interval '3 days'),
  ('b0000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000002', 'usage', -5, 95, now() - interval '2 days'),
  ('b0000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000002', 'refund', 5, 100, now() - interval '2 days');
