--| title = "The form is an object of fields by their names, as a shop of small tools keeps it"
--| covers = [
--|     "form: an object of fields", "deduct: raises an exception", "balance: users.credits", "ledger: credits_history",
--|     "ledger: delta", "ledger: type", "ledger: spend", "price: price_per_use_credits", "webhook: webhook_url",
--|     "agent key: slug", "execution: input_data", "execution: result", "execution: error", "execution: finished_at",
--|     "execution: credits_used", "status: running completed failed cancelled", "status: an enum", "status: no pending",
--|     "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM credits_history h JOIN users u ON u.id = h.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status::text FROM tool_runs WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create type tool_run_status as enum ('running', 'completed', 'failed', 'cancelled');
create type history_type as enum ('deposit', 'spend', 'refund', 'bonus');

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  wallet_address text unique,
  credits integer not null default 0,
  created_at timestamptz not null default now(),
  constraint credits_cannot_be_negative check (credits >= 0)
);
create table ai_tools (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  tagline text,
  price_per_use_credits integer not null,
  webhook_url text not null,
  input_fields jsonb not null default '{}',
  output_type text not null default 'text',
  is_active boolean not null default false
);
create table tool_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  tool_id uuid not null references ai_tools (id),
  status tool_run_status not null default 'running',
  input_data jsonb,
  result jsonb,
  error text,
  credits_used integer,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table credits_history (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  tool_run_id uuid references tool_runs (id),
  type history_type not null,
  delta integer not null,
  comment text,
  created_at timestamptz not null default now()
);
create table tool_collections (id uuid primary key default gen_random_uuid(), title text not null, position integer);
create table collection_tools (collection_id uuid references tool_collections (id), tool_id uuid references ai_tools (id), primary key (collection_id, tool_id));
create table onchain_deposits (tx_hash text primary key, user_id uuid references users (id), token text, amount numeric(38, 18), block bigint);

create function spend_credits(_user uuid, _amount integer, _tool_run uuid) returns integer language plpgsql as $$
declare
  _left integer;
begin
  update users set credits = credits - _amount where id = _user and credits >= _amount returning credits into _left;
  if not found then
    raise exception 'INSUFFICIENT_CREDITS' using errcode = 'P0001';
  end if;
  insert into credits_history (user_id, tool_run_id, type, delta) values (_user, _tool_run, 'spend', -_amount);
  return _left;
end $$;

insert into users (id, email, credits) values
  ('1c000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('1c000000-0000-4000-8000-000000000002', 'liv@example.com', 4);
insert into ai_tools (id, slug, name, price_per_use_credits, webhook_url, is_active, input_fields) values
  ('1c100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true,
   '{"topic": {"type": "string", "label": "What is it about?", "required": true},
     "tone": {"type": "select", "label": "Tone", "options": ["dry", "warm"], "required": false}}'),
  ('1c100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '{}'),
  ('1c100000-0000-4000-8000-000000000003', 'logo', 'Logo Maker', 25, '{webhook}/logo', false, '{"idea": {"type": "textarea", "label": "Idea"}}');
insert into tool_runs (id, user_id, tool_id, status, result, credits_used, created_at, finished_at) values
  ('1c200000-0000-4000-8000-000000000001', '1c000000-0000-4000-8000-000000000001', '1c100000-0000-4000-8000-000000000001',
   'completed', '{"title": "Elk"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('1c200000-0000-4000-8000-000000000002', '1c000000-0000-4000-8000-000000000001', '1c100000-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credits_history (user_id, tool_run_id, type, delta, created_at) values
  ('1c000000-0000-4000-8000-000000000001', null, 'deposit', 110, now() - interval '4 days'),
  ('1c000000-0000-4000-8000-000000000001', '1c200000-0000-4000-8000-000000000001', 'spend', -10, now() - interval '3 days'),
  ('1c000000-0000-4000-8000-000000000001', '1c200000-0000-4000-8000-000000000002', 'spend', -5, now() - interval '2 days'),
  ('1c000000-0000-4000-8000-000000000001', '1c200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('1c000000-0000-4000-8000-000000000002', null, 'bonus', 4, now() - interval '1 day');
