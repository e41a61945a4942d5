-- A small marketplace to test on: balances agree with the ledger, and every way to refuse an agent is there.
-- Ids are fixed so that a test can name them.

INSERT INTO profiles (id, email, full_name, credits) VALUES
    ('00000000-0000-4000-8000-0000000000a1', 'ops@example.com', 'Olga Operator', 100),
    ('00000000-0000-4000-8000-0000000000a2', 'poor@example.com', 'Paul Poor', 3);

INSERT INTO credit_transactions (user_id, type, amount, balance_after)
SELECT id, 'purchase', credits, credits FROM profiles;

-- Nothing answers at port 9 of this machine: a test gives an agent its webhook with set_webhook.
INSERT INTO agents (id, name, credit_cost, is_active, deleted_at, webhook_url, input_schema) VALUES
    ('00000000-0000-4000-8000-0000000000b1', 'SEO Blog', 10, true, NULL, 'http://127.0.0.1:9/seo-blog', '[
        {"name": "topic", "type": "text", "label": "Topic", "required": true},
        {"name": "tone", "type": "select", "label": "Tone",
         "options": ["neutral", "friendly", "expert"], "default": "neutral"},
        {"name": "words", "type": "number", "label": "Words", "default": 600}
    ]'),
    ('00000000-0000-4000-8000-0000000000b2', 'Plain', 5, true, NULL, 'http://127.0.0.1:9/plain', NULL),
    ('00000000-0000-4000-8000-0000000000b3', 'Inactive', 5, false, NULL, 'http://127.0.0.1:9/inactive', NULL),
    ('00000000-0000-4000-8000-0000000000b4', 'Deleted', 5, true, now(), 'http://127.0.0.1:9/deleted', NULL);
