--| title = "A CHECK requires the name of the worker that holds a running job"
--| covers = [
--|     "trap: a CHECK", "deduct: returns -1", "balance: profiles.credits integer", "ledger: credit_logs",
--|     "ledger: change_amount", "ledger: type", "ledger: use", "price: price_per_use_credits",
--|     "webhook: webhook_url", "agent key: slug", "execution: input_data", "execution: result",
--|     "execution: error_message", "execution: finished_at", "execution: credits_charged",
--|     "status: queued succeeded error", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM credit_logs l JOIN profiles p ON p.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_jobs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }
--| finding = "check-refuses"
--| told = "the worker that agentctl's rows name"
--| settle = '''executions.constant.worker_id = "agentctl"'''

create table profiles (id uuid primary key default gen_random_uuid(), email text not null unique, credits integer not null default 0 check (credits >= 0));
create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  price_per_use_credits integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true,
  max_parallel integer not null default 4
);
create table agent_jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'error')),
  input_data jsonb,
  result jsonb,
  error_message text,
  credits_charged integer,
  worker_id text,
  heartbeat_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint running_jobs_are_held check (status <> 'running' or worker_id is not null)
);
create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  job_id uuid references agent_jobs (id),
  type text not null check (type in ('use', 'refund', 'purchase', 'gift')),
  change_amount integer not null,
  created_at timestamptz not null default now()
);
create table workers (id text primary key, host text, started_at timestamptz default now());
create table job_retries (job_id uuid references agent_jobs (id), attempt int, error text, primary key (job_id, attempt));
create table schedules (id uuid primary key default gen_random_uuid(), agent_id uuid references agents (id), user_id uuid references profiles (id), cron text);
create table dead_letters (id bigserial primary key, payload jsonb, error text);

create function consume_credits(p_user_id uuid, p_credits integer, p_job_id uuid default null) returns integer language plpgsql as $$
declare
  v_left integer;
begin
  update profiles set credits = credits - p_credits where id = p_user_id and credits >= p_credits returning credits into v_left;
  if not found then
    return -1;
  end if;
  insert into credit_logs (user_id, job_id, type, change_amount) values (p_user_id, p_job_id, 'use', -p_credits);
  return v_left;
end $$;

insert into profiles (id, email, credits) values
  ('17000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('17000000-0000-4000-8000-000000000002', 'bot@example.com', 5);
insert into agents (id, slug, name, price_per_use_credits, webhook_url, is_active, input_schema) values
  ('17100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('17100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('17100000-0000-4000-8000-000000000003', 'crawler', 'Site Crawler', 50, '{webhook}/crawler', false, null);
insert into workers (id, host) values ('w-1', 'blue'), ('agentctl', 'by hand');
insert into agent_jobs (id, user_id, agent_id, status, result, error_message, credits_charged, worker_id, created_at, finished_at) values
  ('17200000-0000-4000-8000-000000000001', '17000000-0000-4000-8000-000000000001', '17100000-0000-4000-8000-000000000001',
   'succeeded', '{"title": "Nut"}', null, 10, 'w-1', now() - interval '3 days', now() - interval '3 days'),
  ('17200000-0000-4000-8000-000000000002', '17000000-0000-4000-8000-000000000001', '17100000-0000-4000-8000-000000000002',
   'error', null, 'killed', 0, 'w-1', now() - interval '2 days', now() - interval '2 days');
insert into credit_logs (user_id, job_id, type, change_amount, created_at) values
  ('17000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('17000000-0000-4000-8000-000000000001', '17200000-0000-4000-8000-000000000001', 'use', -10, now() - interval '3 days'),
  ('17000000-0000-4000-8000-000000000001', '17200000-0000-4000-8000-000000000002', 'use', -5, now() - interval '2 days'),
  ('17000000-0000-4000-8000-000000000001', '17200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('17000000-0000-4000-8000-000000000002', null, 'gift', 5, now() - interval '1 day');
