--| title = "Domains wherever a DBA likes them, and three functions with one name, which return a table"
--| covers = [
--|     "deduct: returns a table", "deduct: overloads", "balance: profiles.credits integer", "ledger: credits_history",
--|     "ledger: delta", "ledger: type", "ledger: spend", "price: price", "webhook: n8n_webhook_url",
--|     "agent key: code", "execution: input", "execution: output", "execution: error_message",
--|     "execution: completed_at", "execution: credits_charged", "status: a domain",
--|     "status: queued succeeded error", "ids: uuid",
--| ]
--| balance_sql = "SELECT credits FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(delta) FROM credits_history h JOIN profiles p ON p.id = h.profile_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM executions WHERE id::text = %(execution)s"
--| words = { success = "succeeded", failed = "error" }

create domain email_address as varchar(254) check (value ~ '^[^@\s]+@[^@\s]+$');
create domain short_text as varchar(120) check (length(trim(value)) > 0);
create domain credit_amount as integer check (value >= 0);
create domain run_state as varchar(12) default 'queued' check (value in ('queued', 'running', 'succeeded', 'error'));
create domain movement as varchar(12) not null check (value in ('buy', 'spend', 'refund', 'bonus'));

create table profiles (
    id uuid primary key default gen_random_uuid(),
    email email_address not null unique,
    nickname short_text,
    credits credit_amount not null default 0,
    joined_at timestamptz not null default now()
);

create table agents (
    id uuid primary key default gen_random_uuid(),
    code varchar(30) not null unique,
    name short_text not null,
    price credit_amount not null,
    n8n_webhook_url varchar(500),
    input_fields jsonb,
    enabled boolean not null default true
);

create table executions (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null references profiles (id),
    agent_id uuid not null references agents (id),
    status run_state not null,
    input jsonb,
    output jsonb,
    error_message varchar(2000),
    credits_charged credit_amount,
    created_at timestamptz not null default now(),
    completed_at timestamptz
);

create table credits_history (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null references profiles (id),
    execution_id uuid references executions (id),
    type movement,
    delta integer not null,
    happened_at timestamptz not null default now()
);

create table vouchers (code varchar(20) primary key, amount credit_amount not null, type varchar(10) not null default 'gift');
create table moderation_queue (id bigserial primary key, agent_id uuid references agents (id), status varchar(12) default 'open', note text);
create table page_views (id bigserial primary key, path text, profile_id uuid, viewed_at timestamptz default now());

create function spend_credits(profile_id uuid, amount integer, out success boolean, out new_balance integer, out message text)
returns setof record language sql as
$$ select false, null::integer, 'name the agent or the execution'::text $$;

create function spend_credits(p_profile_id uuid, p_amount integer, p_execution_id uuid)
returns table (success boolean, new_balance integer, message text) language plpgsql as $$
declare
    rest integer;
begin
    update profiles p set credits = p.credits - p_amount where p.id = p_profile_id and p.credits >= p_amount returning p.credits into rest;
    if not found then
        return query select false, (select p.credits::integer from profiles p where p.id = p_profile_id), 'not enough credits';
        return;
    end if;
    insert into credits_history (profile_id, execution_id, type, delta) values (p_profile_id, p_execution_id, 'spend', -p_amount);
    return query select true, rest, 'ok';
end $$;

create function spend_credits(p_nickname text, p_amount integer) returns boolean language sql as $$ select false $$;

insert into profiles (id, email, nickname, credits) values
    ('30000000-0000-4000-8000-000000000001', 'ops@example.com', 'ops', 100), ('30000000-0000-4000-8000-000000000002', 'uma@example.com', 'uma', 0);
insert into agents (id, code, name, price, n8n_webhook_url, enabled, input_fields) values
    ('31000000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true, '[{"name": "topic", "type": "text", "required": true}]'),
    ('31000000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
    ('31000000-0000-4000-8000-000000000003', 'cv', 'CV Checker', 8, null, false, null);
insert into executions (id, profile_id, agent_id, status, output, credits_charged, created_at, completed_at) values
    ('32000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001', '31000000-0000-4000-8000-000000000001',
     'succeeded', '{"title": "Ash"}', 10, now() - interval '3 days', now() - interval '3 days'),
    ('32000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000001', '31000000-0000-4000-8000-000000000002',
     'error', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into credits_history (profile_id, execution_id, type, delta, happened_at) values
    ('30000000-0000-4000-8000-000000000001', null, 'buy', 110, now() - interval '4 days'),
    ('30000000-0000-4000-8000-000000000001', '32000000-0000-4000-8000-000000000001', 'spend', -10, now() - interval '3 days'),
    ('30000000-0000-4000-8000-000000000001', '32000000-0000-4000-8000-000000000002', 'spend', -5, now() - interval '2 days'),
    ('30000000-0000-4000-8000-000000000001', '32000000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days');
