--| title = "Small and early: no ledger, only the cost of each run; only the environment has the webhooks"
--| covers = [
--|     "ledger: none", "webhook: none", "deduct: no function", "balance: profiles.credits integer",
--|     "price: credit_cost", "agent key: slug", "execution: inputs", "execution: output", "execution: error",
--|     "execution: credits_used", "status: pending running success failed", "trigger: updated_at", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_executions WHERE id::text = %(execution)s"
--| words = { success = "success", failed = "failed" }
--| environment = { SEO_BLOG_WEBHOOK_URL = "{webhook}/seo-blog", ALWAYS_FAILS_WEBHOOK_URL = "{webhook}/always-fails" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 10,
  plan text default 'hobby',
  updated_at timestamptz default now()
);

create table agents (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  tagline text,
  credit_cost integer not null default 1,
  input_schema jsonb,
  is_active boolean not null default true,
  docs_url text,
  icon_url text
);

create table agent_executions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'pending',
  inputs jsonb,
  output jsonb,
  error text,
  credits_used integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table purchases (id uuid primary key default gen_random_uuid(), user_id uuid references profiles (id), credits integer not null,
  amount integer not null, type text not null default 'stripe', created_at timestamptz default now());
create table usage_logs (id bigserial primary key, user_id uuid references profiles (id), event text, properties jsonb, created_at timestamptz default now());
create table feedback (id uuid primary key default gen_random_uuid(), execution_id uuid references agent_executions (id), thumbs_up boolean);
create table blog_posts (id uuid primary key default gen_random_uuid(), slug text unique, title text, body text, is_published boolean default false);
create table user_settings (user_id uuid primary key references profiles (id), theme text default 'dark', emails boolean default true);

create function set_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;
create trigger set_updated_at before update on profiles for each row execute function set_updated_at();
create trigger set_updated_at before update on agent_executions for each row execute function set_updated_at();

insert into profiles (id, email, credits) values
  ('10000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('10000000-0000-4000-8000-000000000002', 'pia@example.com', 9);
insert into agents (id, slug, name, credit_cost, is_active, input_schema) values
  ('11000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('11000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, true, null),
  ('11000000-0000-4000-8000-000000000003', 'tweets', 'Tweet Writer', 1, false, null);
insert into purchases (user_id, credits, amount) values ('10000000-0000-4000-8000-000000000001', 110, 1900);
insert into agent_executions (user_id, agent_id, status, output, error, credits_used, created_at) values
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', 'success', '{"title": "Tin"}', null, 10, now() - interval '6 days'),
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000002', 'failed', null, 'boom', 0, now() - interval '5 days');
