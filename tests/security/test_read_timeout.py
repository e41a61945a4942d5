"""A command that only reads ends even if the database is blocked or silent: a gate in CI cannot hang."""

import socket
import threading
from collections.abc import Iterator

import pytest

from support.program import Program
from support.shop import Shop

READERS = [
    "history",
    "credits",
    "agents",
    "schema-check",
    "audit",
    "run seo-blog topic=x --dry-run",
    "migrate-full --dry-run",
]


def _configure(program: Program, url: str, timeout: str) -> None:
    (program.home / "agentctl.toml").write_text(
        f'[profiles.p]\ndatabase_url = "{url}"\nread_timeout = "{timeout}"\nuser = "ops@example.com"\n'
    )


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Accept connections, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


@pytest.mark.parametrize("command", READERS)
def test_a_command_that_reads_gives_up_waiting_for_a_lock(shop: Shop, command: str) -> None:
    _configure(shop.program, shop.marketplace.url, "1s")
    with shop.marketplace.connect() as other, other.transaction():
        other.execute("LOCK TABLE pg_policy IN ACCESS EXCLUSIVE MODE")

        done = shop.program(*command.split(), "--json", timeout=50)

        assert (done.exit_code, done.json["error"]["code"]) == (3, "read_timeout")
        assert "read_timeout" in done.json["error"]["hint"]
        waiting = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'agentctl%' "
            "AND datname = current_database()"
        ).fetchone()
        assert waiting == (0,), "the server still waits on behalf of a command that has ended"


def test_the_hint_of_a_read_timeout_extends_it(shop: Shop) -> None:
    _configure(shop.program, shop.marketplace.url, "15m")
    with shop.marketplace.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE agent_executions IN ACCESS EXCLUSIVE MODE")
        process = shop.program.start("history", "--json")
        with pytest.raises(Exception, match="timed out"):
            process.wait(timeout=3)
        other.execute("COMMIT")

        assert process.wait(timeout=50) == 0


def test_a_run_waits_for_the_users_lock_without_a_timeout(shop: Shop) -> None:
    _configure(shop.program, shop.marketplace.url, "1s")
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text() + '[profiles.p.webhook]\nallow_hosts = ["127.0.0.1"]\n')
    with shop.marketplace.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM profiles FOR UPDATE")
        process = shop.program.start("run", "seo-blog", "topic=Tea", "--json")
        with pytest.raises(Exception, match="timed out"):
            process.wait(timeout=3)
        other.execute("COMMIT")

        assert process.wait(timeout=50) == 0


def test_a_command_that_reads_gives_up_on_a_silent_server(agentctl: Program, silent_server: int) -> None:
    _configure(agentctl, f"postgresql://u:p@127.0.0.1:{silent_server}/d?connect_timeout=2", "1s")

    done = agentctl("history", "--json", timeout=50)

    assert (done.exit_code, done.json["error"]["code"]) == (3, "connection")
