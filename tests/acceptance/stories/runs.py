"""Stories of running agents: a day on the minimal table, and each way in which a run can end."""

import signal
import time

from acceptance.stories.stage import FAILS, Stage
from support.executions import OPS
from support.program import Result
from support.shop import ARTICLE
from support.webhook_server import Hangup, Reply

_PREFLIGHT = "Access-Control-Allow-Methods"
_THERE = Reply(204, {_PREFLIGHT: "OPTIONS, POST"}, declared_length=-1)
_NOT_THERE = Reply.json({"code": 0, "message": "no"}, 500, headers={_PREFLIGHT: "OPTIONS"})
_RUN = ("run", "seo-blog", "topic=Tea")
_ECHO = {"headers": {}, "params": {}, "query": {}, "body": {}, "webhookUrl": "http://n8n/webhook/a",
         "executionMode": "production"}  # fmt: skip
_ANSWERS = {
    "text": Reply.text("# Green tea\n\nDrink it."),
    "binary": Reply(headers={"Content-Type": "image/png"}, body=b"\x89PNG\r\n"),
    "busy-first": Reply(429, {"Retry-After": "0"}),
    "failed": FAILS,
    "failed-in-200": Reply.json({"code": 503, "message": "n8n is starting up. Please wait"}),
    "not-registered": Reply.json(
        {"code": 404, "message": 'The requested webhook "POST a" is not registered.'}, 404
    ),
    "refused": Reply.json({"message": "no"}, 422),
    "empty": Reply(),
    "started": Reply.json({"message": "Workflow was started"}),
    "echo": Reply.json(_ECHO),
    "no-item": Reply.json({"code": 0, "message": "No item to return was found"}, 500),
    "bad-gateway": Reply.text("<h1>Bad gateway</h1>", 502, content_type="text/html"),
    "hung-up": Reply(hangup=Hangup.AFTER_READING),
    "redirected": Reply(302, {"Location": "/elsewhere"}),
}
_AGENTS = """
    INSERT INTO agents (id, name, credit_cost, webhook_url, input_schema) VALUES
        ('00000000-0000-4000-8000-0000000000c1', 'No Webhook', 5, NULL, NULL),
        ('00000000-0000-4000-8000-0000000000c2', 'Tested', 5, 'http://127.0.0.1:9/webhook-test/x', NULL),
        ('00000000-0000-4000-8000-0000000000c3', 'Private', 5, 'http://10.0.0.1/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000c4', 'Nobody Listens', 5, 'http://127.0.0.1:9/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000c5', 'Bad Form', 5, 'http://127.0.0.1:9/webhook/x', '[5]'),
        ('00000000-0000-4000-8000-0000000000c6', 'Dear', 5000, 'http://127.0.0.1:9/webhook/x', '{
            "type": "object", "required": ["tone"],
            "properties": {"tone": {"type": "string", "enum": ["neutral", "friendly"], "title": "Tone"},
                           "words": {"type": "integer", "minimum": 100, "default": 600},
                           "token": {"type": "string", "format": "password"}}}'),
        ('00000000-0000-4000-8000-0000000000c7', 'Bad Webhook', 5, 'n8n.example.com/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000c8', 'Priceless', NULL, 'http://127.0.0.1:9/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000c9', 'Cheap', -5, 'http://127.0.0.1:9/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000d1', 'Twin', 5, 'http://127.0.0.1:9/webhook/x', NULL),
        ('00000000-0000-4000-8000-0000000000d2', 'Twin', 5, 'http://127.0.0.1:9/webhook/x', NULL)
"""
_FREE_PRICES = "ALTER TABLE agents ALTER credit_cost DROP NOT NULL, DROP CONSTRAINT agents_credit_cost_check"
_IDLE_FUNCTION = """
    CREATE OR REPLACE FUNCTION deduct_credits_atomic(
        p_user_id uuid, p_amount integer, p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL
    ) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"success": true}'::jsonb $$
"""
_CREDITS = "SELECT add_credits_atomic('00000000-0000-4000-8000-0000000000a1', 1000)"
_REFUSED = {
    "nobody-listens": ("nobody-listens",),
    "no-such-agent": ("seo-blgo", "topic=Tea"),
    "inactive": ("inactive",),
    "deleted": ("deleted",),
    "no-webhook": ("no-webhook",),
    "test-webhook": ("tested",),
    "private": ("private",),
    "bad-webhook": ("bad-webhook",),
    "bad-form": ("bad-form",),
    "no-price": ("priceless",),
    "bad-price": ("cheap",),
    "twins": ("Twin",),
    "too-dear": ("dear", "tone=neutral"),
    "too-poor": ("seo-blog", "topic=Tea", "--user", "poor@example.com"),
    "no-such-user": ("seo-blog", "topic=Tea", "--user", "nobody@example.com"),
    "input-missing": ("seo-blog",),
    "input-refused": ("dear", "tone=angry", "words:=5"),
    "input-malformed": ("seo-blog", "topic"),
    "input-no-json": ("seo-blog", "topic:={"),
    "input-no-file": ("seo-blog", "topic=@nowhere.txt"),
    "output-nowhere": ("seo-blog", "topic=Tea", "-o", "nowhere/article.md"),
    "no-duration": ("seo-blog", "topic=Tea", "--timeout", "soon"),
    "empty-key": ("seo-blog", "topic=Tea", "--idempotency-key", ""),
}


