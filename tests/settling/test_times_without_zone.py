"""A created_at without a zone never makes a running execution look dead, whichever zone wrote it."""

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentctl.core.failpoints import Failpoint
from support.executions import balance, plant
from support.shop import Shop
from support.webhook_server import Reply

UNCLEAR = Reply()


@pytest.fixture
def naive_shop(shop_with: Callable[..., Shop]) -> Shop:
    """Create a shop whose times have no zone, in a database whose time zone is New York's."""
    shop = shop_with()
    set_times(shop, "timestamp(3)", zone="America/New_York")
    return shop


def set_times(shop: Shop, kind: str, *, zone: str) -> None:
    for statement in (
        f"ALTER TABLE agent_executions ALTER created_at TYPE {kind}",
        f"ALTER TABLE credit_transactions ALTER created_at TYPE {kind}",
        f"ALTER DATABASE {shop.marketplace.name} SET timezone = '{zone}'",
    ):
        shop.marketplace.execute(statement.encode())


def reconcile(shop: Shop, *args: str, exit_code: int) -> list[dict[str, Any]]:
    done = shop.program("reconcile", "--json", *args)
    assert done.exit_code == exit_code, done
    cases: list[dict[str, Any]] = done.json["data"]["executions"]
    return cases


def local_time(zone: str, *, ago: timedelta) -> str:
    """Return the local time in a zone, `+hh`, some time ago."""
    return (datetime.now(UTC) + timedelta(hours=int(zone)) - ago).replace(tzinfo=None).isoformat()


@pytest.mark.parametrize("zone", ["-12", "-05", "+00", "+09", "+14"])
def test_does_not_refund_a_recent_run_in_any_time_zone(naive_shop: Shop, zone: str) -> None:
    created_at = local_time(zone, ago=timedelta(seconds=1))
    execution = str(plant(naive_shop.marketplace, status="running", charged=10, created_at=created_at))

    assert reconcile(naive_shop, "--assume", "failed", exit_code=0) == []
    (case,) = reconcile(naive_shop, execution, "--assume", "failed", exit_code=6)

    assert case["action"] == "alive"
    assert "has no time zone" in case["message"]
    assert balance(naive_shop.marketplace) == 90
    audited = naive_shop.program("audit", "--check", "open-too-long", "--fail-on", "warning")
    assert audited.exit_code == 0, audited


def test_a_run_that_is_old_in_every_zone_is_dead(naive_shop: Shop) -> None:
    for hours in (13, 12):
        created_at = local_time("+00", ago=timedelta(hours=hours))
        plant(naive_shop.marketplace, status="running", charged=10, created_at=created_at)

    audited = naive_shop.program("audit", "--check", "open-too-long", "--json")
    assert audited.json["data"]["checks"][0]["count"] == 1
    (case,) = reconcile(naive_shop, "--assume", "failed", exit_code=0)

    assert (case["action"], case["refunded"]) == ("settled", 10)
    assert [row["status"] for row in naive_shop.rows()] == ["failed", "running"]


def test_the_journal_has_the_start_and_end_of_this_machines_own_run(naive_shop: Shop) -> None:
    naive_shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    killed = naive_shop.run("seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})
    assert killed.exit_code == -signal.SIGKILL

    (case,) = reconcile(naive_shop, exit_code=0)

    assert (case["action"], case["source"], case["refunded"]) == ("settled", "journal", 10)


def test_a_call_that_this_machine_started_long_ago_is_dead(naive_shop: Shop) -> None:
    naive_shop.answer(UNCLEAR)
    naive_shop.run("seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": Failpoint.SENT})
    journal = naive_shop.program.home / ".local/state/agentctl/journal.jsonl"
    line = json.loads(journal.read_text())
    assert reconcile(naive_shop, "--assume", "failed", exit_code=0) == []

    earlier = {"at": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:10:00Z"}
    journal.write_text(json.dumps({**line, **earlier}) + "\n")

    (case,) = reconcile(naive_shop, "--assume", "failed", exit_code=0)
    assert case["action"] == "settled"


def test_a_date_counts_as_its_last_instant_in_any_zone(shop: Shop) -> None:
    set_times(shop, "date", zone="America/New_York")
    config = shop.program.home / "agentctl.toml"
    config.write_text(
        config.read_text()
        + '\n[profiles.test.schema.executions]\ncreated_at = "created_at"\n'
        + '[profiles.test.schema.ledger]\ncreated_at = "created_at"\n'
    )
    today = (datetime.now(UTC) - timedelta(hours=12)).date()
    young = str(plant(shop.marketplace, status="running", charged=10, created_at=today))
    old = str(plant(shop.marketplace, status="running", charged=10, created_at=today - timedelta(days=1)))

    (swept,) = reconcile(shop, "--assume", "failed", exit_code=0)
    (named,) = reconcile(shop, young, "--assume", "failed", exit_code=6)

    assert (swept["id"], swept["action"], named["action"]) == (old, "settled", "alive")


def test_filters_and_days_read_times_as_utc_in_any_session(naive_shop: Shop) -> None:
    execution = str(plant(naive_shop.marketplace, created_at="2026-03-04T23:30:00.5"))

    listed = naive_shop.program(
        *("history", "--json", "--since", "2026-03-04T23:30:00Z", "--until", "2026-03-04T23:30:01Z")
    ).json["data"]["executions"]
    stats = naive_shop.program("history", "--json", "--stats").json["data"]

    assert [(one["id"], one["created_at"]) for one in listed] == [(execution, "2026-03-04T23:30:00.500000Z")]
    assert stats["by_day"] == [{"day": "2026-03-04", "executions": 1, "failed": 0}]


def test_a_backfill_fills_no_column_from_a_time_without_a_zone(naive_shop: Shop) -> None:
    plant(naive_shop.marketplace, status="success", charged=10)

    done = naive_shop.program("migrate-full", "--yes", "--backfill")

    assert done.exit_code == 0, done
    (row,) = naive_shop.rows()
    assert (row["credits_used"], row["started_at"], row["completed_at"]) == (10, None, None)


def test_audit_since_includes_every_row_that_may_be_of_that_time(naive_shop: Shop) -> None:
    # The clock of whoever wrote these may be behind UTC's: they may be of an hour ago.
    created_at = local_time("-11", ago=timedelta(hours=1))
    plant(naive_shop.marketplace, status="failed", charged=10, created_at=created_at)
    naive_shop.marketplace.execute("UPDATE credit_transactions SET created_at = %s", (created_at,))

    audited = naive_shop.program("audit", "--since", "2h", "--check", "failed-not-refunded", "--json")

    assert audited.json["data"]["checks"][0]["count"] == 1
