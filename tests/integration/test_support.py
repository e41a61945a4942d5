"""The helpers that the other tests depend on: if their promises do not hold, those tests prove nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from support.database_proxy import DatabaseProxy
from support.distant import Distant
from support.keeper import Keeper, server_of
from support.marketplace import OPTIONAL_COLUMNS, Database, Marketplace
from support.postgres import Server
from support.program import Program

_TESTS = Path(__file__).parents[1]
_SESSION = """
from support.database_proxy import DatabaseProxy
from support.distant import Distant
from support.keeper import Keeper, server_of
keeper = Keeper()
server_of(keeper.folder, "18")
print(keeper.folder, flush=True)
input()
"""


@pytest.fixture
def python(tmp_path: Path) -> Program:
    return Program(tmp_path, command=(sys.executable, "-c"))


def test_the_server_has_the_version_in_the_tests_id(server: Server, database: Database) -> None:
    [(version,)] = database.execute("SHOW server_version")
    assert version.split(".")[0] == server.version


def test_the_url_requires_the_password(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (database.name,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database.server.url(database.name, password="wrong"))


def test_a_marketplace_starts_with_balances_that_agree_with_the_ledger(marketplace: Marketplace) -> None:
    assert marketplace.execute(
        "SELECT email, credits, (SELECT sum(amount) FROM credit_transactions WHERE user_id = profiles.id) "
        "FROM profiles ORDER BY email"
    ) == [("ops@example.com", 100, 100), ("poor@example.com", 3, 3)]


def test_marketplaces_do_not_share_rows(
    marketplace_factory: Callable[..., Marketplace],
) -> None:
    one, other = marketplace_factory(), marketplace_factory()
    one.set_webhook("Plain", "http://127.0.0.1:1/changed")
    assert not other.execute("SELECT 1 FROM agents WHERE webhook_url LIKE '%changed'")


@pytest.mark.parametrize("columns", [(), ("inputs", "started_at"), OPTIONAL_COLUMNS])
def test_a_marketplace_has_exactly_the_requested_optional_columns(
    marketplace_factory: Callable[..., Marketplace], columns: tuple[str, ...]
) -> None:
    found = marketplace_factory(columns=columns).execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'agent_executions'"
    )
    assert {name for (name,) in found} & set(OPTIONAL_COLUMNS) == set(columns)


def test_an_added_role_can_connect_and_may_read_nothing(marketplace: Marketplace) -> None:
    with (
        psycopg.connect(marketplace.add_role("clerk")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT 1 FROM profiles")


def test_the_keeper_of_a_killed_session_stops_its_servers_and_removes_its_folder() -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", _SESSION],
        cwd=_TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with session:
        assert session.stdout
        folder = Path(session.stdout.readline().strip())
        postmaster = int((folder / "18/data/postmaster.pid").read_text().split()[0])
        session.kill()
    _wait_until(lambda: not folder.exists() and not _alive(postmaster))


def test_a_server_that_cannot_start_is_an_error_that_says_why() -> None:
    keeper = Keeper()
    try:
        (keeper.folder / "18").mkdir()
        with pytest.raises(RuntimeError, match="File exists"):
            server_of(keeper.folder, "18")
    finally:
        keeper.stop()
    assert not keeper.folder.exists()


def test_a_program_does_not_inherit_the_testers_settings(
    python: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = python("import os; print(*sorted(os.environ))", env={"ADDED": "1"})
    assert shown.exit_code == 0
    names = set(shown.stdout.split())
    assert {"HOME", "ADDED"} <= names
    assert not {"PGHOST", "NO_COLOR"} & names


def test_a_program_started_in_the_background_is_killed_in_the_end(python: Program) -> None:
    process = python.start("import time; print('up', flush=True); time.sleep(600)")
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    python.close()
    assert process.returncode == -signal.SIGKILL


def test_on_a_terminal_a_program_gets_its_size_and_the_typed_answers(python: Program) -> None:
    screen = python.on_terminal(
        "import os; size = os.get_terminal_size(); print(input(f'{size.columns}x{size.lines} name? ') * 2)",
        answers=[("name? ", "ab\r")],
    )
    assert screen.exit_code == 0
    assert screen.text == "80x24 name? ab\r\nabab\r\n"


def test_ctrl_c_on_a_terminal_interrupts_the_program(python: Program) -> None:
    screen = python.on_terminal(
        "import time; print('waiting', flush=True); time.sleep(600)", answers=[("waiting", "\x03")]
    )
    assert screen.exit_code == -signal.SIGINT
    assert "KeyboardInterrupt" in screen.text


def test_a_question_that_is_never_asked_fails_the_test(python: Program) -> None:
    with pytest.raises(AssertionError, match="never appeared"):
        python.on_terminal("print('hello')", answers=[("name? ", "ab\r")])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def test_a_pipeline_is_one_flight_however_early_the_server_answers(marketplace: Marketplace) -> None:
    much = "SELECT repeat('much', 1000) FROM generate_series(1, 100)"  # more than its buffer holds
    notice = "DO $$ BEGIN RAISE NOTICE 'at once'; END $$"
    with DatabaseProxy(marketplace.url) as proxy, psycopg.connect(proxy.url, autocommit=True) as connection:
        with connection.pipeline():
            for statement in (much, notice, "SELECT 1"):
                connection.execute(statement)
                time.sleep(0.1)
        connection.execute("SELECT 2")

    assert proxy.flights == [[much, notice, "SELECT 1"], ["SELECT 2"]]


def test_waiting_within_a_pipeline_begins_a_flight(marketplace: Marketplace) -> None:
    with (
        DatabaseProxy(marketplace.url) as proxy,
        psycopg.connect(proxy.url, autocommit=True) as connection,
        connection.pipeline(),
    ):
        connection.execute("SELECT 1").fetchone()
        connection.execute("SELECT 2")

    assert proxy.flights == [["SELECT 1"], ["SELECT 2"]]


def test_a_distant_server_is_as_far_away_for_all_that_leaves_together(marketplace: Marketplace) -> None:
    away = 0.05
    with (
        Distant(marketplace.url, away) as distant,
        DatabaseProxy(distant.url) as proxy,
        psycopg.connect(proxy.url, autocommit=True) as connection,
    ):
        began = time.monotonic()
        with connection.pipeline():
            for _ in range(5):
                connection.execute("SELECT 1")
        together = time.monotonic() - began
        began = time.monotonic()
        for _ in range(5):
            connection.execute("SELECT 1")
        alone = time.monotonic() - began

    (visit,) = proxy.visits
    assert visit.ready
    assert (2 * away) <= together < (6 * away)
    assert alone >= (10 * away)
    # TCP's greetings, and what is said before the server is ready: encryption, the user, the password twice.
    assert visit.flights == 4
    assert visit.ready - visit.began >= (2 * away) * (1 + 3)
