"""`agentctl migrate-full` as an operator runs it: shown, confirmed, done once, interrupted, done again."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import pytest

from support.executions import plant
from support.marketplace import OPTIONAL_COLUMNS, Marketplace
from support.postgres import get_program
from support.program import Program

INDEX = "idx_agent_executions_workflow_id"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
QUESTION = "Change public.agent_executions?"


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the marketplace that the program is configured for."""
    found: Marketplace = shop.marketplace
    return found


def columns(marketplace: Marketplace) -> set[str]:
    """Return the optional columns that the table has."""
    rows = marketplace.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'agent_executions'"
    )
    return {name for (name,) in rows} & set(OPTIONAL_COLUMNS)


def test_a_dry_run_shows_the_sql_and_changes_nothing(agentctl: Program, marketplace: Marketplace) -> None:
    result = agentctl("migrate-full", "--dry-run")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "ALTER TABLE" in result.stdout
    assert result.stdout.count("CREATE INDEX CONCURRENTLY") == 2
    assert "Lock: ACCESS EXCLUSIVE" in result.stdout
    assert "\x1b" not in result.stdout
    assert columns(marketplace) == set()


def test_the_shown_sql_leads_to_full_tracking_by_itself(agentctl: Program, marketplace: Marketplace) -> None:
    for step in agentctl("migrate-full", "--dry-run", "--json").json["data"]["steps"]:
        marketplace.execute(step["sql"].encode())

    again = agentctl("migrate-full", "--dry-run")
    assert again.stdout == "public.agent_executions already has full tracking: nothing to do.\n"


def test_shows_the_plan_on_a_terminal_asks_and_migrates(agentctl: Program, marketplace: Marketplace) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, "y\r")])

    assert screen.exit_code == 0, screen
    asked = screen.text.index(QUESTION)
    assert "ALTER" in screen.text[:asked]
    assert "3 steps done and verified" in screen.text[asked:]
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)


@pytest.mark.parametrize("answer", ["n\r", "\r"], ids=["no", "nothing"])
def test_a_declined_migration_changes_nothing(
    agentctl: Program, marketplace: Marketplace, answer: str
) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, answer)])

    assert screen.exit_code == 4
    assert "Nothing was changed." in screen.text
    assert columns(marketplace) == set()


def test_ctrl_c_at_the_question_changes_nothing(agentctl: Program, marketplace: Marketplace) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, "\x03")])

    assert screen.exit_code == 130
    assert columns(marketplace) == set()


@pytest.mark.parametrize("options", [(), ("--json",), ("--quiet",)])
def test_without_a_terminal_names_the_yes_flag_and_changes_nothing(
    agentctl: Program, marketplace: Marketplace, options: tuple[str, ...]
) -> None:
    result = agentctl("migrate-full", *options)

    assert result.exit_code == 2
    assert "--yes" in result.stdout + result.stderr
    assert columns(marketplace) == set()


def test_yes_migrates_prints_each_step_and_does_nothing_the_second_time(
    agentctl: Program, marketplace: Marketplace
) -> None:
    first = agentctl("migrate-full", "--yes")
    assert first.exit_code == 0
    assert "now has full tracking: 3 steps done and verified." in first.stdout
    assert f"build index: {INDEX} ..." in first.stderr
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)

    second = agentctl("migrate-full", "--yes")
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout == "public.agent_executions already has full tracking: nothing to do.\n"
    assert agentctl("migrate-full").exit_code == 0


def test_quiet_prints_nothing_on_success(agentctl: Program, marketplace: Marketplace) -> None:
    result = agentctl("migrate-full", "--yes", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)


