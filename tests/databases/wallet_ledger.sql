--| title = "The ledger's rows name a wallet, and only the wallet says whose it is; a function charges"
--| covers = ["ledger: names a wallet", "balance: a wallet", "ledger: balance after", "ids: bigint identity"]
--| balance_sql = "SELECT balance FROM wallets w JOIN users u ON u.id = w.user_id WHERE email = %(user)s"
--| ledger_sql = '''SELECT sum(t.amount) FROM wallet_transactions t JOIN wallets w ON w.id = t.wallet_id
--|   JOIN users u ON u.id = w.user_id WHERE email = %(user)s'''
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  display_name text,
  created_at timestamptz not null default now()
);
create table wallets (
  id bigint generated always as identity primary key,
  user_id uuid not null unique references users (id) on delete cascade,
  balance bigint not null default 0 check (balance >= 0),
  currency text not null default 'credits',
  updated_at timestamptz not null default now()
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  credit_cost bigint not null check (credit_cost > 0),
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  agent_id uuid not null references agents (id),
  status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table wallet_transactions (
  id bigint generated always as identity primary key,
  wallet_id bigint not null references wallets (id),
  run_id uuid references agent_runs (id),
  type text not null check (type in ('usage', 'refund', 'bonus', 'purchase')),
  amount bigint not null check (amount <> 0),
  balance_after bigint not null check (balance_after >= 0),
  description text,
  created_at timestamptz not null default now()
);
create index on wallet_transactions (wallet_id, created_at);
create table orders (id bigint generated always as identity primary key, user_id uuid references users (id), cents integer, state text);
create table run_logs (id bigint generated always as identity primary key, run_id uuid references agent_runs (id), line text, at timestamptz not null default now());

create function spend_from_wallet(p_user_id uuid, p_amount bigint, p_run_id uuid) returns jsonb
language plpgsql as $$
declare
  w wallets%rowtype;
begin
  select * into w from wallets where user_id = p_user_id for update;
  if w.balance < p_amount then
    return jsonb_build_object('success', false, 'error', 'Insufficient credits');
  end if;
  update wallets set balance = balance - p_amount, updated_at = now() where id = w.id;
  insert into wallet_transactions (wallet_id, run_id, type, amount, balance_after)
  values (w.id, p_run_id, 'usage', -p_amount, w.balance - p_amount);
  return jsonb_build_object('success', true, 'new_balance', w.balance - p_amount);
end $$;

insert into users (id, email) values
  ('2b000000-0000-4000-8000-000000000001', 'ops@example.com'), ('2b000000-0000-4000-8000-000000000002', 'ida@example.com');
insert into wallets (user_id, balance) values
  ('2b000000-0000-4000-8000-000000000002', 3), ('2b000000-0000-4000-8000-000000000001', 100);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('2b100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('2b100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('2b100000-0000-4000-8000-000000000003', 'radio', 'Radio Spots', 4, '{webhook}/radio', false, null);
insert into agent_runs (id, user_id, agent_id, status, output, created_at, finished_at) values
  ('2b200000-0000-4000-8000-000000000001', '2b000000-0000-4000-8000-000000000001', '2b100000-0000-4000-8000-000000000001',
   'completed', '{"title": "Tar"}', now() - interval '3 days', now() - interval '3 days'),
  ('2b200000-0000-4000-8000-000000000002', '2b000000-0000-4000-8000-000000000001', '2b100000-0000-4000-8000-000000000002',
   'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into wallet_transactions (wallet_id, run_id, type, amount, balance_after, created_at) values
  (1, null, 'bonus', 3, 3, now() - interval '5 days'),
  (2, null, 'purchase', 110, 110, now() - interval '4 days'),
  (2, '2b200000-0000-4000-8000-000000000001', 'usage', -10, 100, now() - interval '3 days'),
  (2, '2b200000-0000-4000-8000-000000000002', 'usage', -5, 95, now() - interval '2 days'),
  (2, '2b200000-0000-4000-8000-000000000002', 'refund', 5, 100, now() - interval '2 days');
