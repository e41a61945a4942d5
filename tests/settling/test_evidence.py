"""Evidence counts only for the row of the database that it is about, and for no other row with its id."""

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.failpoints import Failpoint
from support.executions import balance
from support.marketplace import Database, Marketplace, marketplace
from support.postgres import Cluster, Server, free_port, make_cluster, unprivileged
from support.program import Program
from support.rules import violations
from support.shop import Shop, configure
from support.webhook_server import Reply, WebhookServer

UNCLEAR = Reply()
FAILS = Reply.json({"message": "Error in workflow"}, 500)
RUN = ("seo-blog", "topic=Tea", "--idempotency-key", "order-81")
NOBODY_IS_ALIVE = ("--stale-after", "0s")
WHICH_ROW = ("system", "oid", "created_at")


@pytest.fixture
def staging(shop: Shop, marketplace_factory: Callable[..., Marketplace]) -> Shop:
    """Copy the shop's marketplace; the same machine works on both."""
    return replace(shop, marketplace=marketplace_factory())


def work_on(shop: Shop) -> Shop:
    """Configure the program for a marketplace."""
    configure(shop.program, shop.marketplace)
    return shop


def leave_failed_answer_in_journal(shop: Shop) -> None:
    """Run an agent that fails, and kill the program when only its journal has recorded that."""
    work_on(shop).answer(FAILS)
    killed = shop.run(*RUN, env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})
    assert killed.exit_code == -signal.SIGKILL, killed


def leave_open_run(shop: Shop) -> str:
    """Run the same agent with the same key, without learning how it ends."""
    work_on(shop).answer(UNCLEAR)
    return str(shop.run_json(*RUN, exit_code=5)["data"]["execution"]["id"])


def reconcile(shop: Shop, *args: str, exit_code: int) -> dict[str, Any]:
    done = shop.program("reconcile", "--json", *args)
    assert done.exit_code == exit_code, done
    (case,) = done.json["data"]["executions"]
    return dict(case)


def read_lines(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal_of(program).read_text().splitlines()]


def write_lines(program: Program, lines: list[dict[str, Any]]) -> None:
    journal_of(program).write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def journal_of(program: Program) -> Path:
    return program.home / ".local/state/agentctl/journal.jsonl"


def let_answer_name_row_of(shop: Shop, *, last: int) -> None:
    """Remove the defence: make every line name the row of the last line."""
    lines = read_lines(shop.program)
    row = {name: lines[last][name] for name in WHICH_ROW}
    write_lines(shop.program, [{**line, **row} for line in lines])


def test_an_answer_to_a_staging_copy_settles_nothing_in_production(shop: Shop, staging: Shop) -> None:
    leave_failed_answer_in_journal(staging)
    execution = leave_open_run(shop)
    assert {line["execution"] for line in read_lines(shop.program)} == {execution}

    case = reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)

    assert (case["action"], case["source"]) == ("left_open", "nobody")
    assert shop.ledger() == [("usage", -10, execution)]
    assert balance(shop.marketplace) == 90


def test_without_the_defence_an_answer_to_staging_refunds_production(shop: Shop, staging: Shop) -> None:
    leave_failed_answer_in_journal(staging)
    leave_open_run(shop)
    let_answer_name_row_of(shop, last=-1)

    case = reconcile(shop, *NOBODY_IS_ALIVE, exit_code=0)

    assert (case["action"], case["source"], case["refunded"]) == ("settled", "journal", 10)


def test_staging_gets_its_own_answer_while_production_has_the_same_id(shop: Shop, staging: Shop) -> None:
    leave_failed_answer_in_journal(staging)
    leave_open_run(shop)

    case = reconcile(work_on(staging), *NOBODY_IS_ALIVE, exit_code=0)

    assert (case["action"], case["source"], case["refunded"]) == ("settled", "journal", 10)
    assert violations(staging.marketplace) == []


def test_an_answer_to_a_deleted_row_settles_no_later_row_with_its_id(shop: Shop) -> None:
    leave_failed_answer_in_journal(shop)
    shop.marketplace.execute("DELETE FROM credit_transactions WHERE type <> 'purchase'")
    shop.marketplace.execute("DELETE FROM agent_executions")
    shop.marketplace.execute("UPDATE profiles SET credits = 100 WHERE email = 'ops@example.com'")
    leave_open_run(shop)

    assert reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)["action"] == "left_open"

    let_answer_name_row_of(shop, last=-1)
    assert reconcile(shop, *NOBODY_IS_ALIVE, exit_code=0)["action"] == "settled"


def test_an_answer_to_a_physical_copy_settles_nothing_in_the_original(
    server: Server, webhook: WebhookServer, agentctl: Program
) -> None:
    with copied_servers(server.version) as (original, copy):
        leave_failed_answer_in_journal(Shop(copy, webhook, agentctl))
        shop = Shop(original, webhook, agentctl)
        execution = leave_open_run(shop)
        lines = read_lines(agentctl)
        assert len({(line["execution"], line["system"], line["oid"]) for line in lines}) == 1

        assert reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)["action"] == "left_open"
        assert shop.ledger() == [("usage", -10, execution)]


