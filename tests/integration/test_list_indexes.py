"""Lists of large tables without an index: found by schema-check, and what the index saves the server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits.ledger_reports import list_rows
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.executions.filters import Filters
from agentctl.core.executions.history import list_executions
from agentctl.core.executions.lookup import get_execution
from agentctl.core.executions.stats import compute_stats
from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.mapping import Marketplace as Parts
from agentctl.core.mapping import catalog_for, get_marketplace
from agentctl.core.mapping import read as made_of
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.schema_check.schema_check import check_schema
from agentctl.core.times import parse_instant
from support.executions import OPS, SEO_BLOG
from support.marketplace import Database, Marketplace

LISTS = {
    "agentctl_agent_executions_created_at_id": "(created_at DESC, id DESC)",
    "agentctl_agent_executions_user_id_created_at": "(user_id, created_at DESC)",
    "agentctl_agent_executions_agent_id_created_at": "(agent_id, created_at DESC)",
    "agentctl_agent_executions_status_created_at": "(status, created_at DESC)",
}
PROBES = 30
"""At most so many rows are read by the planner, which looks up the ends of an index."""
# Rows of the executions are found by index scans alone if there is no sequential one.
_WORK: LiteralString = (
    "SELECT seq_scan, coalesce(idx_scan, 0) AS idx_scan, coalesce(idx_tup_fetch, 0) AS fetched "
    "FROM pg_stat_xact_user_tables WHERE relname = %(table)s"
)
_ROWS: LiteralString = """
INSERT INTO agent_executions (user_id, agent_id, status, created_at)
SELECT %s, %s, CASE WHEN n %% 20 = 0 THEN 'failed' ELSE 'success' END, now() - n * interval '10 minutes'
FROM generate_series(1, 20000) AS n
"""


def grow(database: Database, rows: int, table: LiteralString = "agent_executions") -> None:
    """Let PostgreSQL believe that a table has so many rows."""
    database.execute("UPDATE pg_class SET reltuples = %s WHERE oid = %s::regclass", (rows, table))


def unindexed(database: Database) -> dict[str, Finding]:
    """Return what is found about lists, by the name of the index."""
    with read_database_url(database.url, source="a test").connect() as connection:
        report = check_schema(made_of(catalog_for(connection, NO_SETTINGS), NO_SETTINGS))
    return {one.object: one for one in report.findings if one.id == "list-unindexed"}


def test_a_list_of_a_large_table_without_an_index_is_information(marketplace: Marketplace) -> None:
    grow(marketplace, 100_000)

    found = unindexed(marketplace)

    assert [*found] == [*LISTS]
    assert {one.severity for one in found.values()} == {Severity.INFO}
    for name, key in LISTS.items():
        build = f'CREATE INDEX CONCURRENTLY {name} ON "public"."agent_executions" {key};'
        assert found[name].hint == f"agentctl migrate-full --history-index builds it: {build}"


def test_a_small_table_needs_no_index(marketplace: Marketplace) -> None:
    grow(marketplace, 99_999)

    assert unindexed(marketplace) == {}


def test_the_statement_of_the_hint_settles_the_finding(marketplace: Marketplace) -> None:
    grow(marketplace, 100_000)

    for one in unindexed(marketplace).values():
        marketplace.execute((one.hint or "").partition(": ")[2].encode())
        assert one.object not in unindexed(marketplace)

    assert unindexed(marketplace) == {}


def test_the_ledger_of_the_reference_is_indexed_and_another_may_not_be(marketplace: Marketplace) -> None:
    grow(marketplace, 100_000, "credit_transactions")
    assert unindexed(marketplace) == {}

    marketplace.execute("DROP INDEX idx_credit_transactions_user_id, idx_credit_transactions_execution_id")
    grow(marketplace, 100_000, "credit_transactions")

    assert [*unindexed(marketplace)] == [
        "agentctl_credit_transactions_user_id_created_at",
        "agentctl_credit_transactions_execution_id",
    ]


def test_an_index_on_a_text_that_is_read_as_a_uuid_is_not_proposed(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions ALTER execution_id TYPE text")
    marketplace.execute("DROP INDEX idx_credit_transactions_execution_id")
    grow(marketplace, 100_000, "credit_transactions")

    assert unindexed(marketplace) == {}


def test_an_invalid_index_is_told_to_be_built_again_and_another_to_be_renamed(
    marketplace: Marketplace,
) -> None:
    first, second, *_ = LISTS
    marketplace.execute(f"CREATE INDEX {first} ON agent_executions (created_at)".encode())
    marketplace.execute(f"CREATE INDEX {second} ON agent_executions (status)".encode())
    marketplace.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", (first,))
    grow(marketplace, 100_000)

    found = unindexed(marketplace)

    assert found[first].hint == f"agentctl migrate-full --history-index builds it again: {first} is invalid."
    assert (found[second].hint or "").startswith(f"Rename or drop {second}, which has another definition;")


def test_a_view_is_not_judged(marketplace: Marketplace) -> None:
    grow(marketplace, 100_000)
    marketplace.execute("ALTER TABLE agent_executions RENAME TO runs_of_old")
    marketplace.execute("CREATE VIEW agent_executions AS SELECT * FROM runs_of_old")

    assert unindexed(marketplace) == {}


def test_the_rows_of_a_partitioned_table_are_those_of_its_partitions(marketplace: Marketplace) -> None:
    marketplace.execute("DROP TABLE agent_executions")
    marketplace.execute(
        "CREATE TABLE agent_executions (id uuid, user_id uuid NOT NULL REFERENCES profiles, "
        "agent_id uuid NOT NULL REFERENCES agents, status text NOT NULL, created_at timestamptz NOT NULL, "
        "PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at)"
    )
    for year in (2025, 2026):
        marketplace.execute(
            f"CREATE TABLE runs_{year} PARTITION OF agent_executions "
            f"FOR VALUES FROM ('{year}-01-01') TO ('{year + 1}-01-01')".encode()
        )
    grow(marketplace, 50_000, "runs_2025")
    assert unindexed(marketplace) == {}

    grow(marketplace, 50_000, "runs_2026")

    found = unindexed(marketplace)
    assert [*found] == [*LISTS]
    assert {one.hint for one in found.values()} == {
        "agentctl migrate-full --history-index builds it on one partition after the other."
    }


@pytest.fixture
def large(marketplace: Marketplace) -> Marketplace:
    """Fill a table so that reading all of it is no good plan, and give its lists their indexes."""
    marketplace.execute(_ROWS, (OPS, SEO_BLOG))
    for name, key in LISTS.items():
        marketplace.execute(f"CREATE INDEX {name} ON agent_executions {key}".encode())
    marketplace.execute("VACUUM ANALYZE agent_executions")
    return marketplace


@contextmanager
def counting(
    marketplace: Marketplace, table: str = "agent_executions"
) -> Iterator[tuple[Connection, Parts, Callable[[], dict[str, Any]]]]:
    """Yield a connection in a transaction, the tables, and what tells the work in it until now."""
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        parts = get_marketplace(introspect(connection))
        with connection.transaction():
            yield (
                connection,
                parts,
                lambda: dict(connection.execute(_WORK, {"table": table}).fetchone() or {}),
            )


def test_a_page_reads_no_more_than_it_shows(large: Marketplace) -> None:
    with counting(large) as (connection, parts, work):
        page = list_executions(connection, parts, Filters(), limit=20)
        list_executions(connection, parts, Filters(user=OPS), limit=20, cursor=page.next_cursor)
        list_executions(connection, parts, Filters(agent=SEO_BLOG), limit=20, cursor=page.next_cursor)
        list_executions(connection, parts, Filters(statuses=("failed",)), limit=20, cursor=page.next_cursor)
        assert work()["seq_scan"] == 0
        assert work()["fetched"] <= 4 * 21 + PROBES


def test_a_status_that_has_not_occurred_lately_is_found_by_its_index(large: Marketplace) -> None:
    # A twentieth of the rows failed, all of them long ago: going back in time would read nearly everything.
    large.execute(
        "UPDATE agent_executions SET created_at = created_at - interval '1 year' WHERE status = 'failed'"
    )
    large.execute("VACUUM ANALYZE agent_executions")
    with counting(large) as (connection, parts, work):
        assert (
            len(list_executions(connection, parts, Filters(statuses=("failed",)), limit=20).executions) == 20
        )
        assert work()["seq_scan"] == 0
        assert work()["fetched"] <= 21 + PROBES


def test_a_status_that_is_translated_has_no_index(marketplace: Marketplace) -> None:
    marketplace.execute("CREATE TYPE run_status AS ENUM ('pending', 'running', 'success', 'failed')")
    marketplace.execute("ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_status_check")
    marketplace.execute("ALTER TABLE agent_executions ALTER status DROP DEFAULT")
    marketplace.execute("ALTER TABLE agent_executions ALTER status TYPE run_status USING status::run_status")
    grow(marketplace, 100_000)

    assert [*unindexed(marketplace)] == [name for name in LISTS if "status" not in name]


def test_the_beginning_of_an_id_is_looked_up_in_the_primary_key(large: Marketplace) -> None:
    ((key,),) = large.execute("SELECT id::text FROM agent_executions LIMIT 1")
    with counting(large) as (connection, parts, work):
        assert str(get_execution(connection, parts, key[:8]).id) == key
        assert (work()["seq_scan"], work()["idx_scan"], work()["fetched"]) == (0, 1, 1)


@pytest.mark.parametrize("collation", ["C", "C.utf8"])
def test_an_id_of_text_is_looked_up_in_the_primary_key(large: Marketplace, collation: str) -> None:
    """The two have the same order; that the second one's is that of bytes, PostgreSQL does not know."""
    text = f'ALTER TABLE agent_executions ALTER id DROP DEFAULT, ALTER id TYPE text COLLATE "{collation}"'
    large.execute(text.encode())
    large.execute("UPDATE agent_executions SET id = 'run_' || id")
    large.execute("VACUUM ANALYZE agent_executions")
    ((key,),) = large.execute("SELECT id FROM agent_executions LIMIT 1")
    with counting(large) as (connection, parts, work):
        assert get_execution(connection, parts, key).id == key
        assert (work()["seq_scan"], work()["fetched"]) == (0, 1)
        assert get_execution(connection, parts, key[:16]).id == key
        assert (work()["seq_scan"] > 0) is (collation != "C")


