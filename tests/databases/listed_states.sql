--| title = "States and kinds are rows of tables of their own, and runs and ledger have their keys"
--| covers = ["status: a key of a table", "balance: users.credits", "ledger: balance after"]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT s.name FROM agent_runs r JOIN run_statuses s ON s.id = r.status_id WHERE r.id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create table run_statuses (
  id smallint primary key,
  name text not null unique,
  label text not null
);
create table transaction_types (
  code text primary key,
  description text
);
create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 0 check (credits >= 0),
  created_at timestamptz not null default now()
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
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  agent_id uuid not null references agents (id),
  status_id smallint not null default 7 references run_statuses (id),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  run_id uuid references agent_runs (id),
  type text not null references transaction_types (code),
  amount integer not null check (amount <> 0),
  balance_after integer not null,
  created_at timestamptz not null default now(),
  check (type <> 'spend' or amount < 0)
);
create table plans (id uuid primary key default gen_random_uuid(), name text not null, monthly_credits integer not null);
create table subscriptions (user_id uuid primary key references users (id), plan_id uuid references plans (id), renews_at timestamptz);

insert into run_statuses (id, name, label) values
  (3, 'failed', 'Did not work'), (4, 'cancelled', 'Called off'), (7, 'queued', 'Waits'), (8, 'running', 'Works'), (9, 'completed', 'Ready');
insert into transaction_types (code, description) values
  ('spend', 'A run of an agent'), ('refund', 'A run that failed'), ('topup', 'Bought'), ('bonus', 'Given');
insert into users (id, email, credits) values
  ('2d000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('2d000000-0000-4000-8000-000000000002', 'leo@example.com', 1);
insert into agents (id, slug, name, credit_cost, webhook_url, is_active, input_schema) values
  ('2d100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('2d100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('2d100000-0000-4000-8000-000000000003', 'polls', 'Polls', 3, '{webhook}/polls', false, null);
insert into agent_runs (id, user_id, agent_id, status_id, output, created_at, completed_at) values
  ('2d200000-0000-4000-8000-000000000001', '2d000000-0000-4000-8000-000000000001', '2d100000-0000-4000-8000-000000000001',
   9, '{"title": "Ice"}', now() - interval '3 days', now() - interval '3 days'),
  ('2d200000-0000-4000-8000-000000000002', '2d000000-0000-4000-8000-000000000001', '2d100000-0000-4000-8000-000000000002',
   3, null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, run_id, type, amount, balance_after, created_at) values
  ('2d000000-0000-4000-8000-000000000002', null, 'bonus', 1, 1, now() - interval '5 days'),
  ('2d000000-0000-4000-8000-000000000001', null, 'topup', 110, 110, now() - interval '4 days'),
  ('2d000000-0000-4000-8000-000000000001', '2d200000-0000-4000-8000-000000000001', 'spend', -10, 100, now() - interval '3 days'),
  ('2d000000-0000-4000-8000-000000000001', '2d200000-0000-4000-8000-000000000002', 'spend', -5, 95, now() - interval '2 days'),
  ('2d000000-0000-4000-8000-000000000001', '2d200000-0000-4000-8000-000000000002', 'refund', 5, 100, now() - interval '2 days');
