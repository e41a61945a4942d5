"""`agentctl migrate-full --history-index`: indexes of lists are built, finished after a kill, and dropped."""

import signal
import time
from typing import Any, LiteralString

import pytest

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.migration.listing_indexes import plan_listing_indexes
from agentctl.core.migration.plan import StepKind
from support.executions import plant
from support.marketplace import Marketplace
from support.program import Program

AFTER_A_STEP = {"AGENTCTL_FAILPOINT": "step-taken"}
BUILD = ("migrate-full", "--history-index", "--yes")
UNDO = ("migrate-full", "--history-index", "--undo", "--yes")
LISTS = {
    "agentctl_agent_executions_agent_id_created_at": "(agent_id, created_at DESC)",
    "agentctl_agent_executions_created_at_id": "(created_at DESC, id DESC)",
    "agentctl_agent_executions_status_created_at": "(status, created_at DESC)",
    "agentctl_agent_executions_user_id_created_at": "(user_id, created_at DESC)",
}
LEDGER = {
    "agentctl_credit_transactions_execution_id": "(execution_id)",
    "agentctl_credit_transactions_user_id_created_at": "(user_id, created_at DESC)",
}
_OURS: LiteralString = (
    "SELECT indexrelid::regclass::text, substring(pg_get_indexdef(indexrelid) FROM 'btree (.*)'), indisvalid "
    "FROM pg_index WHERE indexrelid::regclass::text ~ 'agentctl_' ORDER BY 1"
)


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the marketplace that the program is configured for, with a ledger that nothing finds rows of."""
    found: Marketplace = shop.marketplace
    found.execute("DROP INDEX idx_credit_transactions_user_id, idx_credit_transactions_execution_id")
    plant(found, charged=1)
    return found


def ours(marketplace: Marketplace) -> dict[str, str]:
    """Return the indexes that were built, all of them valid."""
    rows = marketplace.execute(_OURS)
    assert all(valid for _, _, valid in rows)
    return {name: keys for name, keys, _ in rows}


def catalog(marketplace: Marketplace) -> object:
    """Return the whole catalog."""
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        found = introspect(connection)
    return found.tables, found.functions


def test_builds_an_index_for_each_list_and_adds_no_column(
    agentctl: Program, marketplace: Marketplace
) -> None:
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'agent_executions'"
    before = marketplace.execute(columns)

    done = agentctl(*BUILD)

    assert done.exit_code == 0
    assert "public.agent_executions now has an index for each list: 4 steps done" in done.stdout
    assert "public.credit_transactions now has an index for each list: 2 steps done" in done.stdout
    assert ours(marketplace) == LISTS | LEDGER
    assert marketplace.execute(columns) == before
    assert agentctl(*BUILD).stdout.count("nothing to do") == 2


def test_the_hint_of_schema_check_followed_word_for_word_removes_the_findings(
    agentctl: Program, marketplace: Marketplace
) -> None:
    marketplace.execute("UPDATE pg_class SET reltuples = 10000000 WHERE relname ~ '^(agent_ex|credit_)'")
    found = _list_unindexed(agentctl)
    assert {one["object"] for one in found} == {*LISTS, *LEDGER}
    (command,) = {one["hint"].partition(" builds it")[0] for one in found}
    program, *words = command.split()
    assert program == "agentctl"

    screen = agentctl.on_terminal(
        *words, answers=[("Change public.agent_executions and public.credit_transactions?", "y\r")]
    )

    assert screen.exit_code == 0, screen
    marketplace.execute("UPDATE pg_class SET reltuples = 10000000 WHERE relname ~ '^(agent_ex|credit_)'")
    assert _list_unindexed(agentctl) == []


def _list_unindexed(agentctl: Program) -> list[dict[str, str]]:
    findings = agentctl("schema-check", "--json").json["data"]["findings"]
    return [one for one in findings if one["id"] == "list-unindexed"]


def test_a_dry_run_prints_the_statements_and_changes_nothing(
    agentctl: Program, marketplace: Marketplace
) -> None:
    before = catalog(marketplace)

    shown = agentctl("migrate-full", "--history-index", "--dry-run")
    tables = agentctl("migrate-full", "--history-index", "--dry-run", "--json").json["data"]["tables"]
    agentctl("migrate-full", "--history-index", "--dry-run", "-o", "plan.sql")

    assert shown.exit_code == 0
    assert shown.stdout.count("CREATE INDEX CONCURRENTLY") == 6
    assert [table["table"] for table in tables] == ["public.agent_executions", "public.credit_transactions"]
    assert not any(table["applied"] for table in tables)
    assert catalog(marketplace) == before
    script = (agentctl.home / "plan.sql").read_text()
    for table in tables:
        for step in table["steps"]:
            assert f"{step['sql']};\n" in script
            marketplace.execute(step["sql"].encode())
    assert ours(marketplace) == LISTS | LEDGER


def test_undo_drops_these_indexes_and_no_other(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("CREATE INDEX agentctl_agent_executions_mine ON agent_executions (status)")
    before = catalog(marketplace)
    agentctl(*BUILD)

    shown = agentctl("migrate-full", "--undo", "--history-index", "--dry-run").stdout
    done = agentctl(*UNDO)

    assert shown.count("DROP INDEX CONCURRENTLY") == 6
    assert done.exit_code == 0
    assert done.stdout.count("is as it was before") == 2
    assert catalog(marketplace) == before
    assert agentctl(*UNDO).stdout.count("nothing to do") == 2


def test_undo_keeps_an_index_of_that_name_on_something_else(
    agentctl: Program, marketplace: Marketplace
) -> None:
    name = next(iter(LISTS))
    marketplace.execute(f"CREATE INDEX {name} ON agent_executions (agent_id)".encode())

    assert agentctl(*UNDO).stdout.count("nothing to do") == 2

    assert ours(marketplace) == {name: "(agent_id)"}


def test_undo_of_the_columns_keeps_these_indexes_and_says_so(
    agentctl: Program, marketplace: Marketplace
) -> None:
    agentctl("migrate-full", "--yes")
    agentctl(*BUILD)

    undone = agentctl("migrate-full", "--undo", "--yes")

    assert ours(marketplace) == LISTS | LEDGER
    for name in LISTS:
        assert f"{name} is kept: migrate-full --undo --history-index drops it." in undone.stdout


def test_killed_after_any_step_it_ends_as_if_uninterrupted(
    agentctl: Program, marketplace: Marketplace
) -> None:
    before = catalog(marketplace)
    for _ in range(len(LISTS) + len(LEDGER)):
        assert agentctl(*BUILD, env=AFTER_A_STEP).exit_code == -signal.SIGKILL
    assert ours(marketplace) == LISTS | LEDGER
    for _ in range(len(LISTS) + len(LEDGER)):
        assert agentctl(*UNDO, env=AFTER_A_STEP).exit_code == -signal.SIGKILL
    assert catalog(marketplace) == before


@pytest.mark.parametrize("table", ["agent_executions", "credit_transactions"])
@pytest.mark.parametrize("dies", ["the program", "its connection"])
def test_killed_during_a_build_it_ends_as_if_uninterrupted(
    agentctl: Program, marketplace: Marketplace, table: str, dies: str
) -> None:
    with marketplace.connect() as writer, writer.transaction():
        writer.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE".encode())
        process = agentctl.start(*BUILD)
        server = _await_build(marketplace, table)
        if dies == "the program":
            process.kill()  # the server may still end the build
        else:
            marketplace.execute("SELECT pg_terminate_backend(%s)", (server,))
        process.communicate(timeout=30)
        assert process.returncode in {-signal.SIGKILL, 3}

    tables = agentctl(*BUILD, "--json").json["data"]["tables"]

    if dies == "its connection":
        assert [step["kind"] for one in tables for step in one["steps"]].count("drop invalid index") == 1
    assert ours(marketplace) == LISTS | LEDGER


def _await_build(marketplace: Marketplace, table: str) -> int:
    """Wait for the server process that builds an index of a table which exists by now, and return it."""
    query: LiteralString = (
        "SELECT p.pid FROM pg_stat_progress_create_index p JOIN pg_index i ON i.indexrelid = p.index_relid "
        "WHERE p.datname = current_database() AND p.relid = %s::regclass AND NOT i.indisvalid"
    )
    deadline = time.monotonic() + 20
    while not (found := marketplace.execute(query, (table,))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(found[0][0])


def test_an_index_that_does_the_work_is_kept(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("CREATE INDEX newest ON agent_executions (created_at)")
    marketplace.execute("CREATE INDEX theirs ON agent_executions (user_id, created_at)")

    agentctl(*BUILD)

    assert [*ours(marketplace)] == [
        "agentctl_agent_executions_agent_id_created_at",
        "agentctl_agent_executions_status_created_at",
        *LEDGER,
    ]


def test_a_taken_name_is_named_and_nothing_is_changed(agentctl: Program, marketplace: Marketplace) -> None:
    name = next(iter(LISTS))
    marketplace.execute(f"CREATE INDEX {name} ON agent_executions (agent_id)".encode())
    before = catalog(marketplace)

    refused = agentctl(*BUILD, "--json")

    assert refused.exit_code == 3
    assert refused.json["error"]["code"] == "schema_conflict"
    assert f"Index {name} exists with another definition" in refused.json["error"]["message"]
    assert catalog(marketplace) == before


def test_a_partitioned_table_gets_its_indexes_part_by_part_and_loses_them(
    agentctl: Program, marketplace: Marketplace
) -> None:
    marketplace.execute("DROP TABLE agent_executions")
    marketplace.execute(
        "CREATE TABLE agent_executions (id uuid, user_id uuid NOT NULL REFERENCES profiles, "
        "agent_id uuid NOT NULL REFERENCES agents, status text NOT NULL, created_at timestamptz NOT NULL, "
        "PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at)"
    )
    marketplace.execute("CREATE TABLE runs_of_old PARTITION OF agent_executions DEFAULT")
    before = catalog(marketplace)
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        plan = plan_listing_indexes(connection, role="executions")
    assert [step.kind for step in plan.steps] == [
        StepKind.BEGIN_INDEX,
        StepKind.BUILD_INDEX,
        StepKind.ATTACH_INDEX,
    ] * len(LISTS)

    assert agentctl(*BUILD, env=AFTER_A_STEP).exit_code == -signal.SIGKILL
    assert agentctl(*BUILD).exit_code == 0

    parts = {name.replace("agent_executions", "runs_of_old"): keys for name, keys in LISTS.items()}
    assert ours(marketplace) == LISTS | parts | LEDGER
    assert agentctl(*UNDO).exit_code == 0
    assert catalog(marketplace) == before


def test_a_part_on_another_server_is_named_and_nothing_is_changed(
    agentctl: Program, marketplace: Marketplace
) -> None:
    marketplace.execute("CREATE FOREIGN DATA WRAPPER theirs")
    marketplace.execute("CREATE SERVER far FOREIGN DATA WRAPPER theirs")
    marketplace.execute("CREATE FOREIGN TABLE away () INHERITS (agent_executions) SERVER far")

    refused = agentctl(*BUILD, "--json")

    assert refused.exit_code == 3
    said = "public.away, a part of agent_executions, is a foreign table: it gets no index."
    assert refused.json["error"]["message"] == said
    assert ours(marketplace) == {}


def test_a_view_is_left_to_the_table_that_it_reads(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE agent_executions RENAME TO runs_of_old")
    marketplace.execute("CREATE VIEW agent_executions AS SELECT * FROM runs_of_old")

    shown = agentctl("migrate-full", "--history-index", "--dry-run")

    assert shown.exit_code == 0
    assert "public.agent_executions is a view: indexes belong on the table that it reads." in shown.stdout
    assert "credit_transactions" in shown.stdout


def test_works_without_a_ledger(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("DROP TABLE credit_transactions CASCADE")

    assert agentctl(*BUILD).exit_code == 0

    assert ours(marketplace) == LISTS


@pytest.mark.parametrize("option", ["--backfill", "--discard-data"])
def test_refuses_what_concerns_columns(agentctl: Program, marketplace: Marketplace, option: str) -> None:
    undo = ("--undo",) if option == "--discard-data" else ()

    refused = agentctl(*BUILD, *undo, option)

    assert refused.exit_code == 2
    assert f"--history-index and {option} cannot be used together" in refused.stderr
    assert ours(marketplace) == {}


def test_nothing_is_changed_without_an_answer(agentctl: Program, marketplace: Marketplace) -> None:
    refused = agentctl("migrate-full", "--history-index")

    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert ours(marketplace) == {}
