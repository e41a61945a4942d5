--| title = "A trigger on the ledger moves the balance, so nobody else may move it; identity columns"
--| covers = [
--|     "trap: trigger", "trigger: ledger moves the balance", "deduct: no function", "balance: users.credits",
--|     "ledger: amount", "ledger: type", "ledger: debit", "price: cost", "webhook: webhook_url", "agent key: slug",
--|     "execution: input", "execution: output", "execution: error", "execution: finished_at",
--|     "status: queued succeeded error", "status: a CHECK", "ids: bigint identity",
--| ]
--| balance_sql = "SELECT credits FROM users WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM credit_ledger JOIN users USING (user_id) WHERE email = %(user)s"
--| status_sql = "SELECT state FROM runs WHERE run_id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }
--| takes_keys = false

create table users (
    user_id bigint generated always as identity primary key,
    email text not null unique,
    credits integer not null default 0 check (credits >= 0),
    locale text not null default 'en'
);

create table agents (
    agent_id bigint generated always as identity primary key,
    slug text not null unique check (slug = lower(slug)),
    name text not null,
    cost integer not null check (cost > 0),
    webhook_url text not null check (webhook_url like 'http%'),
    input_schema jsonb,
    active boolean not null default true
);

create table runs (
    run_id bigint generated always as identity primary key,
    user_id bigint not null references users,
    agent_id bigint not null references agents,
    state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'error')),
    input jsonb,
    output jsonb,
    error text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    check (finished_at is null or state in ('succeeded', 'error'))
);

create table credit_ledger (
    entry_id bigint generated always as identity primary key,
    user_id bigint not null references users,
    run_id bigint references runs,
    type text not null check (type in ('debit', 'refund', 'purchase', 'gift')),
    amount integer not null check ((type = 'debit') = (amount < 0)),
    balance_after integer,
    created_at timestamptz not null default now()
);

create table run_logs (id bigint generated always as identity primary key, run_id bigint references runs, line text, level text);
create table run_feedback (run_id bigint primary key references runs, stars smallint, comment text);
create table price_changes (agent_id bigint references agents, old_cost integer, new_cost integer, at timestamptz default now());
create table sign_ups (id bigint generated always as identity primary key, email text, source text);

create function apply_ledger_entry() returns trigger language plpgsql as $$
begin
    update users set credits = credits + new.amount where user_id = new.user_id returning credits into new.balance_after;
    return new;
end $$;
create trigger apply_entry before insert on credit_ledger for each row execute function apply_ledger_entry();

create function ledger_is_for_ever() returns trigger language plpgsql as $$
begin
    raise exception 'ledger rows are never changed';
end $$;
create trigger never_change before update or delete on credit_ledger for each row execute function ledger_is_for_ever();

insert into users (email) values ('ops@example.com'), ('tom@example.com');
insert into agents (slug, name, cost, webhook_url, active, input_schema) values
    ('seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
    ('logo', 'Logo Maker', 25, '{webhook}/logo', false, null);
insert into runs (user_id, agent_id, state, output, error, created_at, finished_at) values
    (1, 1, 'succeeded', '{"title": "Sand"}', null, now() - interval '30 days', now() - interval '30 days'),
    (1, 2, 'error', null, 'no answer', now() - interval '29 days', now() - interval '29 days');
-- in this order: each entry moves the balance
insert into credit_ledger (user_id, run_id, type, amount, created_at) values (1, null, 'purchase', 110, now() - interval '31 days');
insert into credit_ledger (user_id, run_id, type, amount, created_at) values (1, 1, 'debit', -10, now() - interval '30 days');
insert into credit_ledger (user_id, run_id, type, amount, created_at) values (1, 2, 'debit', -5, now() - interval '29 days');
insert into credit_ledger (user_id, run_id, type, amount, created_at) values (1, 2, 'refund', 5, now() - interval '28 days');
insert into credit_ledger (user_id, run_id, type, amount, created_at) values (2, null, 'gift', 5, now() - interval '27 days');
