-- What a new sandbox holds: two users, one of them nearly out of credits, and agents to try.
-- Port 0 stands for the port of the loopback server, which is filled in whenever a start changes it.

INSERT INTO profiles (id, email, full_name, credits) VALUES
    ('b0000000-0000-4000-8000-000000000001', 'demo@example.com', 'Demo User', 100),
    ('b0000000-0000-4000-8000-000000000002', 'poor@example.com', 'Poor User', 3);

INSERT INTO credit_transactions (user_id, type, amount, balance_after)
SELECT id, 'bonus', credits, credits FROM profiles;

INSERT INTO agents (id, name, category, credit_cost, is_active, webhook_url, description, input_schema) VALUES
    (
        'a0000000-0000-4000-8000-000000000001', 'SEO Blog', 'Content', 10, true,
        'http://127.0.0.1:0/webhook/seo-blog',
        'Writes a short article on any topic, with a title, a slug, a meta description and an outline.',
        '[
            {"name": "topic", "type": "text", "label": "What the article is about", "required": true},
            {"name": "tone", "type": "select", "label": "Tone", "required": false,
             "options": ["neutral", "friendly", "expert"], "default": "neutral"},
            {"name": "words", "type": "number", "label": "Length in words, about", "required": false,
             "default": 600},
            {"name": "keywords", "type": "text", "label": "Keywords, separated by commas", "required": false}
        ]'
    ),
    (
        'a0000000-0000-4000-8000-000000000002', 'Always Fails', 'Testing', 5, true,
        'http://127.0.0.1:0/webhook/always-fails',
        'Fails every time, as a workflow with an error in it does. What it cost is refunded.',
        '[]'
    ),
    (
        'a0000000-0000-4000-8000-000000000003', 'Slow', 'Testing', 5, true,
        'http://127.0.0.1:0/webhook/slow',
        'Takes as long as you say, then succeeds. Good for trying time limits and Ctrl-C.',
        '[{"name": "seconds", "type": "number", "label": "Seconds to take", "required": false, "default": 5}]'
    ),
    (
        'a0000000-0000-4000-8000-000000000004', 'Flaky', 'Testing', 5, true,
        'http://127.0.0.1:0/webhook/flaky',
        'Is too busy at first and asks to be tried again a second later; then it succeeds.',
        '[]'
    ),
    (
        'a0000000-0000-4000-8000-000000000005', 'Retired', 'Testing', 5, false,
        'http://127.0.0.1:0/webhook/retired',
        'Is no longer offered: it is inactive, and running it is refused.',
        '[]'
    );
