--| title = "The ledger's reference is a varchar that holds the ids of runs, of payments and of nothing: its author liked it open"
--| covers = [
--|     "keys: a text for a uuid", "deduct: returns boolean", "balance: profiles.credit_balance",
--|     "ledger: credit_transactions", "ledger: amount", "ledger: transaction_type", "ledger: debit",
--|     "price: price_per_use_credits", "webhook: webhook_url", "agent key: slug", "execution: input_data",
--|     "execution: output_data", "execution: error_message", "execution: completed_at",
--|     "status: queued succeeded error", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credit_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN profiles p ON p.id = t.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM workflow_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "failed" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credit_balance integer not null default 0,
  country char(2),
  created_at timestamptz not null default now(),
  constraint credit_balance_not_negative check (credit_balance >= 0)
);
create table workflows (
  id uuid primary key default gen_random_uuid(),
  slug varchar(100) not null unique,
  name varchar(200) not null,
  price_per_use_credits integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true,
  nodes jsonb not null default '[]'
);
create table workflow_runs (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  workflow_id uuid not null references workflows (id),
  status varchar(20) not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
  input_data jsonb,
  output_data jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  transaction_type varchar(20) not null check (transaction_type in ('debit', 'refund', 'purchase', 'bonus')),
  amount integer not null,
  reference_id varchar(255),
  created_at timestamptz not null default now()
);
create index credit_transactions_reference_id on credit_transactions (reference_id);
create table payments (id varchar(255) primary key, profile_id uuid references profiles (id), cents integer not null, credits integer not null, paid_at timestamptz);
create table connections (id uuid primary key default gen_random_uuid(), profile_id uuid references profiles (id), provider text, token bytea);
create table triggers (id uuid primary key default gen_random_uuid(), workflow_id uuid references workflows (id), cron text, enabled boolean not null default true);

create function spend_credits(p_profile_id uuid, p_amount integer, p_reference_id varchar default null) returns boolean language plpgsql as $$
begin
  update profiles set credit_balance = credit_balance - p_amount where id = p_profile_id and credit_balance >= p_amount;
  if not found then
    return false;
  end if;
  insert into credit_transactions (profile_id, transaction_type, amount, reference_id) values (p_profile_id, 'debit', -p_amount, p_reference_id);
  return true;
end $$;

insert into profiles (id, email, credit_balance) values
  ('29000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('29000000-0000-4000-8000-000000000002', 'ros@example.com', 3);
insert into workflows (id, slug, name, price_per_use_credits, webhook_url, is_active, input_schema) values
  ('29100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('29100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('29100000-0000-4000-8000-000000000003', 'inbox', 'Inbox Zero', 6, '{webhook}/inbox', false, null);
insert into workflow_runs (id, profile_id, workflow_id, status, output_data, created_at, completed_at) values
  ('29200000-0000-4000-8000-000000000001', '29000000-0000-4000-8000-000000000001', '29100000-0000-4000-8000-000000000001',
   'succeeded', '{"title": "Nut"}', now() - interval '3 days', now() - interval '3 days'),
  ('29200000-0000-4000-8000-000000000002', '29000000-0000-4000-8000-000000000001', '29100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into payments (id, profile_id, cents, credits, paid_at) values ('cs_live_a1', '29000000-0000-4000-8000-000000000001', 1100, 110, now() - interval '4 days');
insert into credit_transactions (profile_id, transaction_type, amount, reference_id, created_at) values
  ('29000000-0000-4000-8000-000000000001', 'purchase', 110, 'cs_live_a1', now() - interval '4 days'),
  ('29000000-0000-4000-8000-000000000001', 'debit', -10, '29200000-0000-4000-8000-000000000001', now() - interval '3 days'),
  ('29000000-0000-4000-8000-000000000001', 'debit', -5, '29200000-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('29000000-0000-4000-8000-000000000001', 'refund', 5, '29200000-0000-4000-8000-000000000002', now() - interval '2 days'),
  ('29000000-0000-4000-8000-000000000002', 'bonus', 3, null, now() - interval '1 day');