def test_json_has_the_steps_and_whether_they_were_taken(agentctl: Program) -> None:
    planned = agentctl("migrate-full", "--dry-run", "--json").json["data"]
    applied = agentctl("migrate-full", "--yes", "--json").json["data"]

    assert {**planned, "applied": True} == applied
    assert (planned["table"], planned["before"]) == ("public.agent_executions", "minimal")
    assert [step["kind"] for step in applied["steps"]] == ["add columns", "build index", "build index"]
    assert set(applied["steps"][0]) == {
        *("kind", "object", "sql", "statements", "lock", "brief", "scans", "rewrites", "undo")
    }
    nothing = agentctl("migrate-full", "--yes", "--json").json["data"]
    assert nothing == {
        "table": "public.agent_executions",
        "before": "full",
        "applied": False,
        "session": [],
        "steps": [],
        "remarks": [],
    }


def test_one_step_is_not_called_steps(agentctl: Program, marketplace: Marketplace) -> None:
    agentctl("migrate-full", "--yes")
    marketplace.execute(f"DROP INDEX {INDEX}".encode())

    assert "1 step done and verified" in agentctl("migrate-full", "--yes").stdout


def test_names_an_obstructing_column_and_changes_nothing(agentctl: Program, marketplace: Marketplace) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD result text")

    error = agentctl("migrate-full", "--yes", "--json").json["error"]

    assert error["code"] == "schema_conflict"
    assert error["message"] == "agent_executions.result exists as text; jsonb is needed."
    assert error["hint"].startswith("Nothing was changed.")
    assert columns(marketplace) == {"result"}


def test_gives_up_on_a_table_in_use_and_can_be_retried(agentctl: Program, marketplace: Marketplace) -> None:
    short = ("--lock-timeout", "50ms", "--give-up-after", "500ms")
    with marketplace.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM agent_executions")
        result = agentctl("migrate-full", "--yes", "--json", *short)

    assert result.exit_code == 3
    assert (result.json["error"]["code"], result.json["error"]["retryable"]) == ("locked", True)
    assert "attempt 1 gave up, retrying" in result.stderr
    assert columns(marketplace) == set()
    assert agentctl("migrate-full", "--yes", *short).exit_code == 0


@pytest.mark.parametrize("option", ["--lock-timeout", "--give-up-after"])
def test_refuses_an_invalid_duration(agentctl: Program, option: str) -> None:
    result = agentctl("migrate-full", "--yes", option, "soon")
    assert result.exit_code == 2
    assert "not a duration" in result.stderr


def test_the_next_migration_finishes_an_interrupted_index_build(
    agentctl: Program, marketplace: Marketplace
) -> None:
    agentctl("migrate-full", "--yes")
    marketplace.execute(f"DROP INDEX {INDEX}".encode())
    with marketplace.connect() as writer, writer.transaction():
        writer.execute("LOCK TABLE agent_executions IN ROW EXCLUSIVE MODE")
        process = agentctl.start("migrate-full", "--yes")
        _await_index(marketplace)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in stderr) == (130, False)
    assert _validity(marketplace) == [(False,)]

    plan = agentctl("migrate-full", "--yes", "--json").json["data"]

    assert [step["kind"] for step in plan["steps"]] == ["drop invalid index", "build index"]
    assert _validity(marketplace) == [(True,)]


def _validity(marketplace: Marketplace) -> list[Any]:
    return marketplace.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (INDEX,))


