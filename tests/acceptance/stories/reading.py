"""Stories of listing executions with fixed times, and of moving credits by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from acceptance.stories.stage import FAILS, Stage, fixed_id
from support.executions import OPS, PLAIN, POOR, SEO_BLOG, plant
from support.shop import ARTICLE, Shop
from support.webhook_server import Reply

_BEGINNING = datetime(2024, 2, 28, 22, 30, tzinfo=UTC)
_KINDS: tuple[dict[str, Any], ...] = (
    {"status": "success", "charged": 10, "agent": SEO_BLOG, "user": OPS},
    {"status": "failed", "charged": 5, "agent": PLAIN, "user": OPS},
    {"status": "running", "charged": 10, "agent": SEO_BLOG, "user": OPS},
    {"status": "success", "charged": 3, "agent": PLAIN, "user": POOR},
    {"status": "pending", "charged": 0, "agent": PLAIN, "user": POOR},
    {"status": "failed", "charged": 0, "agent": SEO_BLOG, "user": OPS},
)
_SEO_BLOG = ("run", "seo-blog", "topic=Tea")


def plant_executions(shop: Shop) -> None:
    """Write an execution of each kind, an hour and a half apart."""
    for number, kind in enumerate(_KINDS, start=1):
        at = _BEGINNING + number * timedelta(hours=1, minutes=30)
        ended = {"started_at": at, "completed_at": at + timedelta(seconds=number, milliseconds=250)}
        texts = {
            "success": {
                "result": Jsonb({"title": "Tea", "number": number}),
                "inputs": Jsonb({"topic": "Tea"}),
                **ended,
            },
            "failed": {"error": "Error in workflow", "inputs": Jsonb({"topic": None}), **ended},
        }
        columns: dict[str, Any] = texts.get(kind["status"], {})
        plant(shop.marketplace, key=fixed_id(number), created_at=at, **kind, **columns)


def history(stage: Stage) -> None:
    """List executions, in each view."""
    shop, record = stage.full_shop(), stage.record
    plant_executions(shop)
    record("all", "history", "--all")
    page = record("page", "history", "--limit", "2")
    record("next-page", "history", "--limit", "2", "--cursor", page["next_cursor"])
    record("of-agent", "history", "--agent", "plain", "--format", "json")
    record("of-user", "history", "--user", "poor@example.com")
    record("of-status", "history", "--status", "failed", "--status", "pending")
    record("between", "history", "--since", "2024-02-29T01:30:00Z", "--until", "2024-02-29T04:30:00Z")
    record("since-hours", "history", "--since", "24h")
    record("stats", "history", "--stats")
    record("stats-of-agent", "history", "--stats", "--agent", "seo-blog", "--until", "2024-02-29")
    record("one", "history", str(fixed_id(1)))
    record("one-failed", "history", str(fixed_id(2)))
    record("ambiguous", "history", "00000000-0000-4000")
    record("none", "history", "ffffffff")
    record("no-such-status", "history", "--status", "lost")
    record("bad-cursor", "history", "--cursor", "x")
    record("contradiction", "history", "--all", "--stats")
    record("follow", "history", "--follow")


def moving_credits(stage: Stage) -> None:
    """Show credits, grant them and refund them."""
    shop, record = stage.full_shop('[profiles.test.billing]\non_failure = "keep"'), stage.record
    shop.answer(FAILS, Reply.json(ARTICLE), Reply())
    kept, success, held = (record(case, *_SEO_BLOG) for case in ("run-kept", "run-success", "run-held"))
    record("totals", "credits", "--limit", "1")
    record("user", "credits", "--user", "ops@example.com", "--limit", "2")
    record("no-such-user", "credits", "--user", "nobody@example.com")
    _grant(stage)
    for case, run in (("kept", kept), ("kept-again", kept), ("success", success), ("held", held)):
        record(f"refund-{case}", "credits", "refund", run["execution"]["id"], "--reason", "x")
    uncharged = plant(shop.marketplace, status="failed", key=fixed_id(9))
    record("refund-uncharged", "credits", "refund", str(uncharged), "--reason", "x")
    record("refund-nothing", "credits", "refund", "ffffffff", "--reason", "x")
    shop.marketplace.execute("DELETE FROM agent_executions WHERE id = %s", (success["execution"]["id"],))
    record("refund-lost", "credits", "refund", success["execution"]["id"], "--reason", "x")


def _grant(stage: Stage) -> None:
    grant = ("credits", "grant", "ops@example.com")
    key = ("--reason", "invoice 81", "--idempotency-key", "invoice-81")
    stage.record("grant", *grant, "50", "--reason", "goodwill")
    stage.record("grant-key", *grant, "5", *key)
    stage.record("grant-key-again", *grant, "5", *key)
    stage.record("grant-key-reused", *grant, "6", *key)
    stage.record("grant-fraction", *grant, "1.5", "--reason", "x")
    stage.record("grant-negative", *grant, "-5", "--reason", "x")
    stage.record("grant-nobody", "credits", "grant", "nobody@example.com", "5", "--reason", "x")
    stage.record("grant-too-much", *grant, "99999999999", "--reason", "x")
