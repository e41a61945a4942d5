"""Everything that moves credits locks the user before the execution, so that two sessions never deadlock."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.executions.lookup import get_execution
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Status
from agentctl.core.settling.by_hand import refund_execution
from agentctl.core.settling.settlement import Verdict, settle
from support.executions import OPS, balance, plant, refunds
from support.marketplace import Marketplace

PATIENCE = 30  # seconds, for what takes milliseconds


def _settle_as_failed(marketplace: Marketplace, execution: UUID) -> None:
    database = read_database_url(marketplace.url, source="test")
    with database.connect() as connection:
        market = get_marketplace(introspect(connection))
    settle(database, market, Verdict(execution, OPS, Status.FAILED, refund=True, facts={}))


def _refund_by_hand(marketplace: Marketplace, execution: UUID) -> None:
    with read_database_url(marketplace.url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
        refund_execution(connection, market, get_execution(connection, market, str(execution)))


def _await_a_lock_that_is_wanted(marketplace: Marketplace) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if marketplace.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            return
        time.sleep(0.01)
    pytest.fail("nobody waits for a lock")


@pytest.mark.parametrize(
    ("status", "give_back"),
    [("running", _settle_as_failed), ("failed", _refund_by_hand)],
    ids=["settlement", "refund by hand"],
)
def test_a_refund_that_waits_for_its_user_holds_no_execution(
    marketplace: Marketplace, status: str, give_back: Callable[[Marketplace, UUID], None]
) -> None:
    execution = plant(marketplace, status=status, charged=10)
    with ThreadPoolExecutor(1) as elsewhere, marketplace.connect() as charging:
        with charging.transaction():
            charging.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (OPS,))
            giving_back = elsewhere.submit(give_back, marketplace, execution)
            _await_a_lock_that_is_wanted(marketplace)
            # What charges goes on from the user to the execution; were that locked, both would wait for ever.
            charging.execute("SELECT FROM agent_executions WHERE id = %s FOR UPDATE NOWAIT", (execution,))
        giving_back.result(timeout=PATIENCE)

    assert (refunds(marketplace, execution), balance(marketplace)) == ([10], 100)
