"""A created_at without a zone never makes a running execution look dead, whichever zone wrote it."""

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
    now = datetime.now(UTC)
    today, yesterday = ((now - timedelta(hours=hours)).date() for hours in (12, 37))
    young = str(plant(shop.marketplace, status="running", charged=10, created_at=today))
    old = str(plant(shop.marketplace, status="running", charged=10, created_at=yesterday))

    (swept,) = reconcile(shop, "--assume", "failed", exit_code=0)
    (named,) = reconcile(shop, young, "--assume", "failed", exit_code=6)

    assert (swept["id"], swept["action"], named["action"]) == (old, "settled", "alive")


def test_filters_and_days_read_times_as_they_are_shown_in_any_session(naive_shop: Shop) -> None:
    execution = str(plant(naive_shop.marketplace, created_at="2026-03-04T23:30:00.5"))

    listed = naive_shop.program(
        *("history", "--json", "--since", "2026-03-04T23:30:00Z", "--until", "2026-03-04T23:30:01Z")
    ).json["data"]["executions"]
    stats = naive_shop.program("history", "--json", "--stats").json["data"]

    assert [(one["id"], one["created_at"]) for one in listed] == [(execution, "2026-03-04T23:30:00.500000")]
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


PACIFIC = "America/Los_Angeles"


@pytest.fixture
def pacific_shop(naive_shop: Shop) -> Shop:
    """Say of the shop, whose database is in New York, that its times are of Los Angeles."""
    name_zone(naive_shop, PACIFIC)
    return naive_shop


def name_zone(shop: Shop, zone: str) -> None:
    config = shop.program.home / "agentctl.toml"
    config.write_text(f'{config.read_text()}\n[profiles.test.schema]\ntimezone = "{zone}"\n')


def pacific_time(*, ago: timedelta) -> str:
    return (datetime.now(ZoneInfo(PACIFIC)) - ago).replace(tzinfo=None).isoformat()


def test_agentctl_writes_its_rows_in_the_zone_and_reads_them_back(pacific_shop: Shop) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    pacific_shop.answer(Reply.json({"message": "Error in workflow"}, 500))
    assert pacific_shop.run("seo-blog", "topic=Tea").exit_code == 1
    assert pacific_shop.program("credits", "grant", "ops@example.com", "5", "--reason", "x").exit_code == 0

    rows = pacific_shop.marketplace.execute(
        "SELECT e.created_at AT TIME ZONE 'America/Los_Angeles' FROM agent_executions e UNION ALL "
        "SELECT t.created_at AT TIME ZONE 'America/Los_Angeles' FROM credit_transactions t "
        "WHERE type <> 'purchase'"
    )
    (shown,) = pacific_shop.program("history", "--json").json["data"]["executions"]
    ledger = pacific_shop.program("credits", "--user", "ops@example.com", "--json").json["data"]["ledger"]

    assert len(rows) == 4  # the execution, its charge, its refund, the grant
    assert all(before <= at <= datetime.now(UTC) for (at,) in rows)
    assert before <= datetime.fromisoformat(shown["created_at"]) <= datetime.now(UTC)
    assert all(before <= datetime.fromisoformat(row["created_at"]) for row in ledger[:3])


def test_a_run_that_is_dead_in_the_zone_is_refunded_at_once(pacific_shop: Shop) -> None:
    for minutes in (16, 14):
        created_at = pacific_time(ago=timedelta(minutes=minutes))
        plant(pacific_shop.marketplace, status="running", charged=10, created_at=created_at)

    audited = pacific_shop.program("audit", "--check", "open-too-long", "--json").json["data"]["checks"][0]
    (case,) = reconcile(pacific_shop, "--assume", "failed", exit_code=0)

    assert audited["count"] == 1
    assert audited["examples"][0]["created_at"].endswith("Z")
    assert (case["action"], case["refunded"], case["id"]) == (
        *("settled", 10),
        audited["examples"][0]["execution_id"],
    )
    assert [row["status"] for row in pacific_shop.rows()] == ["failed", "running"]


def test_filters_days_and_pages_read_times_in_the_zone(pacific_shop: Shop) -> None:
    plant(pacific_shop.marketplace, created_at="2026-03-04T15:29:59")
    execution = str(plant(pacific_shop.marketplace, created_at="2026-03-04T15:30:00.5"))
    evening = str(plant(pacific_shop.marketplace, created_at="2026-03-04T16:30:00"))

    def list_ids(*args: str) -> list[str]:
        listed = pacific_shop.program("history", "--json", *args).json["data"]["executions"]
        return [one["id"] for one in listed]

    assert list_ids("--since", "2026-03-04T23:30:00Z", "--until", "2026-03-04T23:30:01Z") == [execution]
    assert list_ids("--since", "2026-03-05") == [evening]
    page = pacific_shop.program("history", "--json", "--limit", "1").json["data"]
    assert page["executions"][0]["created_at"] == "2026-03-05T00:30:00Z"
    assert list_ids("--limit", "1", "--cursor", page["next_cursor"]) == [execution]
    assert "(UTC)" in pacific_shop.program("history", "--stats").stdout
    stats = pacific_shop.program("history", "--json", "--stats").json["data"]
    assert stats["by_day"] == [
        {"day": "2026-03-04", "executions": 2, "failed": 0},
        {"day": "2026-03-05", "executions": 1, "failed": 0},
    ]


