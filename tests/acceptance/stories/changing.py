"""Stories of commands that change a database or a configuration: reconcile, migrate-full, init, sandbox."""

from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from acceptance.stories.stage import FAILS, Stage, fixed_id
from support.executions import plant
from support.marketplace import SEED_TABLE
from support.n8n_api import n8n_execution, script_executions, script_workflow
from support.shop import Shop
from support.webhook_server import Reply

_RUN = ("run", "seo-blog", "topic=Tea")


def reconcile(stage: Stage) -> None:
    """Settle open executions, on the evidence of n8n or the operator."""
    n8n = f'[profiles.test.n8n]\nurl = "{stage.webhook.url("/")}"\napi_key = "key-of-n8n"'
    shop, record = stage.full_shop(n8n), stage.record
    shop.answer(Reply())
    record("nothing-open", "reconcile")
    script_workflow(stage.webhook, "SEO-Blog")
    script_executions(stage.webhook)
    for case, end in (
        ("success", {"output": {"title": "Tea"}}),
        ("error", {"error": "No model"}),
        ("running", {}),
    ):
        execution = _leave_open(shop)
        script_executions(stage.webhook, n8n_execution(7, execution, status=case, **end))
        record(f"n8n-{case}-dry", "reconcile", execution, "--dry-run")
        record(f"n8n-{case}", "reconcile", execution)
    record("alive", "reconcile")
    stage.webhook.script("/api/v1/workflows?limit=100", Reply.json({"message": "unauthorized"}, 401))
    record("n8n-refuses", "reconcile", "--stale-after", "0s")
    record("assume-success", "reconcile", execution, "--assume", "success")
    record("settled-before", "reconcile", execution, "--assume", "failed")
    lost = _leave_open(shop)
    shop.marketplace.execute("DELETE FROM agent_executions WHERE id = %s", (lost,))
    record("lost", "reconcile", lost, "--assume", "failed")
    record("nothing", "reconcile", "ffffffff")
    record("bad-age", "reconcile", "--stale-after", "-1m")


def _leave_open(shop: Shop) -> str:
    return str(shop.run_json(*_RUN[1:], exit_code=5)["data"]["execution"]["id"])


def migrate(stage: Stage) -> None:
    """Migrate a table, backfill it, and undo the migration."""
    shop, record = stage.shop_with("result"), stage.record
    market = shop.marketplace
    plant(market, charged=10, result=Jsonb({"a": 1}), created_at=datetime(2024, 2, 29, tzinfo=UTC))
    plant(market, status="failed", charged=5)
    record("unconfirmed", "migrate-full")
    record("plan", "migrate-full", "--dry-run", "--lock-timeout", "100ms")
    record("plan-nowhere", "migrate-full", "--dry-run", "-o", "nowhere/plan.sql")
    with market.connect() as other, other.transaction():
        other.execute("SELECT 1 FROM agent_executions")
        record("locked", "migrate-full", "--yes", "--lock-timeout", "20ms", "--give-up-after", "1ms")
    record("apply", "migrate-full", "--yes")
    record("apply-again", "migrate-full", "--yes")
    record("backfill", "migrate-full", "--yes", "--backfill")
    record("undo-unconfirmed", "migrate-full", "--undo")
    record("undo-holds-data", "migrate-full", "--undo", "--yes")
    record("undo-discards", "migrate-full", "--undo", "--discard-data", "--yes", "-o", "executions.csv")
    record("undo-nothing", "migrate-full", "--undo", "--yes")
    record("contradiction", "migrate-full", "--undo", "--backfill")


def seed(stage: Stage) -> None:
    """Spend a day on a hand-made marketplace with the seed's table, from init on."""
    record = stage.record
    with stage.other() as database:
        database.execute(SEED_TABLE)
        url = stage.webhook.script("/webhook/seo", Reply.json({"markdown": "# Tea"}), FAILS)
        database.execute("UPDATE agents SET webhook_url = %s", (url,))
        env = {"MARKET": database.url, "AGENTCTL_DATABASE_URL": database.url}
        record("init", "init", "--database-url", "env:MARKET", env=env)
        record("init-again", "init", "--database-url", "env:MARKET", env=env)
        record("suggest", "schema-check", "--suggest", env=env)
        record("schema-check", "schema-check", "--require", "full", env=env)
        for case in ("run", "run-failed"):
            record(case, *_RUN, "--user", "ops@example.com", env=env)
        record("user-missing", *_RUN, env=env)
        database.execute("INSERT INTO agent_executions (id, created_at) VALUES (%s, NULL)", (fixed_id(1),))
        record("history", "history", env=env)
        record("history-empty-row", "history", "00000000", env=env)
        record("audit", "audit", env=env)
        record("migrate", "migrate-full", "--yes", env=env)
        database.execute("INSERT INTO profiles (id, email) VALUES (%s, 'ops@example.com')", (fixed_id(2),))
        record("user-ambiguous", "credits", "--user", "ops@example.com", env=env)


def sandbox(stage: Stage) -> None:
    """Use the sandbox without any configuration."""
    record = stage.record
    record.hide(_print(stage, "path"), "<sandbox>")
    record.hide(_print(stage, "url").partition("host=")[2].partition("&")[0], "<socket>")
    record("path", "sandbox", "path")
    record("url", "sandbox", "url")
    record("agents", "agents")
    record("run", "run", "seo-blog", "topic=Green tea")
    record("run-failed", "run", "always-fails")
    record("credits", "credits")
    record("reset-unconfirmed", "sandbox", "reset")
    record("reset", "sandbox", "reset", "--yes")


def _print(stage: Stage, what: str) -> str:
    return stage.program("sandbox", what).stdout.strip()
