"""Stories of other people's marketplaces: the findings of those that need settings, and a day on three."""

from acceptance.stories.stage import Stage
from databases.operating import Operator

_UNCLEAR = (
    "cost_centre", "costless_ledger", "generated_status", "german", "joined_view", "least_privilege",
    "opening_day", "own_words", "real_price", "rows_hidden", "tenant_column", "trigger_refuses",
    "two_ledgers", "workers",
)  # fmt: skip
_RUN = ("run", "--user", "ops@example.com")


def strangers(stage: Stage) -> None:
    """Check each database that agentctl does not understand without settings."""
    for name in _UNCLEAR:
        with stage.stranger(name) as operator:
            _look_at(stage, operator, f"{name}-")
            if name == "two_ledgers":
                stage.record("two_ledgers-run", *_RUN, "seo-blog", "topic=Tea", env={"MARKET": operator.url})
            operator.config.unlink()


def prisma(stage: Stage) -> None:
    """Spend a day where every name is quoted."""
    _spend_day(stage, "prisma")


def unsigned_ledger(stage: Stage) -> None:
    """Spend a day where the ledger's amounts have no sign."""
    _spend_day(stage, "unsigned_ledger")


def partitioned(stage: Stage) -> None:
    """Spend a day where the executions are partitioned."""
    _spend_day(stage, "partitioned")


def _spend_day(stage: Stage, name: str) -> None:
    with stage.stranger(name) as operator:
        env = {"MARKET": operator.url}
        record = stage.record
        _look_at(stage, operator, "")
        record("agents", "agents", env=env)
        record("run", *_RUN, "seo-blog", "topic=Tea", env=env)
        record("run-failed", *_RUN, "always-fails", env=env)
        record("history", "history", "--limit", "2", env=env)
        record("credits", "credits", "--user", "ops@example.com", env=env)
        record("grant", "credits", "grant", "ops@example.com", "7", "--reason", "goodwill", env=env)
        record("audit", "audit", env=env)
        record("migrate-plan", "migrate-full", "--dry-run", env=env)
        record("migrate", "migrate-full", "--yes", "--backfill", env=env)


def _look_at(stage: Stage, operator: Operator, prefix: str) -> None:
    env = {"MARKET": operator.url}
    stage.record(f"{prefix}init", "init", "--database-url", "env:MARKET", env=env)
    stage.record(f"{prefix}schema-check", "schema-check", env=env)
