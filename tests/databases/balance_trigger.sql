--| title = "A trigger on the balance writes the ledger, and tells debit from credit by the sign alone"
--| covers = [
--|     "trap: trigger", "trigger: balance writes the ledger", "deduct: no function", "balance: user_credits.credits",
--|     "ledger: credits_history", "ledger: change_amount", "ledger: transaction_type", "ledger: debit",
--|     "price: credit_cost", "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: output",
--|     "execution: error_message", "execution: completed_at", "status: pending running success failed",
--|     "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT c.credits FROM user_credits c JOIN profiles p ON p.id = c.user_id WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM credits_history h JOIN profiles p ON p.id = h.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  company text,
  vat_number text
);
create table user_credits (
  user_id uuid primary key references profiles (id),
  credits integer not null default 0 check (credits >= 0)
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost integer not null check (credit_cost between 1 and 1000),
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
  output jsonb,
  error_message text,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz
);
create table credits_history (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  execution_id uuid references agent_executions (id),
  transaction_type text not null check (transaction_type in ('debit', 'credit')),
  change_amount integer not null,
  balance_after integer not null,
  created_at timestamptz not null default clock_timestamp()
);

create table agent_versions (agent_id uuid references agents (id), version int, changelog text, primary key (agent_id, version));
create table announcements (id bigserial primary key, title text, body text, published_at timestamptz);
create table tax_rates (country char(2) primary key, rate numeric(5,2) not null);

create function write_credits_history() returns trigger language plpgsql as $$
declare
  change integer := new.credits - case when tg_op = 'UPDATE' then old.credits else 0 end;
begin
  if change <> 0 then
    insert into credits_history (user_id, transaction_type, change_amount, balance_after)
    values (new.user_id, case when change < 0 then 'debit' else 'credit' end, change, new.credits);
  end if;
  return null;
end $$;
create trigger credits_changed after insert or update of credits on user_credits
  for each row execute function write_credits_history();

insert into profiles (id, email) values
  ('50000000-0000-4000-8000-000000000001', 'ops@example.com'), ('50000000-0000-4000-8000-000000000002', 'ida@example.com');
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('51000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('51000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('51000000-0000-4000-8000-000000000003', 'ads', 'Ad Copy', 4, '{webhook}/ads', false, null);
insert into agent_executions (id, user_id, agent_id, status, output, created_at, completed_at) values
  ('52000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001', '51000000-0000-4000-8000-000000000001',
   'success', '{"title": "Fir"}', now() - interval '3 days', now() - interval '3 days'),
  ('52000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000001', '51000000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');

-- Bought 110, paid 10, paid 5, got 5 back. The application names the execution afterwards.
insert into user_credits (user_id, credits) values ('50000000-0000-4000-8000-000000000001', 110), ('50000000-0000-4000-8000-000000000002', 9);
update user_credits set credits = 100 where user_id = '50000000-0000-4000-8000-000000000001';
update user_credits set credits = 95 where user_id = '50000000-0000-4000-8000-000000000001';
update user_credits set credits = 100 where user_id = '50000000-0000-4000-8000-000000000001';
update credits_history set execution_id = '52000000-0000-4000-8000-000000000001' where change_amount = -10;
update credits_history set execution_id = '52000000-0000-4000-8000-000000000002' where change_amount in (-5, 5);
