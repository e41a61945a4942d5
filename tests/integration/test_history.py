"""Executions read back: keyset pages, the stream of all, followers, on every shape of the table."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import Connection, read_database_url
from agentctl.core.errors import PermissionDenied, UsageError
from agentctl.core.executions.filters import Filters
from agentctl.core.executions.history import follow_executions, list_executions, stream_executions
from agentctl.core.executions.stats import compute_stats
from agentctl.core.mapping import Marketplace as Parts
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Execution
from support.executions import OPS, PLAIN, POOR, SEO_BLOG, plant
from support.marketplace import OPTIONAL_COLUMNS, Marketplace

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(marketplace: Marketplace) -> Iterator[Connection]:
    with read_database_url(marketplace.url, source="a test").connect() as opened:
        yield opened


@pytest.fixture
def parts(connection: Connection) -> Parts:
    return get_marketplace(introspect(connection))


def ids(executions: list[Execution] | tuple[Execution, ...]) -> list[UUID | int | str]:
    return [one.id for one in executions]


@pytest.mark.parametrize("limit", [7, 250, 251])
def test_every_row_is_on_exactly_one_page_with_any_times(
    marketplace: Marketplace, connection: Connection, parts: Parts, limit: int
) -> None:
    marketplace.execute(
        "INSERT INTO agent_executions (user_id, agent_id, created_at) "
        "SELECT %s, %s, CASE WHEN n %% 5 = 0 THEN NULL ELSE %s::timestamptz + n / 25 * interval '1 s' END "
        "FROM generate_series(1, 250) AS n",
        (OPS, SEO_BLOG, T0),
    )
    seen: list[Execution] = []
    cursor = None
    while True:
        page = list_executions(connection, parts, Filters(), limit=limit, cursor=cursor)
        assert len(page.executions) <= limit
        seen += page.executions
        if (cursor := page.next_cursor) is None:
            break
    assert len(seen) == len(set(ids(seen))) == 250
    whole = ids(list(stream_executions(connection, parts, Filters(), content=False)))
    assert whole == ids(seen)
    timed = [(one.created_at, str(one.id)) for one in seen if one.created_at]
    assert timed == sorted(timed, reverse=True)
    assert len(timed) == 200


def test_a_new_row_between_pages_moves_no_other_row(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    older = [plant(marketplace, created_at=T0 + timedelta(seconds=n)) for n in range(4)]
    first = list_executions(connection, parts, Filters(), limit=2)
    plant(marketplace, created_at=T0 + timedelta(days=1))
    second = list_executions(connection, parts, Filters(), limit=2, cursor=first.next_cursor)
    assert ids(first.executions + second.executions) == older[::-1]
    assert second.next_cursor is None


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "bm9uc2Vuc2U", "WzFd", "eyJhIjoxfQ", "WyIyMDI2LTExLTAxIiwgIngiXQ", "WzEsIDJd", "bnVsbA"],
)
def test_refuses_a_foreign_cursor(connection: Connection, parts: Parts, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        list_executions(connection, parts, Filters(), limit=2, cursor=cursor)


def test_filters_restrict_each_and_together(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    one = plant(marketplace, status="failed", created_at=T0)
    two = plant(marketplace, status="success", user=POOR, created_at=T0 + timedelta(hours=1))
    three = plant(marketplace, status="failed", agent=PLAIN, created_at=T0 + timedelta(hours=2))
    four = plant(marketplace, status="running", agent=PLAIN, user=POOR, created_at=T0 + timedelta(hours=3))

    def found(filters: Filters) -> list[UUID | int | str]:
        page = ids(list_executions(connection, parts, filters, limit=9).executions)
        assert page == ids(list(stream_executions(connection, parts, filters, content=False)))
        assert compute_stats(connection, parts, filters).total == len(page)
        return page

    assert found(Filters()) == [four, three, two, one]
    assert found(Filters(agent=PLAIN)) == [four, three]
    assert found(Filters(user=POOR)) == [four, two]
    assert found(Filters(statuses=("failed",))) == [three, one]
    assert found(Filters(statuses=("failed", "running"))) == [four, three, one]
    assert found(Filters(since=T0 + timedelta(hours=1))) == [four, three, two]  # that instant too
    assert found(Filters(until=T0 + timedelta(hours=1))) == [one]  # without it
    assert found(Filters(agent=PLAIN, user=OPS, statuses=("failed",), since=T0)) == [three]
    assert found(Filters(statuses=("no such",))) == []


def test_a_minimal_table_shows_ledger_values_and_none_for_the_rest(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    execution = plant(marketplace, status="failed", charged=10, created_at=T0)
    (found,) = list_executions(connection, parts, Filters(), limit=1, content=True).executions
    assert found.id == execution
    assert (found.agent.id, found.agent.slug, found.agent.name) == (SEO_BLOG, "seo-blog", "SEO Blog")
    assert (found.user.id, found.user.email) == (OPS, "ops@example.com")
    assert (found.status, found.created_at, found.is_open) == ("failed", T0, False)
    assert (found.charged, found.refunded) == (10, 0)
    assert not any(getattr(found, name) for name in OPTIONAL_COLUMNS)
    assert found.duration_ms is None


def test_a_full_table_shows_all_fields(marketplace_factory: Callable[..., Marketplace]) -> None:
    marketplace = marketplace_factory(columns=OPTIONAL_COLUMNS)
    plant(
        marketplace,
        status="failed",
        workflow_id="https://n8n.example.com/x",
        inputs=json.dumps({"topic": "Tea"}),
        result=json.dumps(["a", 1]),
        error="it broke",
        credits_used=10,
        started_at=T0,
        completed_at=T0 + timedelta(seconds=1.5),
    )
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        parts = get_marketplace(introspect(connection))
        (whole,) = list_executions(connection, parts, Filters(), limit=1, content=True).executions
        (brief,) = list_executions(connection, parts, Filters(), limit=1).executions
    assert (whole.inputs, whole.result, whole.error) == ({"topic": "Tea"}, ["a", 1], "it broke")
    assert (whole.workflow_id, whole.credits_used) == ("https://n8n.example.com/x", 10)
    assert (whole.started_at, whole.duration_ms) == (T0, 1500)
    assert (brief.inputs, brief.result, brief.error) == (None, None, "it broke")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("started_at text", "yesterday"),
        ("started_at date", "2026-11-01"),
        ("credits_used text", "ten"),
        ("error jsonb", '{"a": 1}'),
        ("inputs text", "x"),
    ],
)
def test_a_column_of_another_type_counts_as_absent(
    marketplace: Marketplace, column: LiteralString, value: str
) -> None:
    name = column.split()[0]
    marketplace.execute("ALTER TABLE agent_executions ADD COLUMN " + column)
    content: dict[str, Any] = {name: value}
    plant(marketplace, created_at=T0, **content)
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        parts = get_marketplace(introspect(connection))
        (found,) = list_executions(connection, parts, Filters(), limit=1, content=True).executions
        assert compute_stats(connection, parts, Filters()).p50_ms is None
    assert getattr(found, name) is None


def test_a_column_that_the_role_may_not_read_counts_as_absent(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    marketplace = marketplace_factory(columns=("error", "inputs"))
    plant(marketplace, error="secret", created_at=T0)
    url = reader(marketplace, executions="id, user_id, agent_id, status, created_at, inputs")
    with read_database_url(url, source="a test").connect() as connection:
        parts = get_marketplace(introspect(connection))
        (found,) = list_executions(connection, parts, Filters(), limit=1).executions
    assert found.error is None
    assert "inputs" in parts.executions
    assert "error" not in parts.executions


def test_shows_rows_whose_agent_is_not_visible(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    plant(marketplace)
    marketplace.execute("ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_id_fkey")
    marketplace.execute("DELETE FROM agents WHERE id = %s", (SEO_BLOG,))
    (found,) = list_executions(connection, parts, Filters(), limit=1).executions
    assert (found.agent.id, found.agent.slug, found.agent.name) == (SEO_BLOG, None, None)


def test_stats_count_by_status_and_day_and_have_durations_where_recorded(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    marketplace = marketplace_factory(columns=("started_at", "completed_at"))
    for second in range(1, 101):
        times: dict[str, Any] = {"started_at": T0, "completed_at": T0 + timedelta(seconds=second)}
        day = timedelta(days=second % 2)
        plant(marketplace, status="failed" if second <= 25 else "success", created_at=T0 + day, **times)
    plant(marketplace, status="running", created_at=None)
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        stats = compute_stats(connection, get_marketplace(introspect(connection)), Filters())
    assert stats.by_status == {"failed": 25, "running": 1, "success": 75}
    assert (stats.total, stats.success_rate) == (101, 0.75)
    assert (stats.p50_ms, stats.p95_ms) == (50_500, 95_050)
    assert [(day.day.isoformat(), day.executions, day.failed) for day in stats.days] == [
        ("2026-11-01", 50, 12),
        ("2026-11-02", 50, 13),
    ]


def test_stats_of_no_rows_are_zero_or_none(connection: Connection, parts: Parts) -> None:
    stats = compute_stats(connection, parts, Filters())
    assert (stats.total, stats.success_rate, stats.p50_ms, stats.days) == (0, None, None, ())


@pytest.mark.parametrize("hidden", ["agent_executions", "credit_transactions"])
def test_rows_hidden_by_row_level_security_are_never_called_empty(
    marketplace: Marketplace, hidden: str
) -> None:
    plant(marketplace, charged=5)
    url = reader(marketplace, seen={"profiles", "agent_executions", "credit_transactions"} - {hidden})
    with read_database_url(url, source="a test").connect() as connection:
        parts = get_marketplace(introspect(connection))
        with pytest.raises(PermissionDenied, match=hidden):
            list_executions(connection, parts, Filters(), limit=1)
        with pytest.raises(PermissionDenied, match=hidden):
            list(stream_executions(connection, parts, Filters(), content=False))
        if hidden == "agent_executions":
            with pytest.raises(PermissionDenied, match=hidden):
                compute_stats(connection, parts, Filters())


def test_follow_yields_each_new_and_changed_row_once(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    old_open = plant(marketplace, status="running", created_at=T0)  # too old for any page of two
    shown = [plant(marketplace, created_at=T0 + timedelta(minutes=n)) for n in (1, 2)]
    appeared: list[UUID] = []

    def settle(execution: UUID, status: str) -> None:
        marketplace.execute("UPDATE agent_executions SET status = %s WHERE id = %s", (status, execution))

    steps: list[Callable[[], object]] = [
        lambda: appeared.append(plant(marketplace, status="running")),
        lambda: None,
        lambda: settle(appeared[0], "success"),
        lambda: settle(old_open, "failed"),
        lambda: plant(marketplace, status="pending", key=UUID(int=1)),
    ]
    follower = follow_executions(connection, parts, Filters(), limit=2, pause=one_by_one(steps))
    seen = [(one.id, one.status) for one in (next(follower) for _ in range(6))]
    assert seen == [
        *((execution, "success") for execution in shown),
        (appeared[0], "running"),
        (appeared[0], "success"),
        (old_open, "failed"),
        (UUID(int=1), "pending"),
    ]


def test_follow_with_a_failed_filter_yields_an_old_run_that_fails_and_no_success(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    good, bad = (plant(marketplace, status="running", created_at=T0) for _ in range(2))

    def settle() -> None:
        marketplace.execute("UPDATE agent_executions SET status = 'success' WHERE id = %s", (good,))
        marketplace.execute("UPDATE agent_executions SET status = 'failed' WHERE id = %s", (bad,))

    follower = follow_executions(connection, parts, Filters(statuses=("failed",)), limit=5, pause=settle)
    assert next(follower).id == bad


def test_nullable_columns_are_none_in_lists_stats_lookups_and_follow(
    marketplace: Marketplace, connection: Connection, parts: Parts
) -> None:
    """The seed document's table has none of the NOT NULLs that sql/minimal.sql has."""
    for column in ("user_id", "agent_id", "status"):
        marketplace.execute(f"ALTER TABLE agent_executions ALTER COLUMN {column} DROP NOT NULL".encode())
    insert: LiteralString = (
        "INSERT INTO agent_executions (id, user_id, agent_id, status, created_at) VALUES (%s, %s, %s, %s, %s)"
    )
    marketplace.execute(insert, (UUID(int=1), None, None, None, None))
    plant(marketplace, created_at=T0)

    (bare,) = list_executions(connection, parts, Filters(statuses=("none",)), limit=9).executions
    assert (bare.user.id, bare.agent.id, bare.status, bare.created_at) == (None, None, None, None)
    assert not list_executions(connection, parts, Filters(statuses=("failed",)), limit=9).executions
    assert compute_stats(connection, parts, Filters()).by_status == {"none": 1, "success": 1}

    steps: list[Callable[[], object]] = [
        lambda: marketplace.execute(insert, (UUID(int=2), OPS, SEO_BLOG, None, T0)),
        lambda: marketplace.execute(insert, (UUID(int=3), OPS, SEO_BLOG, "success", None)),
        lambda: marketplace.execute("UPDATE agent_executions SET status = 'failed' WHERE status IS NULL"),
    ]
    follower = follow_executions(connection, parts, Filters(), limit=9, pause=one_by_one(steps))
    seen = [(one.id, one.status) for one in (next(follower) for _ in range(6))][2:]
    assert seen[:2] == [(UUID(int=2), None), (UUID(int=3), "success")]
    assert set(seen[2:]) == {(UUID(int=1), "failed"), (UUID(int=2), "failed")}


