--| title = "Neither the ledger nor the executions say what a run cost: a refund could be paid twice"
--| covers = [
--|     "ledger: names no execution", "deduct: new balance, NULL is not enough", "balance: users.credits",
--|     "ledger: credit_logs", "ledger: change_amount", "ledger: type", "ledger: use", "price: cost",
--|     "webhook: webhook_url", "agent key: slug", "execution: input", "execution: output", "execution: error",
--|     "status: running completed failed cancelled", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM credit_logs l JOIN users u ON u.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM executions WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| finding = "ledger-unlinked"
--| told = "SQL: the ledger gets a column for the execution"
--| settle_sql = "alter table credit_logs add execution_id uuid references executions (id)"

create table users (id uuid primary key default gen_random_uuid(), email text unique not null, credits int not null default 0 check (credits >= 0));
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text unique not null,
  name text not null,
  cost int not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active bool not null default true
);
create table executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  input jsonb,
  output jsonb,
  error text,
  created_at timestamptz not null default now()
);
create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  type text not null check (type in ('use', 'buy', 'refund', 'bonus')),
  change_amount int not null,
  created_at timestamptz not null default now()
);
create table purchases (id uuid primary key default gen_random_uuid(), user_id uuid references users (id), amount int, type text, credits int);
create table login_history (id bigserial primary key, user_id uuid references users (id), ip inet, at timestamptz default now());
create table changelog (id bigserial primary key, title text, body text);
create table bug_reports (id bigserial primary key, user_id uuid references users (id), execution_id uuid, text text);

create function use_credits(p_user_id uuid, p_amount int) returns int language plpgsql as $$
declare
  rest int;
begin
  update users set credits = credits - p_amount where id = p_user_id and credits >= p_amount returning credits into rest;
  if found then
    insert into credit_logs (user_id, type, change_amount) values (p_user_id, 'use', -p_amount);
  end if;
  return rest;
end $$;

insert into users (id, email, credits) values
  ('13000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('13000000-0000-4000-8000-000000000002', 'liv@example.com', 5);
insert into agents (id, slug, name, cost, webhook_url, is_active, input_schema) values
  ('13100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('13100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('13100000-0000-4000-8000-000000000003', 'horoscope', 'Horoscope', 1, '{webhook}/horoscope', false, null);
-- before there were credits: runs of that time were free
insert into executions (user_id, agent_id, status, output, created_at) values
  ('13000000-0000-4000-8000-000000000002', '13100000-0000-4000-8000-000000000003', 'cancelled', null, now() - interval '300 days');
insert into credit_logs (user_id, type, change_amount, created_at) values
  ('13000000-0000-4000-8000-000000000001', 'buy', 115, now() - interval '4 days'),
  ('13000000-0000-4000-8000-000000000001', 'use', -20, now() - interval '3 days'),
  ('13000000-0000-4000-8000-000000000001', 'refund', 5, now() - interval '2 days'),
  ('13000000-0000-4000-8000-000000000002', 'bonus', 5, now() - interval '1 day');