def _await_index(marketplace: Marketplace) -> None:
    deadline = time.monotonic() + 20
    while not _validity(marketplace):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_unreachable_database_exits_3(agentctl: Program) -> None:
    nowhere = {"AGENTCTL_DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}
    result = agentctl("migrate-full", "--yes", "--json", env=nowhere)
    assert result.exit_code == 3
    assert result.json["error"]["code"] == "connection"


def test_the_plan_is_readable_on_a_narrow_terminal(agentctl: Program) -> None:
    screen = agentctl.on_terminal("migrate-full", "--dry-run", env={"COLUMNS": "40"})

    assert screen.exit_code == 0
    lines = _COLOURS.sub("", screen.text).replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 40
    words = " ".join(" ".join(lines).split())
    for word in ('ADD COLUMN IF NOT EXISTS "workflow_id" text', "2. build index", "reads and writes go on"):
        assert word in words


def test_the_plan_as_an_sql_file_leads_to_full_tracking_by_itself(
    agentctl: Program, marketplace: Marketplace
) -> None:
    file = agentctl.home / "plan.sql"

    planned = agentctl("migrate-full", "--dry-run", "--json", "-o", file).json["data"]

    script = file.read_text()
    for step in planned["steps"]:
        assert f"{step['sql']};" in script
        assert f"-- Lock: {step['lock']}." in script
    assert columns(marketplace) == set()
    psql = get_program(marketplace.server.version, "psql")
    subprocess.run([psql, "-X", "-v", "ON_ERROR_STOP=1", "-f", file, marketplace.url], check=True)
    assert agentctl("migrate-full").stdout.endswith("nothing to do.\n")


def _squawk(file: Path, *excluded: str) -> str:
    """Run squawk on a file, and return its output."""
    program = Path(sys.executable).with_name("squawk")
    options = [f"--exclude={','.join(excluded)}"] if excluded else []
    done = subprocess.run(
        [program, "--reporter=gcc", *options, file], check=False, capture_output=True, text=True
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("prepare", "allowed"),
    [
        ("SELECT 1", ["prefer-bigint-over-int"]),
        ("ALTER TABLE agents ALTER credit_cost TYPE numeric(10, 2)", []),
        (
            "ALTER TABLE agent_executions ADD started_at timestamptz, ADD error text, ADD credits_used int",
            [],
        ),
    ],
    ids=["the seed's types", "numeric prices", "some columns"],
)
def test_squawk_finds_no_problem_in_the_sql(
    agentctl: Program, marketplace: Marketplace, prepare: LiteralString, allowed: list[str]
) -> None:
    marketplace.execute(prepare)
    file = agentctl.home / "plan.sql"
    agentctl("migrate-full", "--dry-run", "-o", file)

    said = _squawk(file, *allowed)

    assert said == ""


def test_squawk_finds_a_problem_in_unsafe_sql(agentctl: Program) -> None:
    file = agentctl.home / "plan.sql"
    agentctl("migrate-full", "--dry-run", "-o", file)
    file.write_text(file.read_text().replace(" CONCURRENTLY", "").replace(" IF NOT EXISTS", ""))

    said = _squawk(file)

    assert "prefer-bigint-over-int" in said
    assert "require-concurrent-index-creation" in said


def test_notifies_postgrest_to_reload_the_schema(agentctl: Program, marketplace: Marketplace) -> None:
    with marketplace.connect() as listener:
        listener.execute("LISTEN pgrst")
        agentctl("migrate-full", "--yes")
        (heard,) = listener.notifies(timeout=10, stop_after=1)

    assert heard.payload == "reload schema"


def test_names_each_blocking_session_once(agentctl: Program, marketplace: Marketplace) -> None:
    short = ("--lock-timeout", "50ms", "--give-up-after", "1s")
    with marketplace.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) AS the_long_report FROM agent_executions")
        result = agentctl("migrate-full", "--yes", *short)
        pid = reader.info.backend_pid

    assert result.exit_code == 3
    *progress, error, named, hint = result.stderr.strip().splitlines()
    assert sum(f"In the way: pid {pid}" in line and "the_long_report" in line for line in progress) == 1
    assert error.startswith("error: Table locked: the lock was not available in ")
    assert named.startswith(f"In the way: pid {pid}, user postgres")
    assert f"pg_terminate_backend({pid})" in hint


def test_undo_shows_its_plan_asks_and_leaves_the_table_as_it_was(
    agentctl: Program, marketplace: Marketplace
) -> None:
    agentctl("migrate-full", "--yes")

    dry = agentctl("migrate-full", "--undo", "--dry-run")
    assert "DROP COLUMN IF EXISTS" in dry.stdout
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)

    screen = agentctl.on_terminal("migrate-full", "--undo", answers=[(QUESTION, "y\r")])
    assert screen.exit_code == 0, screen
    assert "is as it was before: 4 steps done and verified." in " ".join(screen.text.split())
    assert columns(marketplace) == set()
    assert agentctl("migrate-full", "--undo").stdout == (
        "public.agent_executions has nothing that migrate-full added: nothing to do.\n"
    )