def test_an_hour_that_clocks_show_twice_is_the_second_one(shop_with: Callable[..., Shop]) -> None:
    shop = shop_with()
    set_times(shop, "timestamp(3)", zone="UTC")
    name_zone(shop, PACIFIC)
    execution = str(plant(shop.marketplace, created_at="2025-11-02T01:30:00"))

    def lists(since: str, until: str) -> bool:
        listed = shop.program("history", "--json", "--since", since, "--until", until).json["data"]
        shown = [(one["id"], one["created_at"]) for one in listed["executions"]]
        return shown == [(execution, "2025-11-02T09:30:00Z")]

    assert lists("2025-11-02T09:30:00Z", "2025-11-02T09:30:01Z")
    assert not lists("2025-11-02T08:30:00Z", "2025-11-02T08:30:01Z")


def test_a_backfill_fills_instants_from_times_in_the_zone(pacific_shop: Shop) -> None:
    times = {"2026-03-04T10:00:00": "2026-03-04T18:00:00+00:00", "2026-11-01T01:30:00": None}
    for at in times:
        key = plant(pacific_shop.marketplace, status="success", charged=10, created_at=at)
        statement = "UPDATE credit_transactions SET created_at = %s WHERE execution_id = %s"
        pacific_shop.marketplace.execute(statement, (at, key))

    done = pacific_shop.program("migrate-full", "--yes", "--backfill")

    assert done.exit_code == 0, done
    started = [row["started_at"] for row in pacific_shop.rows()]
    instants = [datetime.fromisoformat(at).astimezone(UTC).isoformat() if at else None for at in started]
    assert instants == list(times.values())


def test_audit_since_takes_no_row_that_is_older_in_the_zone(pacific_shop: Shop) -> None:
    for hours in (1, 3):
        created_at = pacific_time(ago=timedelta(hours=hours))
        key = plant(pacific_shop.marketplace, status="failed", charged=10, created_at=created_at)
        statement = "UPDATE credit_transactions SET created_at = %s WHERE execution_id = %s"
        pacific_shop.marketplace.execute(statement, (created_at, key))

    audited = pacific_shop.program("audit", "--since", "2h", "--check", "failed-not-refunded", "--json")

    assert audited.json["data"]["checks"][0]["count"] == 1


@pytest.mark.parametrize("command", ["history", "credits"])
def test_a_time_without_a_zone_is_never_claimed_to_be_utc(naive_shop: Shop, command: str) -> None:
    execution = plant(naive_shop.marketplace, charged=10, created_at="2026-03-04T23:30:00.5")
    naive_shop.marketplace.execute("UPDATE credit_transactions SET created_at = '2026-03-04T23:30:00.5'")
    args = ("history",) if command == "history" else ("credits", "--user", "ops@example.com")

    shown = naive_shop.program(*args).stdout
    as_json = naive_shop.program(*args, "--json").stdout
    whole = naive_shop.program("history", str(execution), "--json").stdout

    assert "UTC" not in naive_shop.program("history", "--stats").stdout
    for text in (shown, as_json, whole):
        assert "2026-03-04T23:30:00.500000" in text
        assert "2026-03-04T23:30:00.500000Z" not in text


def test_schema_check_says_it_once_and_each_of_its_lines_settles_it(naive_shop: Shop) -> None:
    def find() -> list[dict[str, Any]]:
        findings = naive_shop.program("schema-check", "--json").json["data"]["findings"]
        return [finding for finding in findings if finding["id"] == "time-without-zone"]

    (finding,) = find()
    assert finding["severity"] == "warning"
    assert "agent_executions.created_at and credit_transactions.created_at" in finding["message"]
    lines = [line.strip() for line in finding["hint"].splitlines()[1:]]
    assert [line.partition("  #")[0] for line in lines] == [
        'timezone = "America/New_York"',
        'timezone = "UTC"',
    ]
    config = naive_shop.program.home / "agentctl.toml"
    plain = config.read_text()
    for line in lines:
        config.write_text(f"{plain}\n[profiles.test.schema]\n{line}\n")
        assert find() == []


def test_schema_check_proposes_utc_where_the_default_says_it(shop: Shop) -> None:
    set_times(shop, "timestamp", zone="America/New_York")
    shop.marketplace.execute(
        "ALTER TABLE agent_executions ALTER created_at SET DEFAULT (now() AT TIME ZONE 'utc')"
    )

    findings = shop.program("schema-check", "--json").json["data"]["findings"]

    (hint,) = [finding["hint"] for finding in findings if finding["id"] == "time-without-zone"]
    assert hint.splitlines()[1:] == ['  timezone = "UTC"  # its default is in UTC']


