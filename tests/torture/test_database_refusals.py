"""The database is reachable but refuses, stalls, or terminates the connection: the contract still holds.

test_database_faults.py is about connections that break.
"""

import json
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import pytest

from support.broken import CHARGE, RUN, add_operator, await_end
from support.database_proxy import DatabaseProxy
from support.executions import OPS, SEO_BLOG
from support.figures import HUNG_AFTER, figure
from support.marketplace import Connection, Database, Marketplace
from support.marketplace import marketplace as make_marketplace
from support.postgres import Server, make_cluster
from support.program import Program
from support.rules import violations
from support.shop import ARTICLE, Shop, configure
from support.webhook_server import Reply, WebhookServer

BROKEN = Reply.json({"message": "Error in workflow"}, 500)
PATIENCE = HUNG_AFTER  # seconds, for what takes milliseconds
CROWD = figure(full=12, everyday=4)

FULL_DISK: LiteralString = """
CREATE FUNCTION write_to_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER disk BEFORE """
EACH_ROW: LiteralString = " FOR EACH ROW EXECUTE FUNCTION write_to_disk()"


def _wrote_nothing(shop: Shop) -> bool:
    return (shop.rows(), shop.ledger(), shop.webhook.requests) == ([], [], [])


@contextmanager
def _row_locked(marketplace: Marketplace) -> Iterator[Connection]:
    """Hold the payer's row as another run would."""
    with marketplace.connect() as holder, holder.transaction():
        holder.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (OPS,))
        yield holder