def test_credits_of_another_column_type_stay_exact(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE credit_transactions ALTER COLUMN amount TYPE numeric(12, 2)")
    execution = plant(marketplace)
    marketplace.execute(
        "INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id) "
        "VALUES (%s, 'usage', -0.10, 0, %s), (%s, 'refund', 0.10, 0, %s)",
        (OPS, execution, OPS, execution),
    )
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        (found,) = list_executions(
            connection, get_marketplace(introspect(connection)), Filters(), limit=1
        ).executions
    assert (found.charged, found.refunded) == (Decimal("0.10"), Decimal("0.10"))


def one_by_one(steps: list[Callable[[], object]]) -> Callable[[], None]:
    """Return a pause function; each call runs the next of the given actions."""
    left = iter(steps)

    def pause() -> None:
        next(left)()

    return pause


def reader(
    marketplace: Marketplace,
    *,
    executions: LiteralString = "id, user_id, agent_id, status, created_at",
    seen: set[str] | frozenset[str] = frozenset({"profiles", "agent_executions", "credit_transactions"}),
) -> str:
    """Return the URL of a role that may read, and that policies admit to the rows of these tables."""
    url = marketplace.add_role("reader")
    role = f"{marketplace.name}_reader"
    marketplace.execute(f'GRANT SELECT ON profiles, agents, credit_transactions TO "{role}"'.encode())
    marketplace.execute(f'GRANT SELECT ({executions}) ON agent_executions TO "{role}"'.encode())
    for table in seen:
        marketplace.execute(f'CREATE POLICY reader ON {table} FOR SELECT TO "{role}" USING (true)'.encode())
    return url
