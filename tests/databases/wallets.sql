--| title = "Wallets with the balance before and after every transaction, which a CHECK compares, and an app's prefix on the tables"
--| covers = [
--|     "balance: a wallet", "ledger: balance after", "ledger: balance before", "deduct: raises an exception",
--|     "ledger: amount", "ledger: type",
--|     "ledger: debit", "price: cost", "webhook: webhook_url", "agent key: code", "execution: input_data",
--|     "execution: output_data", "execution: error_message", "execution: finished_at",
--|     "status: pending running success failed", "ids: uuid",
--| ]
--| balance_sql = "SELECT balance FROM mkt_wallets w JOIN mkt_customers c ON c.id = w.customer_id WHERE email = %(user)s"
--| ledger_sql = '''SELECT sum(amount) FROM mkt_wallet_transactions t JOIN mkt_customers c ON c.id = t.customer_id
--|   WHERE email = %(user)s'''
--| status_sql = "SELECT status FROM mkt_jobs WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }

create table mkt_customers (
  id uuid primary key default gen_random_uuid(),
  email varchar(255) not null unique,
  phone varchar(32),
  is_blocked boolean not null default false,
  created_at timestamptz not null default now()
);
create table mkt_wallets (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null unique references mkt_customers (id),
  currency char(3) not null default 'CRD',
  balance numeric(18, 6) not null default 0,
  opened_at timestamptz not null default now(),
  constraint mkt_wallets_in_credit check (balance >= 0)
);
create table mkt_agents (
  id uuid primary key default gen_random_uuid(),
  code varchar(32) not null unique,
  name varchar(160) not null,
  cost numeric(18, 6) not null,
  webhook_url varchar(2000) not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table mkt_jobs (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null references mkt_customers (id),
  agent_id uuid not null references mkt_agents (id),
  status varchar(16) not null default 'pending' check (status in ('pending', 'running', 'success', 'failed')),
  input_data jsonb,
  output_data jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table mkt_wallet_transactions (
  id uuid primary key default gen_random_uuid(),
  customer_id uuid not null references mkt_customers (id),
  job_id uuid references mkt_jobs (id),
  type varchar(16) not null check (type in ('debit', 'refund', 'deposit', 'promo')),
  amount numeric(18, 6) not null,
  balance_before numeric(18, 6) not null,
  balance_after numeric(18, 6) not null check (balance_after >= 0),
  memo varchar(255),
  created_at timestamptz not null default now(),
  constraint balances_follow check (balance_after = balance_before + amount),
  constraint debits_are_negative check ((type = 'debit') = (amount < 0))
);
create table mkt_deposits (id uuid primary key default gen_random_uuid(), customer_id uuid references mkt_customers (id), provider varchar(32), amount_eur numeric(10, 2), state varchar(16));
create table mkt_vouchers (code varchar(32) primary key, credits numeric(18, 6) not null, redeemed_by uuid references mkt_customers (id), redeemed_at timestamptz);
create table mkt_job_events (id bigserial primary key, job_id uuid references mkt_jobs (id), name varchar(32), at timestamptz not null default now());

create function mkt_debit_wallet(in_customer_id uuid, in_amount numeric, in_job_id uuid, in_memo varchar default null) returns numeric
language plpgsql as $$
declare
  v_balance numeric;
begin
  select balance into v_balance from mkt_wallets where customer_id = in_customer_id for update;
  if v_balance is null or v_balance < in_amount then
    raise exception 'wallet has % but % are needed: insufficient funds', v_balance, in_amount;
  end if;
  update mkt_wallets set balance = balance - in_amount where customer_id = in_customer_id returning balance into v_balance;
  insert into mkt_wallet_transactions (customer_id, job_id, type, amount, balance_before, balance_after, memo)
  values (in_customer_id, in_job_id, 'debit', -in_amount, v_balance + in_amount, v_balance, in_memo);
  return v_balance;
end $$;

insert into mkt_customers (id, email) values
  ('1e000000-0000-4000-8000-000000000001', 'ops@example.com'), ('1e000000-0000-4000-8000-000000000002', 'gus@example.com');
insert into mkt_wallets (customer_id, balance) values
  ('1e000000-0000-4000-8000-000000000001', 100), ('1e000000-0000-4000-8000-000000000002', 0.5);
insert into mkt_agents (id, code, name, cost, webhook_url, is_active, input_schema) values
  ('1e100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('1e100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('1e100000-0000-4000-8000-000000000003', 'fx', 'FX Desk', 0.25, '{webhook}/fx', false, null);
insert into mkt_jobs (id, customer_id, agent_id, status, output_data, created_at, finished_at) values
  ('1e200000-0000-4000-8000-000000000001', '1e000000-0000-4000-8000-000000000001', '1e100000-0000-4000-8000-000000000001',
   'success', '{"title": "Gum"}', now() - interval '3 days', now() - interval '3 days'),
  ('1e200000-0000-4000-8000-000000000002', '1e000000-0000-4000-8000-000000000001', '1e100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into mkt_wallet_transactions (customer_id, job_id, type, amount, balance_before, balance_after, created_at) values
  ('1e000000-0000-4000-8000-000000000001', null, 'deposit', 110, 0, 110, now() - interval '4 days'),
  ('1e000000-0000-4000-8000-000000000001', '1e200000-0000-4000-8000-000000000001', 'debit', -10, 110, 100, now() - interval '3 days'),
  ('1e000000-0000-4000-8000-000000000001', '1e200000-0000-4000-8000-000000000002', 'debit', -5, 100, 95, now() - interval '2 days'),
  ('1e000000-0000-4000-8000-000000000001', '1e200000-0000-4000-8000-000000000002', 'refund', 5, 95, 100, now() - interval '2 days'),
  ('1e000000-0000-4000-8000-000000000002', null, 'promo', 0.5, 0, 0.5, now() - interval '1 day');
