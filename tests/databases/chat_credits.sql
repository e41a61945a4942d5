--| title = "A service for content and chats on Supabase: ai_credits_balance, and a JSON Schema under a key of the form"
--| covers = [
--|     "form: a JSON Schema under a key", "balance: other words", "deduct: jsonb with success",
--|     "deduct: takes operation type", "ledger: amount", "ledger: usage", "price: credit_cost", "webhook: webhook_url",
--|     "agent key: slug", "execution: input", "execution: output", "execution: error", "execution: completed_at",
--|     "execution: credits_used", "status: running completed failed cancelled", "status: a CHECK", "keys: auth.users",
--|     "ids: uuid",
--| ]
--| balance_sql = "SELECT ai_credits_balance FROM profiles WHERE email = %(user)s"
--| ledger_sql = "SELECT sum(amount) FROM ai_credits_usage_log l JOIN profiles p ON p.id = l.user_id WHERE email = %(user)s"
--| status_sql = "SELECT status FROM content_generations WHERE id::text = %(execution)s"
--| words = { success = "completed", failed = "failed" }

create schema auth;
create table auth.users (id uuid primary key default gen_random_uuid(), email text unique, created_at timestamptz default now());
create function auth.uid() returns uuid language sql stable as
  $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  full_name text,
  company text,
  ai_credits_balance integer not null default 50,
  subscription_tier text not null default 'free',
  onboarded boolean not null default false,
  constraint ai_credits_never_negative check (ai_credits_balance >= 0)
);
create table public.content_templates (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique,
  name text not null,
  icon_url text,
  credit_cost integer not null default 5,
  webhook_url text not null,
  form_schema jsonb,
  is_active boolean not null default true,
  created_at timestamptz not null default now()
);
create table public.content_generations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  template_id uuid not null references public.content_templates (id),
  status text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'failed')),
  input jsonb,
  output jsonb,
  error text,
  tokens_in integer,
  tokens_out integer,
  credits_used integer not null default 0,
  created_at timestamptz not null default now(),
  completed_at timestamptz
);
create table public.ai_credits_usage_log (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  generation_id uuid references public.content_generations (id) on delete set null,
  operation_type text not null check (operation_type in ('usage', 'purchase', 'refund', 'bonus')),
  amount integer not null,
  description text,
  created_at timestamptz not null default now()
);
create table public.chats (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), title text, model text not null default 'small', archived boolean default false);
create table public.chat_messages (id uuid primary key default gen_random_uuid(), chat_id uuid not null references public.chats (id) on delete cascade, role text check (role in ('user', 'assistant', 'system')), content text, tokens integer);
create table public.brand_voices (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), name text, traits jsonb);
create table public.scheduled_posts (id uuid primary key default gen_random_uuid(), user_id uuid references auth.users (id), generation_id uuid references public.content_generations (id), platform text, post_at timestamptz, status text default 'scheduled');

alter table public.profiles enable row level security;
alter table public.content_generations enable row level security;
alter table public.ai_credits_usage_log enable row level security;
create policy "Users view own profile" on public.profiles for select using (auth.uid() = id);
create policy "Users view own content" on public.content_generations for select using (auth.uid() = user_id);
create policy "Users view own usage" on public.ai_credits_usage_log for select using (auth.uid() = user_id);

create function public.deduct_user_credits(target_user_id uuid, credits_to_deduct integer, operation text, generation uuid default null)
returns jsonb language plpgsql security definer set search_path = public as $$
declare
  remaining integer;
begin
  update profiles set ai_credits_balance = ai_credits_balance - credits_to_deduct
  where id = target_user_id and ai_credits_balance >= credits_to_deduct returning ai_credits_balance into remaining;
  if remaining is null then
    return jsonb_build_object('success', false, 'error', 'insufficient_credits');
  end if;
  insert into ai_credits_usage_log (user_id, generation_id, operation_type, amount, description)
  values (target_user_id, generation, 'usage', -credits_to_deduct, operation);
  return jsonb_build_object('success', true, 'remaining_credits', remaining);
end $$;

insert into auth.users (id, email) values
  ('25000000-0000-4000-8000-000000000001', 'ops@example.com'), ('25000000-0000-4000-8000-000000000002', 'fay@example.com');
insert into profiles (id, email, ai_credits_balance) values
  ('25000000-0000-4000-8000-000000000001', 'ops@example.com', 100), ('25000000-0000-4000-8000-000000000002', 'fay@example.com', 9);
insert into content_templates (id, slug, name, credit_cost, webhook_url, is_active, form_schema) values
  ('25100000-0000-4000-8000-000000000001', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', true,
   '{"schema": {"type": "object", "properties": {"topic": {"type": "string", "minLength": 2}, "words": {"type": "integer", "default": 800}},
     "required": ["topic"]}, "ui": {"topic": {"widget": "text"}}}'),
  ('25100000-0000-4000-8000-000000000002', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', true, null),
  ('25100000-0000-4000-8000-000000000003', 'hashtags', 'Hashtags', 1, '{webhook}/hashtags', false, null);
insert into content_generations (id, user_id, template_id, status, output, credits_used, created_at, completed_at) values
  ('25200000-0000-4000-8000-000000000001', '25000000-0000-4000-8000-000000000001', '25100000-0000-4000-8000-000000000001',
   'completed', '{"title": "Ewe"}', 10, now() - interval '3 days', now() - interval '3 days'),
  ('25200000-0000-4000-8000-000000000002', '25000000-0000-4000-8000-000000000001', '25100000-0000-4000-8000-000000000002',
   'failed', null, 0, now() - interval '2 days', now() - interval '2 days');
insert into ai_credits_usage_log (user_id, generation_id, operation_type, amount, created_at) values
  ('25000000-0000-4000-8000-000000000001', null, 'purchase', 110, now() - interval '4 days'),
  ('25000000-0000-4000-8000-000000000001', '25200000-0000-4000-8000-000000000001', 'usage', -10, now() - interval '3 days'),
  ('25000000-0000-4000-8000-000000000001', '25200000-0000-4000-8000-000000000002', 'usage', -5, now() - interval '2 days'),
  ('25000000-0000-4000-8000-000000000001', '25200000-0000-4000-8000-000000000002', 'refund', 5, now() - interval '2 days'),
  ('25000000-0000-4000-8000-000000000002', null, 'bonus', 9, now() - interval '1 day');
