-- Statements over the reference schema, of every kind; PostgreSQL accepts each of them.

SELECT id, name, credit_cost FROM agents WHERE is_active AND deleted_at IS NULL ORDER BY name;

SELECT a.name, count(*) AS runs FROM agents a LEFT JOIN agent_executions e ON e.agent_id = a.id
    GROUP BY a.id, a.name HAVING count(*) > 1 ORDER BY runs DESC, a.name LIMIT 10;

SELECT email FROM profiles WHERE credits < 10 AND role IN ('user', 'admin');

SELECT p.* FROM public.profiles AS p WHERE p.email LIKE '%@example.com';

SELECT public.agents.name FROM public.agents WHERE agents.category = 'seo';

SELECT DISTINCT ON (user_id) user_id, status, created_at FROM agent_executions ORDER BY user_id,
    created_at;

SELECT status, count(*) FROM agent_executions WHERE created_at > now() - interval '1 day' GROUP BY
    status;

SELECT date_trunc('day', created_at) AS day, sum(amount) FROM credit_transactions GROUP BY day ORDER
    BY day;

SELECT e.id FROM agent_executions e, agents a WHERE e.agent_id = a.id AND credit_cost > 3 AND status
    <> 'x';

SELECT email FROM profiles WHERE EXISTS (SELECT 1 FROM agent_executions WHERE user_id = profiles.id
    AND status = 'failed' AND email IS NOT NULL);

SELECT email FROM profiles WHERE id IN (SELECT user_id FROM credit_transactions WHERE amount < 0);

SELECT (SELECT max(created_at) FROM agent_executions e WHERE e.user_id = p.id) AS last FROM profiles
    p;

SELECT s.email, s.n FROM (SELECT email, total_executions AS n FROM profiles) s WHERE s.n > 3 AND
    email <> '';

SELECT s.email FROM (SELECT * FROM profiles) s WHERE s.credits > 1 AND is_active ORDER BY
    s.created_at;

SELECT a.name, l.status FROM agents a CROSS JOIN LATERAL (SELECT status FROM agent_executions e
    WHERE e.agent_id = a.id AND credit_cost > 0 LIMIT 1) l;

WITH spent AS (SELECT user_id, -sum(amount) AS total FROM credit_transactions WHERE type = 'usage'
    GROUP BY user_id) SELECT p.email, spent.total FROM spent JOIN profiles p ON p.id = spent.user_id;

WITH agents AS (SELECT id, name AS title FROM public.agents) SELECT title FROM agents WHERE
    agents.id IS NULL;

WITH r AS (SELECT * FROM agent_executions) SELECT r.status, count(*) FROM r GROUP BY r.status;

WITH r(who, what) AS (SELECT user_id, status FROM agent_executions) SELECT who, what FROM r;

WITH RECURSIVE days(d) AS (SELECT min(created_at) FROM agent_executions UNION ALL SELECT d +
    interval '1 day' FROM days WHERE d < now()) SELECT d FROM days;

WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, email FROM
    n, profiles;

SELECT id FROM agents UNION SELECT id FROM profiles ORDER BY id;

SELECT id, 'agent' AS kind FROM agents UNION ALL (SELECT id, 'user' FROM profiles ORDER BY email
    LIMIT 1);

SELECT rank() OVER (PARTITION BY user_id ORDER BY created_at DESC) FROM credit_transactions;

SELECT sum(amount) OVER w FROM credit_transactions WINDOW w AS (PARTITION BY type ORDER BY
    balance_after);

SELECT count(*) FILTER (WHERE status = 'success') FROM agent_executions;

SELECT string_agg(name, ', ' ORDER BY credit_cost) FROM agents;

SELECT a.name, f ->> 'label' FROM agents a, jsonb_array_elements(a.input_schema) AS f WHERE f ->>
    'name' = 'url';

SELECT a.name, f.value FROM agents a, jsonb_array_elements(input_schema) f WHERE value IS NOT NULL;

SELECT name, p FROM agents, unnest(agents.required_platforms) AS p WHERE p = 'wordpress';

SELECT d::date, (SELECT count(*) FROM agent_executions WHERE created_at::date = d) FROM
    generate_series(now() - interval '7 days', now(), '1 day') AS d;