def test_a_zone_that_does_not_exist_is_refused_with_its_line(naive_shop: Shop) -> None:
    name_zone(naive_shop, "America/Los_Angles")

    refused = naive_shop.program("history", "--json")

    assert refused.exit_code == 3
    assert "profiles.test.schema.timezone is not the name of a time zone" in refused.json["error"]["message"]
    assert ", line " in refused.json["error"]["message"]
    assert refused.json["error"]["hint"] == "Did you mean 'America/Los_Angeles'?"


SPANS = (
    ("started_at timestamp", "completed_at timestamp"),
    ("start_time timestamp(0)", "ended_at timestamp(3)"),
    ("started_at timestamptz", '"finishedAt" timestamp'),
    ("started_at timestamp NOT NULL", "completed_at timestamptz"),
)


@pytest.mark.parametrize("columns", SPANS, ids=lambda columns: columns[0])
def test_start_and_end_without_a_zone_are_read_and_written_in_the_zone(
    pacific_shop: Shop, columns: tuple[str, str]
) -> None:
    add_columns(pacific_shop, columns)
    before = datetime.now(UTC) - timedelta(seconds=1)

    ran = pacific_shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]

    assert {"started_at", "completed_at"} <= set(ran["recorded"])
    (shown,) = pacific_shop.program("history", "--json").json["data"]["executions"]
    for part in ("started_at", "completed_at"):
        at = datetime.fromisoformat(shown[part])
        assert before - timedelta(seconds=1) <= at <= datetime.now(UTC) + timedelta(seconds=1), shown
    assert abs(shown["duration_ms"]) < 5000
    stats = pacific_shop.program("history", "--stats", "--json").json["data"]
    assert abs(stats["duration_ms"]["p50"]) < 5000
    names = [column.split()[0].strip('"') for column in columns if "timestamptz" not in column]
    local = datetime.now(ZoneInfo(PACIFIC)).replace(tzinfo=None)
    (row,) = pacific_shop.rows()
    assert all(abs(datetime.fromisoformat(row[name]) - local) < timedelta(minutes=1) for name in names), row
    assert pacific_shop.balances_agree()


def add_columns(shop: Shop, columns: tuple[str, ...]) -> None:
    for column in columns:
        shop.marketplace.execute(f"ALTER TABLE agent_executions ADD COLUMN {column}".encode())


@pytest.mark.parametrize("columns", SPANS[:3], ids=lambda columns: columns[0])
def test_start_and_end_of_no_known_zone_are_shown_and_not_written(
    naive_shop: Shop, columns: tuple[str, str]
) -> None:
    add_columns(naive_shop, columns)
    naive = [column for column in columns if "timestamptz" not in column]
    names = [column.split()[0].strip('"') for column in naive]
    (finding,) = [
        item
        for item in naive_shop.program("schema-check", "--json").json["data"]["findings"]
        if item["id"] == "time-without-zone"
    ]
    assert all(name in finding["message"] for name in names)

    ran = naive_shop.run_json("seo-blog", "topic=Tea")["data"]["execution"]

    assert len({"started_at", "completed_at"} & set(ran["not_recorded"])) == len(naive)
    (row,) = naive_shop.rows()
    assert [row[name] for name in names] == [None] * len(naive)
    for name in names:
        naive_shop.marketplace.execute(
            f"""UPDATE agent_executions SET "{name}" = '2026-03-04 10:00:01'""".encode()
        )
    (shown,) = naive_shop.program("history", "--json").json["data"]["executions"]
    assert "2026-03-04T10:00:01" in {shown["started_at"], shown["completed_at"]}, "no zone is claimed"
    assert shown["duration_ms"] is None
    assert naive_shop.program("history", "--stats", "--json").json["data"]["duration_ms"]["p50"] is None


def test_a_start_that_every_row_needs_asks_for_its_zone(naive_shop: Shop) -> None:
    add_columns(naive_shop, ("started_at timestamp NOT NULL",))

    refused = naive_shop.run_json("seo-blog", "topic=Tea", exit_code=3)["error"]

    assert refused["code"] == "column_unfilled"
    assert '[profiles.NAME.schema] timezone = "UTC"' in refused["hint"]
    name_zone(naive_shop, "UTC")
    assert naive_shop.run("seo-blog", "topic=Tea").exit_code == 0


def test_a_backfill_leaves_times_without_a_zone_as_they_are(pacific_shop: Shop) -> None:
    add_columns(pacific_shop, ("started_at timestamp", "completed_at timestamp"))
    key = plant(pacific_shop.marketplace, status="success", charged=10, created_at="2026-03-08T02:30:00")
    pacific_shop.marketplace.execute("UPDATE agent_executions SET completed_at = '2026-03-08 02:30:00'")

    done = pacific_shop.program("migrate-full", "--yes", "--backfill")

    assert done.exit_code == 0, done
    (row,) = pacific_shop.rows()
    assert (row["id"], row["completed_at"]) == (str(key), "2026-03-08T02:30:00")
    assert (row["started_at"], row["credits_used"]) == (None, 10)
    assert pacific_shop.program("schema-check", "--require", "full").exit_code == 0
