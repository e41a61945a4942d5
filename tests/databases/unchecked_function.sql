--| title = "The function takes without looking: it checks nothing, returns nothing, and no CHECK stops it"
--| covers = [
--|     "deduct: returns void", "deduct: takes without looking", "balance: profiles.credit_balance",
--|     "ledger: credit_logs", "ledger: credits_delta", "ledger: type", "ledger: debit", "price: price",
--|     "webhook: webhook_url", "agent key: slug", "execution: input_data", "execution: output_data",
--|     "execution: error_message", "execution: finished_at", "status: pending running success failed", "ids: uuid",
--| ]
--| balance_sql = "SELECT credit_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(credits_delta) FROM credit_logs l JOIN profiles p ON p.id = l.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT state FROM assistant_runs WHERE id::text = %(execution)s"
--| words = { success = "done", failed = "error" }

create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  display_name text,
  avatar_url text,
  credit_balance integer not null default 0,
  tier text not null default 'free',
  created_at timestamptz not null default now()
);
create table vaults (id uuid primary key default gen_random_uuid(), owner_id uuid not null references profiles (id), title text not null, sealed boolean not null default false);
create table documents (id uuid primary key default gen_random_uuid(), vault_id uuid references vaults (id) on delete cascade, path text not null, bytes bigint, sha256 text);
create table assistants (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  title text not null,
  system_prompt text,
  temperature numeric(3, 2) not null default 0.7,
  price integer not null default 1,
  webhook_url text,
  input_schema jsonb,
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);
create table conversations (id uuid primary key default gen_random_uuid(), profile_id uuid references profiles (id), assistant_id uuid references assistants (id), title text);
create table assistant_runs (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  assistant_id uuid not null references assistants (id),
  conversation_id uuid references conversations (id),
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'error')),
  input_data jsonb,
  output_data jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table credit_logs (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles (id),
  run_id uuid references assistant_runs (id),
  type text not null check (type in ('debit', 'refund', 'topup', 'gift')),
  credits_delta integer not null,
  note text,
  created_at timestamptz not null default now()
);
create table usage_daily (profile_id uuid references profiles (id), day date, runs integer not null default 0, primary key (profile_id, day));

-- The web application looks at the balance first; so nobody thought of looking here.
create function consume_credits(p_profile_id uuid, p_credits integer, p_run_id uuid, p_note text default null) returns void
language sql security definer set search_path = public as $$
  update profiles set credit_balance = credit_balance - p_credits where id = p_profile_id;
  insert into credit_logs (profile_id, run_id, type, credits_delta, note) values (p_profile_id, p_run_id, 'debit', -p_credits, p_note);
$$;

insert into profiles (id, email, credit_balance) values
  ('19000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('19000000-0000-4000-8000-000000000002', 'amy@example.com', 9);
insert into assistants (id, slug, title, price, webhook_url, is_active, input_schema) values
  ('19100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('19100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('19100000-0000-4000-8000-000000000003', 'notary', 'Notary', 40, '{webhook}/notary', false, null);
insert into assistant_runs (id, profile_id, assistant_id, state, output_data, error_message, created_at, finished_at) values
  ('19200000-0000-4000-8000-000000000001', '19000000-0000-4000-8000-000000000001', '19100000-0000-4000-8000-000000000001',
   'done', '{"title": "Rye"}', null, now() - interval '3 days', now() - interval '3 days'),
  ('19200000-0000-4000-8000-000000000002', '19000000-0000-4000-8000-000000000001', '19100000-0000-4000-8000-000000000002',
   'error', null, 'no answer', now() - interval '2 days', now() - interval '2 days');
insert into credit_logs (profile_id, run_id, type, credits_delta, created_at) values
  ('19000000-0000-4000-8000-000000000001', null, 'topup', 110, now() - interval '4 days'),
  ('19000000-0000-4000-8000-000000000001', '19200000-0000-4000-8000-000000000001', 'debit', -10, now() - interval '3 days'),
  ('19000000-0000-4000-8000-000000000001', '19200000-0000-4000-8000-000000000002', 'debit', -5, now() - interval '2 days'),
  ('19000000-0000-4000-8000-000000000001', '19200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('19000000-0000-4000-8000-000000000002', null, 'gift', 9, now() - interval '1 day');
