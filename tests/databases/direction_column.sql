--| title = "Amounts are positive, a column says debit or credit, and a CHECK ties it to the kind of entry"
--| covers = [
--|     "ledger: direction in a column", "ledger: unsigned", "ledger: amount", "ledger: usage",
--|     "deduct: takes reason and metadata", "deduct: returns boolean", "balance: users.credits", "price: price",
--|     "webhook: webhook_url", "agent key: slug", "execution: inputs", "execution: output",
--|     "execution: error_message", "execution: completed_at", "status: queued succeeded error", "status: a CHECK",
--|     "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = '''SELECT sum(CASE direction WHEN 'credit' THEN amount ELSE -amount END)
--|   FROM billing_entries e JOIN users u ON u.id = e.user_id WHERE email = %(user)s'''
--| status_sql = "SELECT status FROM task_runs WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }

create table organisations (id uuid primary key default gen_random_uuid(), name text not null, vat_number text);
create table users (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid references organisations (id),
  email text not null unique,
  credits integer not null default 0,
  created_at timestamptz not null default now(),
  constraint users_credits_not_negative check (credits >= 0)
);
create table ai_workers (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  summary text,
  price integer not null check (price > 0),
  webhook_url text not null,
  input_schema jsonb not null default '[]',
  is_active boolean not null default true
);
create table task_runs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  ai_worker_id uuid not null references ai_workers (id),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'error')),
  inputs jsonb,
  output jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table billing_entries (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  task_run_id uuid references task_runs (id),
  entry_type text not null check (entry_type in ('usage', 'purchase', 'refund', 'bonus')),
  direction text not null check (direction in ('debit', 'credit')),
  amount integer not null check (amount > 0),
  description text,
  created_at timestamptz not null default now(),
  constraint direction_fits_entry check (
    (direction = 'debit' and entry_type = 'usage') or (direction = 'credit' and entry_type in ('purchase', 'refund', 'bonus'))
  )
);
create table invoices (id uuid primary key default gen_random_uuid(), organisation_id uuid references organisations (id), number text unique, net numeric(10, 2), issued_on date);
create table task_run_files (task_run_id uuid references task_runs (id), name text, content bytea, primary key (task_run_id, name));
create table outbox (id bigserial primary key, topic text not null, body jsonb not null, sent_at timestamptz);

create function spend_credits(p_user_id uuid, p_amount integer, p_reason text, p_metadata jsonb default '{}', p_task_run_id uuid default null)
returns boolean language plpgsql as $$
begin
  update users set credits = credits - p_amount where id = p_user_id and credits >= p_amount;
  if not found then
    return false;
  end if;
  insert into billing_entries (user_id, task_run_id, entry_type, direction, amount, description)
  values (p_user_id, p_task_run_id, 'usage', 'debit', p_amount, p_reason);
  return true;
end $$;

insert into users (id, email, credits) values
  ('1a000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('1a000000-0000-4000-8000-000000000002', 'una@example.com', 2);
insert into ai_workers (id, slug, name, price, webhook_url, is_active, input_schema) values
  ('1a100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('1a100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, '[]'),
  ('1a100000-0000-4000-8000-000000000003', 'tax-clerk', 'Tax Clerk', 30, '{webhook}/tax', false, '[]');
insert into task_runs (id, user_id, ai_worker_id, status, output, created_at, completed_at) values
  ('1a200000-0000-4000-8000-000000000001', '1a000000-0000-4000-8000-000000000001', '1a100000-0000-4000-8000-000000000001',
   'succeeded', '{"title": "Fig"}', now() - interval '3 days', now() - interval '3 days'),
  ('1a200000-0000-4000-8000-000000000002', '1a000000-0000-4000-8000-000000000001', '1a100000-0000-4000-8000-000000000002',
   'error', null, now() - interval '2 days', now() - interval '2 days');
insert into billing_entries (user_id, task_run_id, entry_type, direction, amount, created_at) values
  ('1a000000-0000-4000-8000-000000000001', null, 'purchase', 'credit', 110, now() - interval '4 days'),
  ('1a000000-0000-4000-8000-000000000001', '1a200000-0000-4000-8000-000000000001', 'usage', 'debit', 10, now() - interval '3 days'),
  ('1a000000-0000-4000-8000-000000000001', '1a200000-0000-4000-8000-000000000002', 'usage', 'debit', 5, now() - interval '2 days'),
  ('1a000000-0000-4000-8000-000000000001', '1a200000-0000-4000-8000-000000000002', 'refund', 'credit', 5, now() - interval '2 days'),
  ('1a000000-0000-4000-8000-000000000002', null, 'bonus', 'credit', 2, now() - interval '1 day');
