WITH spent AS (
    SELECT user_id, sum(-amount) AS total FROM credit_transactions WHERE type = 'usage' GROUP BY user_id
), ranked (person, place) AS (
    SELECT user_id, rank() OVER (ORDER BY total DESC) FROM spent
)
SELECT p.email, ranked.place, spent.total AS money
FROM ranked
JOIN spent ON spent.user_id = ranked.person
JOIN profiles p ON p.id = ranked.person
ORDER BY money;

WITH RECURSIVE tree AS (
    SELECT id, title, 1 AS depth FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, c.title, tree.depth + 1 FROM categories c JOIN tree ON tree.id = c.parent_id
)
SELECT title, depth FROM tree;

SELECT day, n FROM generate_series(1, 3) AS day, LATERAL (SELECT day * 2 AS n) AS doubled;
SELECT item ->> 'name' AS label FROM agents, jsonb_array_elements(input_schema) AS item;
SELECT t.title, t.runs FROM top_agents(3) AS t;
SELECT relname FROM pg_class WHERE relkind = 'r';
SELECT table_name FROM information_schema.tables;
SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) AS v (a, b);

-- name: SpentTwice :many
WITH spent AS (SELECT user_id, sum(amount) AS total FROM credit_transactions GROUP BY user_id)
SELECT spent.user_id, p.nick FROM spent JOIN profiles p ON p.id = spent.user_id; -- ! code-unknown-column profiles.nick
