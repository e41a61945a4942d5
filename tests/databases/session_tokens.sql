--| title = "Every run needs a session token of its own, which nothing in the database makes"
--| covers = [
--|     "trap: column without default", "trap: column of its own value", "deduct: returns boolean",
--|     "balance: users.credits", "ledger: credit_transactions",
--|     "ledger: amount", "ledger: transaction_type", "ledger: use", "price: cost", "webhook: webhook_url",
--|     "agent key: slug", "execution: input", "execution: result", "execution: error_message",
--|     "execution: completed_at", "status: running completed failed cancelled", "status: a CHECK",
--|     "status: no pending", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_transactions t JOIN users u ON u.id = t.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM bot_sessions WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }
--| finding = "column-unfilled"
--| told = "a session token made of the execution's id"
--| settle = '''executions.constant.session_token = "agentctl-{execution}"'''

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  credits integer not null default 0 check (credits >= 0),
  telegram_id bigint unique,
  created_at timestamptz not null default now()
);
create table bots (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  greeting text,
  cost integer not null,
  webhook_url text not null,
  input_schema jsonb,
  is_active boolean not null default true
);
create table bot_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  bot_id uuid not null references bots (id),
  session_token text not null unique,
  status text not null check (status in ('running', 'completed', 'failed', 'cancelled')),
  input jsonb,
  result jsonb,
  error_message text,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table session_messages (id bigint generated always as identity primary key, session_id uuid references bot_sessions (id), sender text, body text, sent_at timestamptz not null default now());
create table credit_transactions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  session_id uuid references bot_sessions (id),
  transaction_type text not null check (transaction_type in ('use', 'refund', 'buy', 'gift')),
  amount integer not null,
  created_at timestamptz not null default now()
);
create table channels (id uuid primary key default gen_random_uuid(), bot_id uuid references bots (id), kind text, external_id text);
create table blocked_words (word text primary key, added_at timestamptz not null default now());

create function use_credits(p_user uuid, p_amount integer, p_session uuid default null) returns boolean language plpgsql as $$
begin
  update users set credits = credits - p_amount where id = p_user and credits >= p_amount;
  if found then
    insert into credit_transactions (user_id, session_id, transaction_type, amount) values (p_user, p_session, 'use', -p_amount);
    return true;
  end if;
  return false;
end $$;

insert into users (id, email, credits) values
  ('27000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('27000000-0000-4000-8000-000000000002', 'dan@example.com', 5);
insert into bots (id, slug, name, cost, webhook_url, is_active, input_schema) values
  ('27100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
  ('27100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('27100000-0000-4000-8000-000000000003', 'quizmaster', 'Quizmaster', 2, '{webhook}/quiz', false, null);
insert into bot_sessions (id, user_id, bot_id, session_token, status, result, created_at, completed_at) values
  ('27200000-0000-4000-8000-000000000001', '27000000-0000-4000-8000-000000000001', '27100000-0000-4000-8000-000000000001',
   'tg:8813', 'completed', '{"title": "Kiwi"}', now() - interval '3 days', now() - interval '3 days'),
  ('27200000-0000-4000-8000-000000000002', '27000000-0000-4000-8000-000000000001', '27100000-0000-4000-8000-000000000002',
   'tg:8814', 'failed', null, now() - interval '2 days', now() - interval '2 days');
insert into credit_transactions (user_id, session_id, transaction_type, amount, created_at) values
  ('27000000-0000-4000-8000-000000000001', null, 'buy', 110, now() - interval '4 days'),
  ('27000000-0000-4000-8000-000000000001', '27200000-0000-4000-8000-000000000001', 'use', -10, now() - interval '3 days'),
  ('27000000-0000-4000-8000-000000000001', '27200000-0000-4000-8000-000000000002', 'use', -5, now() - interval '2 days'),
  ('27000000-0000-4000-8000-000000000001', '27200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('27000000-0000-4000-8000-000000000002', null, 'gift', 5, now() - interval '1 day');
