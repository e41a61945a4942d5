"""A backfill fills in only what is known of old executions, and never twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import UUID

import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import AgentctlError, SchemaLacks
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.migration.apply import apply
from agentctl.core.migration.backfill import BackfillProgress, BackfillReport, backfill, plan_link_index
from agentctl.core.migration.widening import plan_widening
from support.executions import OPS, plant
from support.marketplace import Database, Marketplace
from support.migrations import ignore_event, widen

Make = Callable[..., Marketplace]
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
FILLED: LiteralString = "SELECT credits_used, started_at, completed_at FROM agent_executions WHERE id = %s"
# What the ledger says, told by itself: every execution whose column says something else.
WRONG: LiteralString = """
SELECT e.id FROM agent_executions e
WHERE e.credits_used IS DISTINCT FROM
      coalesce((SELECT -sum(t.amount) FROM credit_transactions t WHERE t.execution_id = e.id), 0)
"""


def fill(database: Database, told: Callable[[BackfillProgress], None] = lambda _: None) -> BackfillReport:
    """Backfill as the command does, on a table that already has the columns."""
    with read_database_url(database.url, source="a test").connect() as connection:
        planner = partial(plan_link_index, settings=NO_SETTINGS)
        index = planner(connection)
        if index.steps:
            apply(connection, index, planner, ignore_event)
        return backfill(connection, plan_widening(connection), told, ignore_event)


def wrote(
    marketplace: Marketplace,
    execution: UUID | None,
    amount: int,
    *,
    at_: datetime = NOW,
    kind: str | None = None,
) -> None:
    """Write a ledger row with a past time."""
    kind = kind or ("usage" if amount < 0 else "refund")
    marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at) "
        "VALUES (%s, %s, %s, 0, %s, %s)",
        (OPS, kind, amount, execution, at_),
    )


def planted(marketplace: Marketplace, status: str, *amounts: int, seconds: float = 2) -> UUID:
    """Plant an execution with ledger rows some seconds apart."""
    key = plant(marketplace, status=status, created_at=NOW)
    for number, amount in enumerate(amounts):
        wrote(marketplace, key, amount, at_=NOW + timedelta(seconds=1 + number * seconds))
    return key


def of(marketplace: Marketplace, key: UUID) -> tuple[Any, Any, Any]:
    """Return the filled-in values of one execution, with times as seconds since its creation."""
    ((cost, started, completed),) = marketplace.execute(FILLED, (key,))
    seconds = [moment and (moment - NOW).total_seconds() for moment in (started, completed)]
    return cost, seconds[0], seconds[1]


@pytest.mark.parametrize(
    ("status", "amounts", "expected"),
    [
        ("success", (-10,), (10, 1, None)),
        ("failed", (-10, 10), (0, 1, 3)),
        ("failed", (-10,), (10, 1, None)),
        ("success", (-10, 4), (6, 1, None)),
        ("failed", (-10, 4), (6, 1, None)),
        ("failed", (-10, 4, 6), (0, 1, None)),
        ("success", (-10, -10), (20, None, None)),
        ("success", (), (0, None, None)),
        ("running", (-10,), (10, None, None)),
        ("running", (-10, 10), (0, None, None)),
        ("pending", (), (0, None, None)),
    ],
)
def test_fills_only_what_the_ledger_proves(
    marketplace: Marketplace, status: str, amounts: tuple[int, ...], expected: tuple[Any, ...]
) -> None:
    key = planted(marketplace, status, *amounts)
    widen(marketplace)

    fill(marketplace)

    assert of(marketplace, key) == expected


def test_does_not_take_completed_at_from_a_refund_by_hand(marketplace: Marketplace) -> None:
    key = planted(marketplace, "failed", -10, 10, seconds=301)
    widen(marketplace)

    report = fill(marketplace)

    assert of(marketplace, key) == (0, 1, None)
    assert report.unknown == {"credits_used": 0, "started_at": 0, "completed_at": 1}


def test_does_not_take_started_at_from_a_charge_before_the_execution(marketplace: Marketplace) -> None:
    key = plant(marketplace, status="success", created_at=NOW)
    wrote(marketplace, key, -10, at_=NOW - timedelta(minutes=2))
    widen(marketplace)

    fill(marketplace)

    assert of(marketplace, key) == (10, None, None)


def test_an_execution_without_a_ledger_row_is_free_only_if_the_ledger_named_executions(
    marketplace: Marketplace,
) -> None:
    wrote(marketplace, None, -10, at_=NOW)
    old = plant(marketplace, created_at=NOW - timedelta(days=1))
    named = planted(marketplace, "success", -3)
    new = plant(marketplace, created_at=NOW + timedelta(days=1))
    widen(marketplace)

    report = fill(marketplace)

    assert [of(marketplace, key)[0] for key in (old, named, new)] == [None, 3, 0]
    assert report.unknown["credits_used"] == 1


def test_keeps_existing_values_and_counts_those_that_differ(
    marketplace_factory: Make,
) -> None:
    made = marketplace_factory(columns=("credits_used", "started_at", "completed_at"))
    keys = [planted(made, "failed", -10, 10) for _ in range(4)]
    values = [(7, NOW), (0, None), (10, None), (None, None)]
    for key, (cost, moment) in zip(keys, values, strict=True):
        made.execute(
            "UPDATE agent_executions SET credits_used = %s, started_at = %s, completed_at = %s WHERE id = %s",
            (cost, moment, moment, key),
        )
    widen(made)

    report = fill(made)

    # A price without its refund is no cost; 0 was right; 7 is somebody's own.
    assert [of(made, key) for key in keys] == [(7, 0, 0), (0, 1, 3), (0, 1, 3), (0, 1, 3)]
    assert report.differing == 1


def test_corrects_the_zeros_that_the_seeds_sql_wrote(
    marketplace: Marketplace,
) -> None:
    planted(marketplace, "success", -10)
    marketplace.execute("ALTER TABLE agent_executions ADD credits_used integer DEFAULT 0")
    widen(marketplace)

    fill(marketplace)

    assert marketplace.execute(WRONG) == []
    assert marketplace.execute("SELECT credits_used FROM agent_executions") == [(10,)]


def _history(marketplace: Marketplace, rows: int) -> None:
    """Plant many executions with every kind of consistent ledger rows."""
    marketplace.execute(
        "INSERT INTO agent_executions (id, user_id, agent_id, status, created_at) "
        "SELECT gen_random_uuid(), p.id, a.id, (ARRAY['success', 'failed', 'running', 'pending'])[1 + n "
        "%% 4], "
        "now() - n * interval '1 second' FROM generate_series(1, %s) AS n, "
        "(SELECT id FROM profiles LIMIT 1) AS p, (SELECT id FROM agents LIMIT 1) AS a",
        (rows,),
    )
    marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at) "
        "SELECT user_id, 'usage', -1 - (random() * 20)::int, 0, id, created_at FROM agent_executions "
        "WHERE random() < 0.8"
    )
    marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at) "
        "SELECT t.user_id, 'refund', CASE WHEN random() < 0.8 THEN -t.amount ELSE 1 END, 0, e.id, "
        "t.created_at "
        "FROM agent_executions e JOIN credit_transactions t ON t.execution_id = e.id WHERE e.status = "
        "'failed'"
    )


def test_every_cost_equals_the_ledger_after_a_backfill(marketplace: Marketplace) -> None:
    _history(marketplace, 5000)
    widen(marketplace)
    seen: list[BackfillProgress] = []

    report = fill(marketplace, seen.append)

    assert marketplace.execute(WRONG) == []
    assert (report.rows, report.differing, report.passed_over) == (5000, 0, 0)
    assert [one.done for one in seen] == sorted({one.done for one in seen})
    assert 5000 <= seen[-1].done <= seen[-1].total


def test_a_second_backfill_writes_nothing(marketplace: Marketplace) -> None:
    _history(marketplace, 3000)
    widen(marketplace)
    fill(marketplace)
    versions: LiteralString = "SELECT id, xmin, ctid FROM agent_executions ORDER BY id"
    before = marketplace.execute(versions)

    again = fill(marketplace)

    assert again.rows == 3000
    assert set(again.filled.values()) == {0}
    assert marketplace.execute(versions) == before


def test_the_next_backfill_finishes_an_interrupted_one(marketplace: Marketplace) -> None:
    class Stop(Exception):
        pass

    _history(marketplace, 6000)
    widen(marketplace)

    def stop(_: BackfillProgress) -> None:
        raise Stop

    with pytest.raises(Stop):
        fill(marketplace, stop)
    half = marketplace.execute("SELECT count(*) FROM agent_executions WHERE credits_used IS NOT NULL")
    assert 0 < half[0][0] < 6000

    fill(marketplace)

    assert marketplace.execute(WRONG) == []


def test_skips_a_locked_row_and_fills_it_the_next_time(
    marketplace: Marketplace,
) -> None:
    keys = [planted(marketplace, "success", -10) for _ in range(3)]
    widen(marketplace)
    with marketplace.connect() as writer, writer.transaction():
        writer.execute("UPDATE agent_executions SET status = 'failed' WHERE id = %s", (keys[1],))
        report = fill(marketplace)
        assert (report.passed_over, report.filled["credits_used"]) == (1, 2)

    again = fill(marketplace)

    assert (again.passed_over, again.filled["credits_used"]) == (0, 1)
    assert marketplace.execute(WRONG) == []


def test_two_concurrent_backfills_wait_for_each_other(marketplace: Marketplace) -> None:
    _history(marketplace, 4000)
    widen(marketplace)

    with ThreadPoolExecutor() as threads:
        reports = [one.result() for one in [threads.submit(fill, marketplace) for _ in range(2)]]

    assert sorted(report.filled["credits_used"] for report in reports) == [0, 4000]
    assert marketplace.execute(WRONG) == []


def test_keeps_the_values_of_concurrent_writers(marketplace: Marketplace) -> None:
    _history(marketplace, 4000)
    widen(marketplace)
    written: list[UUID] = []

    def write(_: BackfillProgress) -> None:
        written.append(plant(marketplace, status="running", credits_used=33))

    fill(marketplace, write)

    assert len(written) >= 2
    costs = marketplace.execute(
        "SELECT DISTINCT credits_used FROM agent_executions WHERE id = ANY(%s)", (written,)
    )
    assert costs == [(33,)]


def test_builds_a_missing_index_on_the_ledgers_execution_first(marketplace: Marketplace) -> None:
    planted(marketplace, "success", -10)
    marketplace.execute("DROP INDEX idx_credit_transactions_execution_id")
    widen(marketplace)

    fill(marketplace)

    found = marketplace.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = "
        "to_regclass('idx_credit_transactions_execution_id')"
    )
    assert found == [(True,)]
    assert marketplace.execute(WRONG) == []


def test_no_backfill_batch_reads_a_whole_table(marketplace: Marketplace) -> None:
    _history(marketplace, 30_000)
    widen(marketplace)
    marketplace.execute("VACUUM ANALYZE agent_executions")
    marketplace.execute("VACUUM ANALYZE credit_transactions")
    scans: LiteralString = (
        "SELECT relname, seq_scan FROM pg_stat_user_tables "
        "WHERE relname IN ('agent_executions', 'credit_transactions') ORDER BY 1"
    )
    marketplace.execute("SELECT pg_stat_force_next_flush()")
    before: dict[str, int] = dict(marketplace.execute(scans))

    batches: list[BackfillProgress] = []
    fill(marketplace, batches.append)

    after: dict[str, int] = dict(marketplace.execute(scans))
    assert len(batches) >= 3
    # One look for charges that name no execution, and the introspection's samples of statuses and kinds.
    assert after["agent_executions"] - before["agent_executions"] < len(batches)
    assert after["credit_transactions"] - before["credit_transactions"] < len(batches)


def test_a_backfill_without_a_ledger_fills_nothing(database: Database) -> None:
    database.execute(
        "CREATE TABLE profiles (id uuid PRIMARY KEY, email text NOT NULL, credits integer);"
        "CREATE TABLE agents (id uuid PRIMARY KEY, name text NOT NULL, credit_cost integer);"
        "CREATE TABLE agent_executions (id uuid PRIMARY KEY, user_id uuid, agent_id uuid, status text, "
        "created_at timestamptz)"
    )
    widen(database)

    with pytest.raises(SchemaLacks, match="ledger"):
        fill(database)


def test_refuses_a_table_without_a_key_with_a_hint(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_pkey CASCADE")
    widen(marketplace)

    with pytest.raises(SchemaLacks, match="No index of agent_executions begins with id") as refused:
        fill(marketplace)

    assert refused.value.hint == 'CREATE INDEX CONCURRENTLY ON "public"."agent_executions" ("id");'


def test_a_role_with_hidden_rows_fills_nothing(marketplace: Marketplace) -> None:
    planted(marketplace, "success", -10)
    widen(marketplace)
    url = marketplace.add_role("guest")
    for table in ("agent_executions", "credit_transactions", "profiles", "agents"):
        marketplace.execute(f"GRANT SELECT, UPDATE ON {table} TO {url.split('//')[1].split(':')[0]}".encode())
    marketplace.execute("ALTER TABLE credit_transactions ENABLE ROW LEVEL SECURITY")

    with (
        read_database_url(url, source="a test").connect() as connection,
        pytest.raises(AgentctlError) as refused,
    ):
        backfill(connection, plan_widening(connection), lambda _: None, ignore_event)

    assert refused.value.code == "row_level_security"


def test_fills_partitions_and_other_names_and_ids(database: Database) -> None:
    database.execute(
        "CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL, credits numeric(10, 2));"
        "CREATE TABLE agents (id bigserial PRIMARY KEY, name text NOT NULL, price numeric(10, 2));"
        "CREATE TABLE executions (id bigserial, user_id bigint, agent_id bigint, created_at timestamptz, "
        "status text CHECK (status IN ('queued', 'succeeded', 'error')), PRIMARY KEY (id, created_at)) "
        "PARTITION BY RANGE (created_at);"
        "CREATE TABLE old PARTITION OF executions FOR VALUES FROM (MINVALUE) TO ('2026-06-01');"
        "CREATE TABLE new PARTITION OF executions DEFAULT;"
        "CREATE TABLE credit_logs (id bigserial PRIMARY KEY, user_id bigint, execution_id bigint, "
        "delta numeric(10, 2), type text CHECK (type IN ('use', 'refund', 'buy')), created_at timestamptz);"
        "INSERT INTO users (email, credits) VALUES ('a@example.com', 5);"
        "INSERT INTO agents (name, price) VALUES ('A', 0.5);"
        "INSERT INTO executions (user_id, agent_id, created_at, status) "
        "SELECT 1, 1, '2026-01-01'::timestamptz + n * interval '1 day', "
        "CASE n % 3 WHEN 0 THEN 'error' ELSE 'succeeded' END FROM generate_series(1, 300) AS n;"
        "INSERT INTO credit_logs (user_id, execution_id, delta, type, created_at) "
        "SELECT 1, id, -0.5, 'use', created_at FROM executions;"
        "INSERT INTO credit_logs (user_id, execution_id, delta, type, created_at) "
        "SELECT 1, id, 0.5, 'refund', created_at FROM executions WHERE status = 'error'"
    )
    widen(database)

    report = fill(database)

    assert report.filled == {"credits_used": 300, "started_at": 300, "completed_at": 100}
    found = database.execute(
        "SELECT tableoid::regclass::text, status, credits_used::text, count(*) FROM executions GROUP BY "
        "1, 2, 3 ORDER BY 1, 2"
    )
    assert [row[1:3] for row in found] == [("error", "0.00"), ("succeeded", "0.50")] * 2
    assert sum(row[3] for row in found) == 300