SELECT v.label, e.status FROM (VALUES ('failed', 'bad'), ('success', 'good')) AS v(word, label) JOIN
    agent_executions e ON e.status = v.word;

SELECT name FROM agents a WHERE a IS NOT NULL AND to_jsonb(a) ? 'name';

SELECT row_to_json(p) FROM profiles p;

SELECT (e).status, (e).created_at FROM agent_executions e;

SELECT tableoid::regclass, ctid, xmin, e.xmax FROM agent_executions e;

SELECT CASE WHEN status IN ('success', 'failed') THEN 'done' ELSE status END AS state FROM
    agent_executions;

SELECT coalesce(full_name, email) AS name FROM profiles ORDER BY name;

SELECT upper(category) AS category FROM agents GROUP BY category ORDER BY category;

SELECT category, is_active, count(*) FROM agents GROUP BY GROUPING SETS ((category), (is_active),
    ());

SELECT id FROM agents WHERE required_platforms @> ARRAY['x'] AND input_schema @> '[]' AND name ~*
    'seo';

SELECT e.id FROM agent_executions e JOIN credit_transactions t USING (id, user_id) WHERE user_id IS
    NOT NULL;

SELECT j.email, j.status FROM (profiles p JOIN agent_executions e ON p.id = e.user_id) AS j(a,
    email);

SELECT id FROM agents FOR UPDATE;

SELECT relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace;

SELECT table_name FROM information_schema.tables WHERE table_schema = 'public';

SELECT extract(epoch FROM created_at), trim(both ' ' FROM email), position('@' IN email) FROM
    profiles;

SELECT current_date, current_user, localtimestamp, name FROM agents WHERE updated_at AT TIME ZONE
    'UTC' < now();

SELECT * FROM deduct_credits_atomic(p_user_id => gen_random_uuid(), p_amount => 3);

SELECT public.add_credits_atomic(p_user_id := id, p_amount := 1, p_type := 'bonus') FROM profiles;

SELECT make_interval(days => total_executions) FROM profiles;

INSERT INTO agent_executions (user_id, agent_id, status) VALUES (gen_random_uuid(),
    gen_random_uuid(), 'pending');

INSERT INTO agents (name, credit_cost, is_active) VALUES ('a', 1, DEFAULT), ('b', 2, true) RETURNING
    id, name;

INSERT INTO profiles AS p (id, email) VALUES (DEFAULT, 'a@example.com') ON CONFLICT (email) DO
    UPDATE SET full_name = coalesce(excluded.full_name, p.full_name), updated_at = now() WHERE
    p.is_active;

INSERT INTO credit_transactions (user_id, type, amount, balance_after) SELECT id, 'bonus', 5,
    credits + 5 FROM profiles WHERE role = 'user' ON CONFLICT DO NOTHING;

UPDATE profiles SET credits = credits - 1, total_spent = total_spent + 1 WHERE id =
    gen_random_uuid() RETURNING credits;

UPDATE agent_executions e SET status = 'failed' FROM agents a WHERE a.id = e.agent_id AND
    a.deleted_at < now();

UPDATE profiles SET (total_executions, updated_at) = (SELECT count(*), max(e.created_at) FROM
    agent_executions e WHERE e.user_id = profiles.id);

DELETE FROM credit_transactions t USING profiles p WHERE p.id = t.user_id AND email = 'x' RETURNING
    t.amount;

WITH gone AS (DELETE FROM agent_executions WHERE status = 'failed' RETURNING id, user_id) INSERT
    INTO credit_transactions (user_id, type, amount, balance_after, execution_id) SELECT
    gone.user_id, 'refund', 1, p.credits + 1, gone.id FROM gone JOIN profiles p ON p.id =
    gone.user_id;

MERGE INTO profiles p USING (SELECT user_id, sum(amount) AS total FROM credit_transactions GROUP BY
    user_id) t ON p.id = t.user_id WHEN MATCHED AND p.credits <> t.total THEN UPDATE SET credits =
    t.total WHEN NOT MATCHED THEN INSERT (id, email, credits) VALUES (t.user_id, 'unknown', t.total);
