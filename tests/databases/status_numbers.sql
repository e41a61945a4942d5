--| title = "What state a run is in is a number, and only the application knows what each number means"
--| covers = ["status: a number", "deduct: no function"]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM executions WHERE id::text = %(execution)s"
--| words = { success = "2", failed = "3" }
--| finding = "status-unmapped"
--| told = "which number stands for which state"
--| settle = '''
--| [executions.statuses]
--| pending = 0
--| running = 1
--| success = 2
--| failed = 3
--| '''

create table users (
  id bigserial primary key,
  email text not null unique,
  credits integer not null default 0 check (credits >= 0),
  created_at timestamptz not null default now()
);
create table agents (
  id bigserial primary key,
  name text not null,
  slug text not null unique,
  credit_cost integer not null,
  webhook_url text,
  input_schema jsonb,
  is_active boolean not null default true
);
create table executions (
  id bigserial primary key,
  user_id bigint not null references users (id),
  agent_id bigint not null references agents (id),
  status smallint not null default 0 check (status between 0 and 3),
  inputs jsonb,
  result jsonb,
  error text,
  idempotency_key text unique,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint completed_when_over check ((status = any (array[2, 3])) or completed_at is null)
);
create table credit_transactions (
  id bigserial primary key,
  user_id bigint not null references users (id),
  execution_id bigint references executions (id),
  type text not null check (type in ('usage', 'refund', 'purchase', 'bonus')),
  amount integer not null,
  created_at timestamptz not null default now(),
  check ((type = 'usage') = (amount < 0))
);
create table payments (id bigserial primary key, user_id bigint references users (id), cents integer, status smallint not null default 0);
create table schedules (id bigserial primary key, agent_id bigint references agents (id), cron text not null, enabled boolean not null default false);
create table api_tokens (id bigserial primary key, user_id bigint references users (id), digest bytea);

insert into users (email, credits) values ('ops@example.com', 100), ('kim@example.com', 2);
insert into agents (name, slug, credit_cost, webhook_url, is_active, input_schema) values
  ('SEO Blog', 'seo-blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('Always Fails', 'always-fails', 5, '{webhook}/always-fails', true, null),
  ('Slides', 'slides', 9, '{webhook}/slides', false, null);
insert into executions (user_id, agent_id, status, result, created_at, completed_at) values
  (1, 1, 2, '{"title": "Fog"}', now() - interval '3 days', now() - interval '3 days'),
  (1, 2, 3, null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, execution_id, type, amount, created_at) values
  (2, null, 'bonus', 2, now() - interval '5 days'),
  (1, null, 'purchase', 110, now() - interval '4 days'),
  (1, 1, 'usage', -10, now() - interval '3 days'),
  (1, 2, 'usage', -5, now() - interval '2 days'),
  (1, 2, 'refund', 5, now() - interval '2 days');
