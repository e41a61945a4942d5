"""`agentctl migrate-full` as an operator runs it: shown, asked for, done once, interrupted, done again."""

import re
import signal
import time
from typing import Any

import pytest

from support.marketplace import OPTIONAL_COLUMNS, Marketplace
from support.program import Program

INDEX = "idx_agent_executions_workflow_id"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
QUESTION = "Change public.agent_executions?"


@pytest.fixture(autouse=True)
def marketplace(shop: Any) -> Marketplace:
    """Return the one that the program is configured for."""
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


def test_the_sql_that_is_shown_leads_to_full_tracking_by_itself(
    agentctl: Program, marketplace: Marketplace
) -> None:
    for step in agentctl("migrate-full", "--dry-run", "--json").json["data"]["steps"]:
        marketplace.execute(step["sql"].encode())

    again = agentctl("migrate-full", "--dry-run")
    assert again.stdout == "public.agent_executions has full tracking already: nothing to do.\n"


def test_on_a_terminal_it_shows_the_plan_asks_and_does_it(
    agentctl: Program, marketplace: Marketplace
) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, "y\r")])

    assert screen.exit_code == 0, screen
    asked = screen.text.index(QUESTION)
    assert "ALTER" in screen.text[:asked]
    assert "3 steps done and verified" in screen.text[asked:]
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)


@pytest.mark.parametrize("answer", ["n\r", "\r"], ids=["no", "nothing"])
def test_declined_it_changes_nothing(agentctl: Program, marketplace: Marketplace, answer: str) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, answer)])

    assert screen.exit_code == 4
    assert "Nothing was changed." in screen.text
    assert columns(marketplace) == set()


def test_ctrl_c_at_the_question_changes_nothing(agentctl: Program, marketplace: Marketplace) -> None:
    screen = agentctl.on_terminal("migrate-full", answers=[(QUESTION, "\x03")])

    assert screen.exit_code == 130
    assert columns(marketplace) == set()


@pytest.mark.parametrize("options", [(), ("--json",), ("--quiet",)])
def test_where_nobody_can_be_asked_it_names_the_flag_and_changes_nothing(
    agentctl: Program, marketplace: Marketplace, options: tuple[str, ...]
) -> None:
    result = agentctl("migrate-full", *options)

    assert result.exit_code == 2
    assert "--yes" in result.stdout + result.stderr
    assert columns(marketplace) == set()


def test_yes_goes_ahead_says_what_it_does_and_the_second_time_does_nothing(
    agentctl: Program, marketplace: Marketplace
) -> None:
    first = agentctl("migrate-full", "--yes")
    assert first.exit_code == 0
    assert "has full tracking now: 3 steps done and verified." in first.stdout
    assert f"build index: {INDEX} ..." in first.stderr
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)

    second = agentctl("migrate-full", "--yes")
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout == "public.agent_executions has full tracking already: nothing to do.\n"
    assert agentctl("migrate-full").exit_code == 0


def test_quiet_says_nothing_where_it_succeeds(agentctl: Program, marketplace: Marketplace) -> None:
    result = agentctl("migrate-full", "--yes", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert columns(marketplace) == set(OPTIONAL_COLUMNS)


def test_json_tells_the_steps_and_whether_they_were_taken(agentctl: Program) -> None:
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


def test_a_column_in_the_way_is_named_and_nothing_changed(
    agentctl: Program, marketplace: Marketplace
) -> None:
    marketplace.execute("ALTER TABLE agent_executions ADD result text")

    error = agentctl("migrate-full", "--yes", "--json").json["error"]

    assert error["code"] == "schema_conflict"
    assert error["message"] == "agent_executions.result exists as text; jsonb is needed."
    assert error["hint"].startswith("Nothing was changed.")
    assert columns(marketplace) == {"result"}


def test_a_table_in_use_is_given_up_on_and_can_be_tried_again(
    agentctl: Program, marketplace: Marketplace
) -> None:
    short = ("--lock-timeout", "50ms", "--give-up-after", "500ms")
    with marketplace.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM agent_executions")
        result = agentctl("migrate-full", "--yes", "--json", *short)

    assert result.exit_code == 3
    assert (result.json["error"]["code"], result.json["error"]["retryable"]) == ("locked", True)
    assert "attempt 1 gave way" in result.stderr
    assert columns(marketplace) == set()
    assert agentctl("migrate-full", "--yes", *short).exit_code == 0


@pytest.mark.parametrize("option", ["--lock-timeout", "--give-up-after"])
def test_what_is_no_duration_is_refused_at_once(agentctl: Program, option: str) -> None:
    result = agentctl("migrate-full", "--yes", option, "soon")
    assert result.exit_code == 2
    assert "not a duration" in result.stderr


def test_interrupted_while_it_builds_an_index_it_is_finished_by_the_next(
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


def test_no_database_is_a_matter_of_the_set_up(agentctl: Program) -> None:
    nowhere = {"AGENTCTL_DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}
    result = agentctl("migrate-full", "--yes", "--json", env=nowhere)
    assert result.exit_code == 3
    assert result.json["error"]["code"] == "connection"


def test_on_a_narrow_terminal_the_plan_can_still_be_read(agentctl: Program) -> None:
    screen = agentctl.on_terminal("migrate-full", "--dry-run", env={"COLUMNS": "40"})

    assert screen.exit_code == 0
    lines = _COLOURS.sub("", screen.text).replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 40
    words = " ".join(" ".join(lines).split())
    for word in ("ADD COLUMN IF NOT EXISTS workflow_id text", "2. build index", "reads and writes go on"):
        assert word in words
