"""A settlement is about one database: where the address leads to another by now, nothing is written there."""

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.database.row_identity import DatabaseChanged, DatabaseIdentity, identify_database
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Status
from agentctl.core.settling.settlement import Verdict, settle
from support.executions import OPS, plant
from support.marketplace import Marketplace
from support.rules import violations

ANOTHER = DatabaseIdentity(system="7", oid="1")


@pytest.mark.parametrize("outcome", [Status.SUCCESS, Status.FAILED])
@pytest.mark.parametrize("refund", [False, True])
def test_nothing_is_settled_in_another_database(
    marketplace: Marketplace, outcome: Status, refund: bool
) -> None:
    execution = plant(marketplace, status="running", charged=10)
    verdict = Verdict(execution, OPS, outcome, refund=refund, facts={}, cost=10, balance=90, database=ANOTHER)
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        market = get_marketplace(introspect(connection))
        with pytest.raises(DatabaseChanged, match="is now a different database"):
            settle(connection, market, verdict)

    assert marketplace.execute("SELECT status FROM agent_executions") == [("running",)]
    assert marketplace.execute("SELECT count(*) FROM credit_transactions WHERE amount = 10") == [(0,)]
    assert violations(marketplace) == []


@pytest.mark.parametrize("refund", [False, True])
def test_it_is_settled_in_its_own(marketplace: Marketplace, refund: bool) -> None:
    execution = plant(marketplace, status="running", charged=10)
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        market = get_marketplace(introspect(connection))
        own = identify_database(connection)
        verdict = Verdict(
            execution, OPS, Status.FAILED, refund=refund, facts={}, cost=10, balance=90, database=own
        )
        settled = settle(connection, market, verdict)

    assert (settled.status, settled.refunded) == ("failed", 10 if refund else 0)
    assert violations(marketplace) == []
