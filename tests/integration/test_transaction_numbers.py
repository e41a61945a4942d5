"""Moving credits on a server whose transaction numbers have wrapped since the ledger's rows were written."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.credits import balances, movements
from agentctl.core.credits.users import get_user
from agentctl.core.database.connection import read_database_url
from agentctl.core.database.transactions import in_transaction
from agentctl.core.mapping import get_marketplace
from agentctl.resources import sql_bytes
from support.executions import OPS, SEO_BLOG, balance, plant, refunds
from support.marketplace import DEMO, Database, Marketplace
from support.postgres import Cluster, Server, make_cluster, unprivileged

_SEGMENT = 32 * 8192  # bytes of a file of the commit log
_TRANSACTIONS = _SEGMENT * 4  # that it tells of

# A function that writes its row within a subtransaction, and does not say for which execution.
_FORGETFUL: LiteralString = """
CREATE OR REPLACE FUNCTION deduct_credits_atomic(p_user_id uuid, p_amount integer,
    p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id;
    BEGIN
        INSERT INTO credit_transactions (user_id, type, amount, balance_after)
        SELECT p_user_id, 'usage', -p_amount, credits FROM profiles WHERE id = p_user_id;
    EXCEPTION WHEN unique_violation THEN NULL;
    END;
    RETURN jsonb_build_object('success', true);
END $$"""


_ROUND = 2**32
# Where the counter is set to, in turn: what is 2^31 and more behind looks as if it lay in the future.
_STOPS = (
    _ROUND // 4,
    _ROUND // 2 + 100_000,
    _ROUND // 4 * 3,
    _ROUND - 100_000,
    _ROUND + 600,  # right behind the oldest rows
)


def _set_next_transaction(cluster: Cluster, number: int) -> None:
    """Set the next transaction number of a stopped server; its upper half is the epoch."""
    epoch, short = divmod(number, _ROUND)
    data = cluster.folder / "data"
    _run(cluster.installation / "bin/pg_resetwal", "-x", str(short), "-e", str(epoch), "-D", str(data))
    # What had these numbers before is frozen: nobody asks the commit log for it any more.
    segment = data / "pg_xact" / f"{short // _TRANSACTIONS:04X}"
    _run("dd", "if=/dev/zero", f"of={segment}", f"bs={_SEGMENT}", "count=1")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/", **unprivileged())


@pytest.fixture
def cluster(server: Server) -> Iterator[Cluster]:
    """Create a server for one test, which it may stop and start."""
    folder = Path(tempfile.mkdtemp(prefix="agentctl-aged-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield make_cluster(server.version, folder / "cluster")
    finally:
        shutil.rmtree(folder)


def _make_marketplace(server: Server) -> Marketplace:
    """Create a marketplace that ends with its server; the ordinary fixtures need a server that stays."""
    Database(server, "postgres").execute("CREATE DATABASE shop")
    marketplace = Marketplace(server, "shop")
    for text in (sql_bytes("minimal"), sql_bytes("credits"), DEMO.read_bytes()):
        marketplace.execute(text)
    return marketplace


def _freeze(marketplace: Marketplace) -> None:
    marketplace.execute("ALTER DATABASE template0 ALLOW_CONNECTIONS true")
    for (name,) in marketplace.execute("SELECT datname FROM pg_database"):
        Database(marketplace.server, name).execute("VACUUM FREEZE")


def _move_credits(marketplace: Marketplace) -> None:
    """Charge, refund an old charge, and grant."""
    charged, failed = plant(marketplace, status="running"), _one_to_refund(marketplace)
    before = balance(marketplace)
    with read_database_url(marketplace.url, source="test").connect() as connection:
        market = get_marketplace(introspect(connection))
        user = get_user(connection, market.users, str(OPS))

        def charge() -> movements.Movement:
            held = balances.lock_user(connection, market, user.id)
            return movements.charge(
                connection, market, user=user, price=10, agent=SEO_BLOG, execution=charged, before=held
            )

        in_transaction(connection, charge)
        in_transaction(connection, lambda: movements.refund(connection, market, user=OPS, execution=failed))
        in_transaction(
            connection, lambda: movements.grant(connection, market, user=user, amount=5, row_id=None)
        )
    rows = "SELECT amount FROM credit_transactions WHERE execution_id = %s"
    assert marketplace.execute(rows, (charged,)) == [(-10,)]
    assert refunds(marketplace, failed) == [2]
    assert balance(marketplace) == before - 10 + 2 + 5


def _one_to_refund(marketplace: Marketplace) -> UUID:
    (execution,) = marketplace.execute(
        "SELECT e.id FROM agent_executions e JOIN credit_transactions t ON t.execution_id = e.id "
        "WHERE e.status = 'failed' GROUP BY e.id HAVING sum(t.amount) < 0 ORDER BY e.id LIMIT 1"
    )[0]
    assert isinstance(execution, UUID)
    return execution


def test_moves_credits_at_any_age_of_the_ledgers_transactions(cluster: Cluster) -> None:
    with ExitStack() as servers:
        with cluster.running(ending=signal.SIGINT) as server:
            marketplace = _make_marketplace(server)
            for _ in range(2 * len(_STOPS)):
                plant(marketplace, status="failed", charged=2)
            honest = marketplace.execute(
                "SELECT pg_get_functiondef('deduct_credits_atomic(uuid, integer, uuid, uuid)'::regprocedure)"
            )[0][0]
            _freeze(marketplace)
        for number in _STOPS:
            servers.close()
            _set_next_transaction(cluster, number)
            servers.enter_context(cluster.running(ending=signal.SIGINT))
            for function in (honest, _FORGETFUL):
                marketplace.execute(function.encode())
                _move_credits(marketplace)
            _freeze(marketplace)