def minimal(stage: Stage) -> None:
    """Spend an operator's day on the minimal table."""
    shop, record = stage.shop_with(), stage.record
    record("agents", "agents")
    record("agent", "agents", "seo-blog")
    shop.answer(_THERE)
    shop.answer(_NOT_THERE, agent="Plain")
    record("agents-check", "agents", "check")
    record("run-dry", *_RUN, "--dry-run")
    shop.answer(Reply.json(ARTICLE), FAILS, Reply())
    success = record("run", *_RUN)["execution"]["id"]
    record("run-failed", *_RUN)
    held = record("run-unknown", *_RUN)["execution"]["id"]
    record("run-invalid-inputs", "run", "seo-blog", "tone=angry", "words:=true", "word=1")
    record("history", "history")
    record("history-one", "history", success)
    record("history-stats", "history", "--stats", "--until", "2026-01-01")
    record("credits", "credits")
    record("credits-user", "credits", "--user", "ops@example.com")
    record("grant", "credits", "grant", "ops@example.com", "7", "--reason", "goodwill")
    record("schema-check", "schema-check")
    record("reconcile-open", "reconcile", "--stale-after", "0s")
    record("reconcile", "reconcile", held, "--stale-after", "0s", "--assume", "failed")
    record("audit", "audit")
    record("migrate-plan", "migrate-full", "--dry-run")
    record("migrate", "migrate-full", "--yes", "--backfill")
    record("migrate-undo-plan", "migrate-full", "--undo", "--dry-run")
    record("run-full", *_RUN, "--timeout", "5s")


def answers(stage: Stage) -> None:
    """Run an agent once for each kind of answer, with all columns."""
    shop, record = stage.full_shop(), stage.record
    shop.marketplace.execute(_CREDITS)
    for case, reply in _ANSWERS.items():
        shop.answer(reply, Reply.json(ARTICLE))
        record(case, *_RUN)
    shop.answer(Reply.json({}, delay=60))
    record("timeout", *_RUN, "--timeout", "1s")
    _interrupt(stage)
    record("history-all", "history", "--all")


def _interrupt(stage: Stage) -> None:
    before = len(stage.webhook.requests)
    process = stage.program.start(*_RUN, "--json")
    deadline = time.monotonic() + 20
    while len(stage.webhook.requests) == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=20)
    stage.record.hold("interrupted", _RUN, Result(process.returncode, stdout, stderr))


def requests(stage: Stage) -> None:
    """Start a run in each way, and runs that are refused before anything is written."""
    shop, record = stage.full_shop(), stage.record
    shop.marketplace.execute(_FREE_PRICES)
    shop.marketplace.execute(_AGENTS)
    record("agents", "agents")
    record("agent-schema-form", "agents", "dear")
    _ask_in_each_way(stage)
    for case, arguments in _REFUSED.items():
        record(case, "run", *arguments)
    shop.marketplace.execute(_IDLE_FUNCTION)
    record("charge-not-exact", *_RUN)


def _ask_in_each_way(stage: Stage) -> None:
    record, folder = stage.record, stage.program.home
    (folder / "topic.txt").write_text("Oolong")
    record("no-charge", *_RUN, "--no-charge")
    record(
        "input-file", "run", "seo-blog", "-f", "-", "words:=900", stdin='{"topic": "Tea", "tone": "expert"}'
    )
    record("inputs-from-files", "run", "seo-blog", "topic=@topic.txt")
    record("output", *_RUN, "-o", "article.md")
    record("key", *_RUN, "--idempotency-key", "order-81")
    record("key-again", *_RUN, "--idempotency-key", "order-81")
    record("key-reused", "run", "seo-blog", "topic=Coffee", "--idempotency-key", "order-81")
    record("no-form", "run", "plain", "anything:=[1, null]", "--user", str(OPS))
    record("dry-schema-form", "run", "dear", "tone=neutral", "--dry-run", "--no-charge")
