--| title = "Runs and ledger alike name an account, which belongs to a member: neither says whose it is itself"
--| covers = ["execution: names an account", "ledger: names a wallet", "deduct: no function", "agent key: slug"]
--| balance_sql = "SELECT credit_balance FROM credit_accounts a JOIN members m ON m.id = a.member_id WHERE email = %(user)s"
--| ledger_sql = '''SELECT sum(e.delta) FROM credit_entries e JOIN credit_accounts a ON a.id = e.account_id
--|   JOIN members m ON m.id = a.member_id WHERE email = %(user)s'''
--| status_sql = "SELECT status::text FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "failed" }

create type run_state as enum ('queued', 'running', 'succeeded', 'failed');
create table members (
  id bigserial primary key,
  email text not null unique,
  joined_at timestamptz not null default now()
);
create table credit_accounts (
  id uuid primary key default gen_random_uuid(),
  member_id bigint not null unique references members (id),
  credit_balance numeric(14, 2) not null default 0 check (credit_balance >= 0),
  opened_at timestamptz not null default now()
);
create table agents (
  id bigserial primary key,
  slug text not null unique,
  name text not null,
  price_credits numeric(14, 2) not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references credit_accounts (id),
  agent_id bigint not null references agents (id),
  status run_state not null default 'queued',
  inputs jsonb,
  result jsonb,
  created_at timestamptz not null default now()
);
create table credit_entries (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references credit_accounts (id),
  run_id uuid references agent_runs (id),
  kind text not null check (kind in ('usage', 'refund', 'gift', 'topup')),
  delta numeric(14, 2) not null,
  note text,
  created_at timestamptz not null default now()
);
create table invoices (id bigserial primary key, member_id bigint references members (id), cents integer not null, paid_at timestamptz);
create table favourites (member_id bigint references members (id), agent_id bigint references agents (id), primary key (member_id, agent_id));

insert into members (email) values ('eva@example.com'), ('ops@example.com');
insert into credit_accounts (id, member_id, credit_balance) values
  ('2c300000-0000-4000-8000-000000000001', 2, 100), ('2c300000-0000-4000-8000-000000000002', 1, 2.5);
insert into agents (slug, name, price_credits, webhook_url, is_active, input_schema) values
  ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('jingle', 'Jingles', 1.25, '{webhook}/jingle', false, null);
insert into agent_runs (id, account_id, agent_id, status, result, created_at) values
  ('2c200000-0000-4000-8000-000000000001', '2c300000-0000-4000-8000-000000000001', 1, 'succeeded', '{"title": "Oil"}', now() - interval '3 days'),
  ('2c200000-0000-4000-8000-000000000002', '2c300000-0000-4000-8000-000000000001', 2, 'failed', null, now() - interval '2 days');
insert into credit_entries (account_id, run_id, kind, delta, created_at) values
  ('2c300000-0000-4000-8000-000000000002', null, 'gift', 2.5, now() - interval '5 days'),
  ('2c300000-0000-4000-8000-000000000001', null, 'topup', 110, now() - interval '4 days'),
  ('2c300000-0000-4000-8000-000000000001', '2c200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('2c300000-0000-4000-8000-000000000001', '2c200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('2c300000-0000-4000-8000-000000000001', '2c200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days');
