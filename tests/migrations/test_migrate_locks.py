"""What a migration waits for: it names the blocking sessions, blocks no others, and can give up cleanly."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from agentctl.core.database.connection import read_database_url
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.migration.building import BuildProgress
from agentctl.core.migration.locks import LockAwaited, find_blockers
from agentctl.core.migration.plan import LockMode, LockWait
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace
from support.migrations import plan_steps, steps_among, widen

SHORT = LockWait(timedelta(milliseconds=50), timedelta(milliseconds=600))


@contextmanager
def holding(database: Database, mode: str) -> Iterator[int]:
    """Hold a lock on the table, and yield the pid of its session."""
    with database.connect() as connection, connection.transaction():
        connection.execute(f"LOCK TABLE agent_executions IN {mode} MODE".encode())
        yield connection.info.backend_pid


def in_the_way(database: Database, mode: LockMode) -> set[int]:
    """Return the pids of the sessions that block a lock."""
    with read_database_url(database.url, source="a test").connect() as connection:
        found = find_blockers(connection, schema="public", table="agent_executions", mode=mode)
    return {one.pid for one in found}


@pytest.mark.parametrize("wanted", LockMode)
@pytest.mark.parametrize(
    "held",
    [
        "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE",
        "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
    ],
)  # fmt: skip
def test_names_the_sessions_that_block_the_lock(
    marketplace: Marketplace, wanted: LockMode, held: str
) -> None:
    with holding(marketplace, held) as pid:
        try:
            with marketplace.connect() as other, other.transaction():
                other.execute("SET LOCAL lock_timeout = '20ms'")
                other.execute(f"LOCK TABLE agent_executions IN {wanted} MODE".encode())
                waits = False
        except psycopg.errors.LockNotAvailable:
            waits = True

        assert in_the_way(marketplace, wanted) == ({pid} if waits else set())


def test_shows_the_statements_of_blocking_sessions(marketplace: Marketplace) -> None:
    events: list[Any] = []
    with marketplace.connect() as reader, reader.transaction():
        reader.execute("SELECT 'the long report' FROM agent_executions")
        with pytest.raises(DatabaseTrouble, match="the long report") as trouble:
            widen(marketplace, wait=SHORT, told=events.append)
        pid = reader.info.backend_pid

    assert f"pid {pid}, user postgres" in trouble.value.message
    assert f"pg_terminate_backend({pid})" in str(trouble.value.hint)
    told = [event for event in events if isinstance(event, LockAwaited)]
    assert {one.pid for event in told for one in event.blockers} == {pid}
    assert [event.attempt for event in told] == list(range(1, len(told) + 1))


def test_an_index_build_shows_its_phase_and_the_sessions_it_waits_for(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    named = threading.Event()
    found: list[BuildProgress] = []

    def told(event: object) -> None:
        if isinstance(event, BuildProgress):
            found.append(event)
            if event.blocker is not None:
                named.set()

    with ThreadPoolExecutor() as threads:
        with holding(made, "ROW EXCLUSIVE") as pid:
            migration = threads.submit(widen, made, told=told)
            assert named.wait(20)
        migration.result()
    (first, *_) = [one for one in found if one.blocker is not None]
    assert first.phase == "waiting for writers before build"
    assert first.blocker is not None
    assert (first.blocker.pid, first.blocker.user) == (pid, "postgres")
    assert plan_steps(made) == ()


def test_a_second_migration_waits_for_the_first_and_then_finds_nothing_to_do(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    at_work, waits = threading.Event(), threading.Event()
    second_events: list[Any] = []

    def first_tells(_: object) -> None:
        at_work.set()

    def second_tells(event: object) -> None:
        second_events.append(event)
        waits.set()

    with ThreadPoolExecutor() as threads:
        with holding(made, "ROW EXCLUSIVE"):
            first = threads.submit(widen, made, told=first_tells)
            assert at_work.wait(20)
            second = threads.submit(widen, made, told=second_tells)
            assert waits.wait(20)
        first.result()
        second.result()
    assert {event.reason for event in second_events} == {"Another migration of this table is running"}
    assert {one.query.split("/")[0] for event in second_events for one in event.blockers} == {"agentctl"}
    assert steps_among(second_events) == ()


def test_a_second_migration_that_gives_up_names_the_first(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    made = marketplace_factory(columns=OPTIONAL_COLUMNS)
    at_work = threading.Event()
    with ThreadPoolExecutor() as threads:
        with holding(made, "ROW EXCLUSIVE"):
            first = threads.submit(widen, made, told=lambda _: at_work.set())
            assert at_work.wait(20)
            with pytest.raises(
                DatabaseTrouble, match="Another migration of this table is running"
            ) as trouble:
                widen(made, wait=SHORT)
        first.result()
    assert (trouble.value.code, trouble.value.retryable) == ("locked", True)
    assert "In the way: pid " in trouble.value.message