def test_statistics_read_each_execution_once_and_only_those_of_their_time(large: Marketplace) -> None:
    now = large.execute("SELECT now()")[0][0]
    with counting(large) as (connection, parts, work):
        assert compute_stats(connection, parts, Filters()).total == 20_000
        assert work()["seq_scan"] + work()["idx_scan"] == 1
    with counting(large) as (connection, parts, work):
        stats = compute_stats(connection, parts, Filters(since=parse_instant("24h", now=now)))
        assert 143 <= stats.total <= 144
        assert work()["seq_scan"] == 0
        assert work()["fetched"] <= 144 + PROBES


def test_statistics_with_durations_read_each_execution_once(large: Marketplace) -> None:
    large.execute("ALTER TABLE agent_executions ADD started_at timestamptz, ADD completed_at timestamptz")
    large.execute("UPDATE agent_executions SET started_at = created_at, completed_at = created_at + '2 s'")
    with counting(large) as (connection, parts, work):
        stats = compute_stats(connection, parts, Filters())
        assert (stats.total, stats.p50_ms, len(stats.days)) == (20_000, 2000, 140)
        assert work()["seq_scan"] + work()["idx_scan"] == 1


def test_the_ledger_of_a_user_is_read_by_its_index(large: Marketplace) -> None:
    large.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id, created_at) "
        "SELECT user_id, 'usage', -1, 0, id, created_at FROM agent_executions"
    )
    large.execute("VACUUM ANALYZE credit_transactions")
    with counting(large, "credit_transactions") as (connection, parts, work):
        assert parts.ledger is not None
        assert len(list_rows(connection, parts.ledger, user=OPS, limit=20)) == 20
        assert work()["seq_scan"] == 0
        assert work()["fetched"] <= 25
