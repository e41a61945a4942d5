--| title = "Creators submit agents, and a word says which are published; what a run costs is on the run as well"
--| covers = [
--|     "agent state: a word", "deduct: new balance, NULL is not enough", "balance: profiles.credit_balance",
--|     "ledger: credits_history", "ledger: amount", "ledger: type", "ledger: debit", "price: price",
--|     "webhook: n8n_webhook_url", "agent key: slug", "execution: inputs", "execution: output",
--|     "execution: error_message", "execution: finished_at", "execution: credits_charged",
--|     "status: queued succeeded error", "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credit_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credits_history h JOIN profiles p ON p.id = h.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM agent_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "failed" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  handle text unique,
  is_creator boolean not null default false,
  credit_balance integer not null default 0 check (credit_balance >= 0),
  created_at timestamptz not null default now()
);
create table agents (
  id uuid primary key default gen_random_uuid(),
  creator_id uuid not null references profiles (id),
  slug text not null unique,
  title text not null,
  description text not null default '',
  status text not null default 'draft' check (status in ('draft', 'pending_review', 'published', 'archived')),
  price integer not null default 1 check (price between 0 and 500),
  n8n_webhook_url text not null,
  input_schema jsonb not null default '[]',
  submitted_at timestamptz,
  published_at timestamptz,
  created_at timestamptz not null default now()
);
create table agent_versions (id uuid primary key default gen_random_uuid(), agent_id uuid not null references agents (id), number integer not null, notes text, unique (agent_id, number));
create table agent_reports (id uuid primary key default gen_random_uuid(), agent_id uuid references agents (id), reporter_id uuid references profiles (id), reason text, status text not null default 'open');
create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  agent_id uuid not null references agents (id),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
  inputs jsonb not null default '{}',
  output jsonb,
  error_message text,
  credits_charged integer not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table credits_history (
  id bigint generated always as identity primary key,
  profile_id uuid not null references profiles (id),
  agent_run_id uuid references agent_runs (id),
  type text not null check (type in ('debit', 'refund', 'topup', 'reward')),
  amount integer not null check (amount <> 0),
  created_at timestamptz not null default now()
);
create table creator_earnings (id bigint generated always as identity primary key, creator_id uuid not null references profiles (id), agent_run_id uuid references agent_runs (id), cents integer not null, paid boolean not null default false);
create table reviews (agent_id uuid references agents (id), profile_id uuid references profiles (id), stars integer check (stars between 1 and 5), primary key (agent_id, profile_id));

create function charge_credits(_profile_id uuid, _price integer, _agent_run_id uuid default null) returns integer language plpgsql as $$
declare
  v_balance integer;
begin
  update profiles set credit_balance = credit_balance - _price where id = _profile_id and credit_balance >= _price
  returning credit_balance into v_balance;
  if v_balance is not null then
    insert into credits_history (profile_id, agent_run_id, type, amount) values (_profile_id, _agent_run_id, 'debit', -_price);
  end if;
  return v_balance;
end $$;

insert into profiles (id, email, handle, is_creator, credit_balance) values
  ('24000000-0000-4000-8000-000000000001', 'ops@example.com', 'ops', true, 100),
  ('24000000-0000-4000-8000-000000000002', 'tom@example.com', 'tom', false, 3);
insert into agents (id, creator_id, slug, title, status, price, n8n_webhook_url, input_schema) values
  ('24100000-0000-4000-8000-000000000001', '24000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 'published', 10,
   '{webhook}/seo-blog', '[{"name": "topic", "type": "text", "required": true}]'),
  ('24100000-0000-4000-8000-000000000002', '24000000-0000-4000-8000-000000000001', 'always-fails', 'Always Fails', 'published', 5,
   '{webhook}/always-fails', '[]'),
  ('24100000-0000-4000-8000-000000000003', '24000000-0000-4000-8000-000000000001', 'moodboard', 'Moodboard', 'pending_review', 8,
   '{webhook}/moodboard', '[]');
update agents set published_at = now() - interval '9 days' where status = 'published';
insert into agent_runs (id, profile_id, agent_id, status, output, credits_charged, created_at, finished_at) values
  ('24200000-0000-4000-8000-000000000001', '24000000-0000-4000-8000-000000000001', '24100000-0000-4000-8000-000000000001',
   'succeeded', '{"title": "Cod"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('24200000-0000-4000-8000-000000000002', '24000000-0000-4000-8000-000000000001', '24100000-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credits_history (profile_id, agent_run_id, type, amount, created_at) values
  ('24000000-0000-4000-8000-000000000001', null, 'topup', 110, now() - interval '4 days'),
  ('24000000-0000-4000-8000-000000000001', '24200000-0000-4000-8000-000000000001', 'debit', -10, now() - interval '3 days'),
  ('24000000-0000-4000-8000-000000000001', '24200000-0000-4000-8000-000000000002', 'debit', -5, now() - interval '2 days'),
  ('24000000-0000-4000-8000-000000000001', '24200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('24000000-0000-4000-8000-000000000002', null, 'reward', 3, now() - interval '1 day');
