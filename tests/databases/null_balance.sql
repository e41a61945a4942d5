--| title = "Balances in a table of their own, agents identified by a code, NULL where credits are missing, no status for pending"
--| covers = [
--|     "deduct: new balance, NULL is not enough", "balance: user_credits.credits", "ledger: credits_history",
--|     "ledger: change_amount", "ledger: transaction_type", "ledger: debit", "price: price", "webhook: webhook_url",
--|     "agent key: code", "execution: input_data", "execution: result", "execution: error_message",
--|     "execution: completed_at", "status: running completed failed cancelled", "status: no pending",
--|     "status: a CHECK", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM user_credits JOIN users USING (user_id) WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(change_amount) FROM credits_history JOIN users USING (user_id) WHERE email = %(user)s"
--| status_sql = "SELECT status FROM executions WHERE execution_id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create table users (
    user_id uuid primary key default gen_random_uuid(),
    email text not null,
    display_name text,
    country char(2),
    newsletter boolean default false,
    created_at timestamptz not null default now()
);
create unique index users_email_key on users (lower(email));

create table user_credits (
    user_id uuid primary key references users (user_id) on delete cascade,
    credits integer not null default 0,
    lifetime_credits integer not null default 0,
    updated_at timestamptz not null default now(),
    check (credits >= 0)
);

create table agents (
    code varchar(40) primary key,
    name text not null,
    description text,
    price integer not null,
    webhook_url text,
    input_schema jsonb,
    active boolean not null default true,
    sort_order integer default 100
);

create table executions (
    execution_id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (user_id),
    agent_code varchar(40) not null references agents (code) on update cascade,
    status varchar(16) not null default 'running',
    input_data jsonb not null default '{}',
    result jsonb,
    error_message text,
    created_at timestamptz not null default now(),
    completed_at timestamptz,
    constraint executions_status_check
        check (status::text = any (array['running', 'completed', 'failed', 'cancelled']))
);
create index on executions (user_id, created_at desc);

create table credits_history (
    history_id bigint generated always as identity primary key,
    user_id uuid not null references users (user_id),
    execution_id uuid references executions (execution_id),
    transaction_type varchar(16) not null check (transaction_type in ('credit', 'debit', 'refund')),
    change_amount integer not null,
    balance_after integer not null,
    description text,
    created_at timestamptz not null default now()
);

create table invoices (invoice_id bigserial primary key, user_id uuid references users, amount numeric(10,2), currency char(3), paid_at timestamptz);
create table plans (plan_id serial primary key, name text, price numeric(10,2), credits integer);
create table subscriptions (subscription_id bigserial primary key, user_id uuid references users, plan_id int references plans, status text);
create table support_tickets (ticket_id bigserial primary key, user_id uuid references users, status text, body text);

create or replace function use_credits(p_user_id uuid, p_amount integer, p_execution_id uuid default null)
returns integer language plpgsql as $$
declare
    left_over integer;
begin
    update user_credits set credits = credits - p_amount, updated_at = now()
    where user_id = p_user_id and credits >= p_amount
    returning credits into left_over;
    if left_over is null then
        return null;
    end if;
    insert into credits_history (user_id, execution_id, transaction_type, change_amount, balance_after, description)
    values (p_user_id, p_execution_id, 'debit', -p_amount, left_over, 'agent execution');
    return left_over;
end $$;

insert into users (user_id, email) values
    ('aaaaaaaa-0000-4000-8000-000000000001', 'ops@example.com'), ('aaaaaaaa-0000-4000-8000-000000000002', 'noor@example.com');
insert into user_credits (user_id, credits) values
    ('aaaaaaaa-0000-4000-8000-000000000001', 100), ('aaaaaaaa-0000-4000-8000-000000000002', 0);
insert into agents (code, name, price, webhook_url, active, input_schema) values
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
    ('poem', 'Poem Writer', 1, null, false, null);
insert into executions (execution_id, user_id, agent_code, status, result, created_at, completed_at) values
    ('bbbbbbbb-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001', 'seo-blog', 'completed',
     '{"title": "Rice"}', now() - interval '2 days', now() - interval '2 days'),
    ('bbbbbbbb-0000-4000-8000-000000000002', 'aaaaaaaa-0000-4000-8000-000000000001', 'always-fails', 'failed',
     null, now() - interval '1 day', now() - interval '1 day');
insert into credits_history (user_id, execution_id, transaction_type, change_amount, balance_after, created_at) values
    ('aaaaaaaa-0000-4000-8000-000000000001', null, 'credit', 110, 110, now() - interval '3 days'),
    ('aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', 'debit', -10, 100, now() - interval '2 days'),
    ('aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002', 'debit', -5, 95, now() - interval '1 day'),
    ('aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002', 'refund', 5, 100, now() - interval '1 day');
