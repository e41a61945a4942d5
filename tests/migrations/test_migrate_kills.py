"""`kill -9` at every step of a migration, and of its undo: the next one ends as if nothing had happened."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from support.executions import plant
from support.marketplace import Marketplace
from support.migrations import widen
from support.program import Program

AFTER_A_STEP = {"AGENTCTL_FAILPOINT": "step-taken"}
MIGRATE = ("migrate-full", "--yes")


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the marketplace that the program is configured for."""
    found: Marketplace = shop.marketplace
    return found


@pytest.fixture
def uninterrupted(marketplace_factory: Callable[..., Marketplace]) -> object:
    """Return the catalog after an uninterrupted migration."""
    other = marketplace_factory()
    widen(other)
    return catalog(other)


def catalog(marketplace: Marketplace) -> object:
    """Return the whole catalog with the comments on columns, without the name of the database."""
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        found = introspect(connection)
    comments = marketplace.execute(
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'agent_executions'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1"
    )
    return found.tables, found.functions, comments


def invalid(marketplace: Marketplace) -> int:
    """Count the indexes that PostgreSQL does not use."""
    ((count,),) = marketplace.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
    assert isinstance(count, int)
    return count


def test_a_migration_killed_after_any_step_ends_as_if_uninterrupted(
    agentctl: Program, marketplace: Marketplace, uninterrupted: object
) -> None:
    plant(marketplace, charged=1)
    for _ in range(3):
        assert agentctl(*MIGRATE, env=AFTER_A_STEP).exit_code == -signal.SIGKILL
    assert agentctl(*MIGRATE).exit_code == 0

    assert catalog(marketplace) == uninterrupted
    assert agentctl("migrate-full").stdout.endswith("nothing to do.\n")


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("dies", ["the program", "its connection"])
def test_a_migration_killed_during_a_build_ends_as_if_uninterrupted(
    agentctl: Program, marketplace: Marketplace, uninterrupted: object, dies: str, steps: int
) -> None:
    for _ in range(steps):
        agentctl(*MIGRATE, env=AFTER_A_STEP)
    with marketplace.connect() as writer, writer.transaction():
        writer.execute("LOCK TABLE agent_executions IN ROW EXCLUSIVE MODE")
        process = agentctl.start(*MIGRATE)
        pid = _await_build(marketplace)
        if dies == "the program":
            process.kill()
        else:
            marketplace.execute("SELECT pg_terminate_backend(%s)", (pid,))
        process.communicate(timeout=30)
        assert process.returncode in {-signal.SIGKILL, 3}
        assert invalid(marketplace) == 1
    assert agentctl(*MIGRATE).exit_code == 0

    assert catalog(marketplace) == uninterrupted
    assert invalid(marketplace) == 0


def test_an_undo_killed_after_any_step_ends_as_if_uninterrupted(
    agentctl: Program, marketplace: Marketplace, tmp_path: Path
) -> None:
    plant(marketplace, charged=1)
    before = catalog(marketplace)
    agentctl(*MIGRATE)
    marketplace.execute("UPDATE agent_executions SET error = 'no'")
    back = ("migrate-full", "--undo", "--discard-data", "--yes", "-o")
    for number, died in enumerate(
        [*[AFTER_A_STEP] * 2, AFTER_A_STEP, {"AGENTCTL_FAILPOINT": "content-saved"}]
    ):
        assert agentctl(*back, tmp_path / f"{number}.csv", env=died).exit_code == -signal.SIGKILL
    assert agentctl(*back, tmp_path / "last.csv").exit_code == 0

    assert catalog(marketplace) == before
    assert "no" in (tmp_path / "last.csv").read_text()


def _await_build(marketplace: Marketplace) -> int:
    """Wait for the server process that builds an index, and return it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = marketplace.execute(
            "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database() "
            "AND phase = 'waiting for writers before build'"
        )
        if found:
            ((pid,),) = found
            assert isinstance(pid, int)
            return pid
        time.sleep(0.02)
    raise AssertionError