@contextmanager
def copied_servers(version: str) -> Iterator[tuple[Marketplace, Marketplace]]:
    """Run a server with a marketplace, and a second server made from a copy of its files."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, ExitStack() as running:
        Path(folder).chmod(0o711)
        original = make_cluster(version, Path(folder) / "original")
        with original.running(ending=signal.SIGINT) as server, marketplace(server) as made:
            keep = f"CREATE DATABASE kept TEMPLATE {made.name}"
            Database(server, "postgres").execute(keep.encode())
        clusters = (original, copy_cluster(original, Path(folder) / "copy"))
        servers = [running.enter_context(cluster.running()) for cluster in clusters]
        yield Marketplace(servers[0], "kept"), Marketplace(servers[1], "kept")


def copy_cluster(original: Cluster, folder: Path) -> Cluster:
    shutil.copytree(original.folder, folder)
    owner = unprivileged()
    for path in (folder, *folder.rglob("*")) if owner else ():
        os.lchown(path, owner["user"], owner["group"])
    server = replace(original.server, port=free_port(), socket_folder=str(folder))
    return replace(original, server=server, folder=folder)


def test_journal_lines_of_version_1_prove_nothing_and_are_shown(shop: Shop) -> None:
    leave_failed_answer_in_journal(shop)
    lines = [
        {name: value for name, value in line.items() if name not in {"version", *WHICH_ROW}}
        for line in read_lines(shop.program)
    ]
    write_lines(shop.program, lines)

    # That a namesake's call has ended, as the last line says, does not end this row's lease.
    assert reconcile(shop, lines[0]["execution"], "--assume", "failed", exit_code=6)["action"] == "alive"
    case = reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)

    assert case["action"] == "left_open"
    assert "has an answer for this id (failed)" in case["message"]
    assert f"agentctl reconcile {case['id']} --assume failed" in case["message"]
    shown = shop.program("history", case["id"])
    assert "perhaps about another row with that id" in shown.stdout


def test_the_journal_proves_nothing_if_the_server_hides_its_system_identifier(shop: Shop) -> None:
    shop.marketplace.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    url = add_clerk(shop.marketplace)
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(shop.marketplace.url, url))
    shop.answer(FAILS)
    assert shop.run(*RUN, env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED}).exit_code == -signal.SIGKILL

    case = reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)

    assert case["action"] == "left_open"
    assert "GRANT EXECUTE ON FUNCTION pg_control_system()" in case["message"]


def add_clerk(marketplace: Marketplace) -> str:
    """Add a role that may do everything with the tables, and return its URL."""
    url = marketplace.add_role("clerk")
    role = f"{marketplace.name}_clerk"
    for statement in (
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
        *(
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
            for table in ("profiles", "agents", "agent_executions", "credit_transactions")
        ),
    ):
        marketplace.execute(statement.encode())
    return url


def test_a_created_at_without_a_fraction_proves_nothing(shop: Shop) -> None:
    shop.marketplace.execute("ALTER TABLE agent_executions ALTER created_at TYPE timestamptz(0)")
    leave_failed_answer_in_journal(shop)

    case = reconcile(shop, *NOBODY_IS_ALIVE, exit_code=6)

    assert case["action"] == "left_open"
    assert "created_at is not enough to tell it from other rows" in case["message"]


def test_reads_the_journal_once_for_many_open_executions(shop: Shop) -> None:
    for _ in range(3):
        shop.answer(UNCLEAR)
        shop.run_json("seo-blog", "topic=Tea", exit_code=5)
    text = journal_of(shop.program).read_text()
    journal_of(shop.program).unlink()
    os.mkfifo(journal_of(shop.program))
    # Whoever opened it a second time would wait for a writer for ever.
    writer = threading.Thread(target=journal_of(shop.program).write_text, args=(text,), daemon=True)
    writer.start()

    done = shop.program("reconcile", "--json", "--dry-run", "--assume", "failed", *NOBODY_IS_ALIVE)

    assert [case["action"] for case in done.json["data"]["executions"]] == ["would_settle"] * 3
    writer.join(timeout=10)


def test_an_answer_to_a_reset_sandbox_settles_nothing_in_the_next_one(agentctl: Program) -> None:
    run = ("run", "always-fails", "--idempotency-key", "order-81")
    agentctl(*run, env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})
    assert agentctl("sandbox", "reset", "--yes").exit_code == 0
    agentctl(*run, env={"AGENTCTL_FAILPOINT": Failpoint.SENT})
    assert len({line["execution"] for line in read_lines(agentctl)}) == 1

    done = agentctl("reconcile", "--json", *NOBODY_IS_ALIVE, env={"AGENTCTL_SANDBOX": "1"})

    assert [case["action"] for case in done.json["data"]["executions"]] == ["left_open"]


def test_evidence_does_not_settle_a_row_that_replaced_the_one_it_is_about(shop: Shop) -> None:
    leave_failed_answer_in_journal(shop)
    execution = read_lines(shop.program)[0]["execution"]
    paused = {"AGENTCTL_FAILPOINT": f"{Failpoint.EVIDENCE_FOUND}:stop"}
    settling = shop.program.start("reconcile", "--json", *NOBODY_IS_ALIVE, env=paused)
    os.waitid(os.P_PID, settling.pid, os.WSTOPPED)
    # As a run of the same key leaves it whose row was deleted meanwhile.
    shop.marketplace.execute("UPDATE agent_executions SET created_at = clock_timestamp()")
    os.kill(settling.pid, signal.SIGCONT)

    stdout, _ = settling.communicate(timeout=60)
    (case,) = json.loads(stdout)["data"]["executions"]

    assert (case["action"], case["error"]["code"]) == ("not_settled", "row_replaced")
    assert shop.ledger() == [("usage", -10, execution)]