def test_undo_drops_data_only_when_asked_and_names_the_copy(
    agentctl: Program, marketplace: Marketplace
) -> None:
    plant(marketplace, status="success", charged=10)
    agentctl("migrate-full", "--yes")
    marketplace.execute("UPDATE agent_executions SET error = 'none', credits_used = 10")

    refused = agentctl("migrate-full", "--undo", "--yes", "--json")
    assert (refused.exit_code, refused.json["error"]["code"]) == (4, "holds_data")
    assert "error (1 rows), credits_used (1 rows)" in refused.json["error"]["message"]
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)

    done = agentctl("migrate-full", "--undo", "--discard-data", "--yes", "--json", "-o", "kept.csv")
    assert done.exit_code == 0, done
    assert done.json["data"]["saved"] == {"rows": 1, "file": "kept.csv", "raw": True}
    assert "none" in (agentctl.home / "kept.csv").read_text()
    assert columns(marketplace) == set()


def test_backfill_fills_old_rows_and_counts_unknown_values(
    agentctl: Program, marketplace: Marketplace
) -> None:
    paid, free = plant(marketplace, charged=10), plant(marketplace, status="running")

    result = agentctl("migrate-full", "--yes", "--backfill", "--json")

    assert result.exit_code == 0, result
    assert result.json["data"]["backfill"] == {
        "rows": 2,
        "filled": {"credits_used": 2, "started_at": 1, "completed_at": 0},
        "unknown": {"credits_used": 0, "started_at": 1, "completed_at": 2},
        "differing": 0,
        "passed_over": 0,
        "triggers": [],
    }
    costs: dict[Any, Any] = dict(marketplace.execute("SELECT id, credits_used FROM agent_executions"))
    assert costs == {paid: 10, free: 0}
    again = agentctl("migrate-full", "--yes", "--backfill")
    assert again.exit_code == 0
    assert re.search(r"credits_used +0 +0", again.stdout)
    assert agentctl("audit").exit_code == 0


def test_the_next_backfill_finishes_a_killed_one(agentctl: Program, marketplace: Marketplace) -> None:
    for _ in range(3):
        plant(marketplace, charged=1)

    died = agentctl("migrate-full", "--yes", "--backfill", env={"AGENTCTL_FAILPOINT": "backfilled"})
    assert died.exit_code == -signal.SIGKILL
    assert agentctl("migrate-full", "--yes", "--backfill").exit_code == 0

    assert marketplace.execute("SELECT DISTINCT credits_used FROM agent_executions") == [(1,)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--discard-data",), "can only be used with --undo"),
        (("--undo", "--backfill"), "cannot be used together"),
        (("--yes", "-o", "x.sql"), "--output needs"),
    ],
)
def test_refuses_options_that_exclude_each_other(
    agentctl: Program, marketplace: Marketplace, options: tuple[str, ...], said: str
) -> None:
    result = agentctl("migrate-full", *options)

    assert result.exit_code == 2
    assert said in result.stderr
    assert columns(marketplace) == set()


def test_never_uses_the_files_database_instead_of_the_environments(
    agentctl: Program, marketplace: Marketplace, marketplace_factory: Callable[..., Marketplace]
) -> None:
    other = marketplace_factory()
    (agentctl.home / "agentctl.toml").write_text(
        f'[profiles.test]\ndatabase_url = "{other.url}"\nmigrate_database_url = "{other.url}"\n'
    )

    assert agentctl("migrate-full", "--yes", env={"AGENTCTL_DATABASE_URL": marketplace.url}).exit_code == 0

    wide = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'workflow_id'"
    assert (marketplace.execute(wide), other.execute(wide)) == ([(1,)], [(0,)])