def _waiting_backend(database: Database, *, other_than: int = 0) -> int:
    """Wait until a process waits for a lock, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        waiting = database.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> %s",
            (other_than,),
        )
        if waiting:
            return int(waiting[0][0])
        time.sleep(0.01)
    pytest.fail("nobody waits for a lock")


def _throw_out(database: Database, backend: int) -> None:
    assert database.execute("SELECT pg_terminate_backend(%s)", (backend,)) == [(True,)]


def _run_as(shop: Shop, url: str, *, exit_code: int) -> dict[str, Any]:
    whole = shop.run_json(*RUN[1:], exit_code=exit_code, env={"AGENTCTL_DATABASE_URL": url})
    assert violations(shop.marketplace) == []
    return whole


def _await_request(shop: Shop) -> None:
    deadline = time.monotonic() + PATIENCE
    while not shop.webhook.requests and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shop.webhook.requests


def test_a_charge_terminated_while_it_waits_wrote_and_sent_nothing(shop: Shop) -> None:
    with _row_locked(shop.marketplace):
        run = shop.program.start(*RUN, "--json")
        _throw_out(shop.marketplace, _waiting_backend(shop.marketplace))
        error = await_end(run).json["error"]

    assert run.returncode == 3
    assert (error["code"], error["retryable"]) == ("connection", True)
    assert _wrote_nothing(shop)


def test_no_connection_is_open_during_a_webhook_call(shop: Shop) -> None:
    shop.answer(Reply.json(ARTICLE, delay=1))
    with DatabaseProxy(shop.marketplace.url) as proxy:
        run = shop.program.start(*RUN, "--json", env={"AGENTCTL_DATABASE_URL": proxy.url})
        _await_request(shop)
        held = proxy.open
        done = await_end(run)

    assert held == 0
    assert (done.exit_code, proxy.connections) == (0, 2)
    assert violations(shop.marketplace) == []


def test_a_settlement_terminated_while_it_waits_is_retried_once(shop: Shop) -> None:
    shop.answer(Reply.json({"message": "Error in workflow"}, 500, delay=1))
    run = shop.program.start(*RUN, "--json")
    _await_request(shop)
    with _row_locked(shop.marketplace):  # after the charge, before the answer
        waiting = _waiting_backend(shop.marketplace)
        _throw_out(shop.marketplace, waiting)
        _waiting_backend(shop.marketplace, other_than=waiting)

    assert await_end(run).exit_code == 1
    assert [(kind, amount) for kind, amount, _ in shop.ledger()] == [("usage", -10), ("refund", 10)]
    assert violations(shop.marketplace) == []


def test_a_run_survives_a_restart_of_the_server_during_its_webhook_call(
    server: Server, webhook: WebhookServer, agentctl: Program
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, ExitStack() as dropping:  # a short path
        Path(folder).chmod(0o711)
        cluster = make_cluster(server.version, Path(folder) / "cluster")
        with cluster.running(ending=signal.SIGINT) as own:
            shop = Shop(dropping.enter_context(make_marketplace(own)), webhook, agentctl)
            configure(agentctl, shop.marketplace)
            shop.answer(Reply.json(ARTICLE, delay=0.5))
            run = shop.program.start(*RUN, "--json")
            _await_request(shop)
        time.sleep(1)  # the answer comes when there is no database
        with cluster.running(), dropping:
            done = await_end(run)
            assert done.exit_code == 0, done
            assert [row["status"] for row in shop.rows()] == ["success"]
            assert violations(shop.marketplace) == []


def test_a_charge_that_a_statement_timeout_ends_wrote_and_sent_nothing(shop: Shop) -> None:
    url = add_operator(shop.marketplace, settings={"statement_timeout": "500ms"})
    with _row_locked(shop.marketplace):
        whole = _run_as(shop, url, exit_code=3)

    assert whole["error"]["code"] == "statement_cancelled"
    assert _wrote_nothing(shop)


def test_retries_a_charge_that_is_a_deadlock_victim(shop: Shop) -> None:
    with DatabaseProxy(shop.marketplace.url) as proxy, shop.marketplace.connect() as other:
        other.execute("SET deadlock_timeout = '1min'")  # so that it is the program that gives way
        with other.transaction():
            # The program locks the payer first, and then the agent through the execution's foreign key.
            other.execute("SELECT FROM agents WHERE id = %s FOR UPDATE", (SEO_BLOG,))
            run = shop.program.start(*RUN, "--json", env={"AGENTCTL_DATABASE_URL": proxy.url})
            _waiting_backend(shop.marketplace)
            other.execute("SELECT FROM profiles WHERE id = %s FOR UPDATE", (OPS,))
        done = await_end(run)

    assert "ROLLBACK" in proxy.statements
    assert done.exit_code == 0, done
    assert [(kind, amount) for kind, amount, _ in shop.ledger()] == [("usage", -10)]
    assert violations(shop.marketplace) == []


def test_refuses_a_run_whose_agent_is_deleted_while_it_waits(shop: Shop) -> None:
    with shop.marketplace.connect() as other:
        with other.transaction():
            other.execute("DELETE FROM agents WHERE id = %s", (SEO_BLOG,))
            run = shop.program.start(*RUN, "--json")
            _waiting_backend(shop.marketplace)
        done = await_end(run)

    assert done.exit_code == 4, done
    assert done.json["error"]["code"] == "agent_not_found"
    assert _wrote_nothing(shop)


def test_concurrent_runs_succeed_in_a_serializable_database(shop: Shop) -> None:
    url = add_operator(shop.marketplace, settings={"default_transaction_isolation": "serializable"})
    shop.marketplace.execute("UPDATE credit_transactions SET amount = 1000, balance_after = 1000")
    shop.marketplace.execute("UPDATE profiles SET credits = 1000")
    shop.answer(BROKEN, Reply.json(ARTICLE))
    with DatabaseProxy(url) as proxy:
        with _row_locked(shop.marketplace) as holder:
            environment = {"AGENTCTL_DATABASE_URL": proxy.url}
            crowd = [shop.program.start(*RUN, "--json", env=environment) for _ in range(CROWD)]
            _waiting_backend(shop.marketplace)
            holder.execute("UPDATE profiles SET updated_at = now() WHERE id = %s", (OPS,))
        codes = sorted(await_end(run).exit_code for run in crowd)

    # Each charge is made once. The refund's may be: others change the balance from which it was foreseen.
    assert sum(CHARGE in statement for statement in proxy.statements) == CROWD
    assert proxy.statements.count("ROLLBACK") <= 1
    assert codes == [*[0] * (CROWD - 1), 1]
    assert sorted(row["status"] for row in shop.rows()) == ["failed", *["success"] * (CROWD - 1)]
    assert len(shop.webhook.requests) == CROWD
    assert violations(shop.marketplace) == []


def test_a_read_only_database_refuses_a_run_before_anything_is_sent(shop: Shop) -> None:
    url = add_operator(shop.marketplace, settings={"default_transaction_read_only": "on"})

    whole = _run_as(shop, url, exit_code=3)

    assert whole["error"]["code"] == "read_only"
    assert _wrote_nothing(shop)


@pytest.mark.parametrize("where", ["INSERT ON agent_executions", "INSERT ON credit_transactions"])
def test_a_full_disk_refuses_a_run_before_anything_is_sent(shop: Shop, where: LiteralString) -> None:
    shop.marketplace.execute(FULL_DISK + where + EACH_ROW)

    whole = shop.run_json(*RUN[1:], exit_code=3)

    assert whole["error"]["code"] == "database"
    assert "No space left" in whole["error"]["message"]
    assert _wrote_nothing(shop)


def test_saves_a_success_that_cannot_be_written_and_leaves_it_to_reconcile(
    shop: Shop, tmp_path: Path
) -> None:
    shop.marketplace.execute(FULL_DISK + "UPDATE ON agent_executions" + EACH_ROW)
    saved = tmp_path / "article.json"

    whole = shop.run_json(*RUN[1:], "-o", saved, exit_code=5)

    _is_left_open(shop, whole)
    assert _reconciled(shop, whole) == "success"
    assert [kind for kind, _, _ in shop.ledger()] == ["usage"]
    assert whole["data"]["result"] == ARTICLE
    assert json.loads(saved.read_text()) == ARTICLE


def test_shows_a_success_that_cannot_be_written(shop: Shop) -> None:
    shop.marketplace.execute(FULL_DISK + "UPDATE ON agent_executions" + EACH_ROW)

    done = shop.run(*RUN[1:])

    assert done.exit_code == 5
    assert ARTICLE["markdown"] in done.stdout


def test_leaves_a_failure_whose_refund_cannot_be_written_to_reconcile(shop: Shop) -> None:
    shop.marketplace.execute(
        FULL_DISK + "INSERT ON credit_transactions FOR EACH ROW WHEN (NEW.type = 'refund') "
        "EXECUTE FUNCTION write_to_disk()"
    )
    shop.answer(BROKEN)

    whole = shop.run_json(*RUN[1:], exit_code=5)

    _is_left_open(shop, whole)
    assert _reconciled(shop, whole) == "failed"
    assert [kind for kind, _, _ in shop.ledger()] == ["usage", "refund"]


def test_the_journal_counts_for_the_same_database_at_another_address(shop: Shop) -> None:
    shop.marketplace.execute(FULL_DISK + "UPDATE ON agent_executions" + EACH_ROW)
    with DatabaseProxy(shop.marketplace.url) as proxy:  # as a pooler would be
        whole = shop.run_json(*RUN[1:], exit_code=5, env={"AGENTCTL_DATABASE_URL": proxy.url})

    assert _reconciled(shop, whole, "--assume", "failed") == "success"


def _is_left_open(shop: Shop, whole: dict[str, Any]) -> None:
    """Check that neither outcome nor refund is written, and that the hint names the next command."""
    execution = whole["data"]["execution"]["id"]
    assert whole["error"]["code"] == "outcome_unknown"
    assert "No space left" in whole["error"]["message"]
    assert f"agentctl reconcile {execution}" in whole["error"]["hint"]
    assert [row["status"] for row in shop.rows()] == ["running"]
    assert shop.ledger() == [("usage", -10, execution)]
    assert len(shop.webhook.requests) == 1
    assert violations(shop.marketplace) == []


def _reconciled(shop: Shop, whole: dict[str, Any], *options: str) -> str:
    """Return the outcome that reconcile takes from the journal, once the disk has room."""
    shop.marketplace.execute("DROP FUNCTION write_to_disk CASCADE")
    done = shop.program("reconcile", whole["data"]["execution"]["id"], *options)
    assert done.exit_code == 0, done
    assert violations(shop.marketplace) == []
    return str(shop.rows()[0]["status"])
