"""Every exit code of the contract that commands can give, with its envelope, from the installed program."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.webhook_server import Reply

ENVELOPE = {"schema", "command", "ok", "exit_code", "data", "error"}
ERROR = {"code", "message", "hint", "retryable"}

Arrange = Callable[[Any], None]


def _nothing(_shop: Any) -> None:
    pass


def _agent_fails(shop: Any) -> None:
    shop.answer(Reply.json({"message": "Error in workflow"}, 500))


def _agent_says_nothing(shop: Any) -> None:
    shop.answer(Reply())


def _nobody_listens(shop: Any) -> None:
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace(shop.marketplace.url, "postgresql://x@127.0.0.1:9/x"))


def _typo(shop: Any) -> None:
    config = shop.program.home / "agentctl.toml"
    config.write_text(config.read_text().replace("database_url", "databse_url"))


def _no_balance(shop: Any) -> None:
    shop.marketplace.execute("ALTER TABLE profiles DROP COLUMN credits")


RUN = ("run", "seo-blog", "topic=Tea")
CASES: list[tuple[int, str | None, tuple[str, ...], Arrange]] = [
    (0, None, RUN, _nothing),
    (0, None, ("history",), _nothing),
    (0, None, ("credits",), _nothing),
    (0, None, ("agents", "seo-blog"), _nothing),
    (0, None, ("schema-check",), _nothing),
    (0, None, ("migrate-full", "--dry-run"), _nothing),
    (1, "agent_failed", RUN, _agent_fails),
    (2, "usage", ("history", "--no-such-option"), _nothing),
    (2, "usage", ("no-such-command",), _nothing),
    (2, "invalid_inputs", ("run", "seo-blog"), _nothing),
    (2, "confirmation_needed", ("migrate-full",), _nothing),
    (2, "usage", ("credits", "grant", "ops@example.com", "-1", "--reason", "x"), _nothing),
    (3, "connection", ("history",), _nobody_listens),
    (3, "config", ("history",), _typo),
    (3, "schema", ("credits",), _no_balance),
    (4, "agent_not_found", ("run", "nobody-knows"), _nothing),
    (4, "agent_not_found", ("agents", "nobody-knows"), _nothing),
    (4, "user_not_found", ("credits", "--user", "nobody@example.com"), _nothing),
    (4, "execution_not_found", ("history", "ffffffff"), _nothing),
    (4, "execution_not_found", ("credits", "refund", "ffffffff", "--reason", "x"), _nothing),
    (5, "outcome_unknown", RUN, _agent_says_nothing),
    (6, "findings", ("schema-check", "--require", "full"), _nothing),
]


@pytest.mark.parametrize(
    ("exit_code", "code", "arguments", "arrange"),
    CASES,
    ids=[f"{exit_code} {' '.join(arguments)}" for exit_code, _, arguments, _ in CASES],
)
def test_a_command_exits_as_the_contract_says_with_its_envelope(
    shop: Any, exit_code: int, code: str | None, arguments: tuple[str, ...], arrange: Arrange
) -> None:
    arrange(shop)

    result = shop.program(*arguments, "--json")

    whole = result.json
    assert result.exit_code == exit_code, whole
    assert set(whole) == ENVELOPE
    assert whole["command"] == arguments[0]
    assert whole["ok"] is (exit_code == 0)
    assert len(result.stdout.splitlines()) == 1
    assert "Traceback" not in result.stderr
    if code is None:
        assert whole["error"] is None
    else:
        assert set(whole["error"]) == ERROR
        assert whole["error"]["code"] == code
        assert whole["error"]["message"]


FAILURES = [(exit_code, arguments, arrange) for exit_code, code, arguments, arrange in CASES if code]


@pytest.mark.parametrize(
    ("exit_code", "arguments", "arrange"),
    FAILURES,
    ids=[f"{exit_code} {' '.join(arguments)}" for exit_code, arguments, _ in FAILURES],
)
def test_prints_failures_on_stderr_with_the_same_exit_code_without_json(
    shop: Any, exit_code: int, arguments: tuple[str, ...], arrange: Arrange
) -> None:
    arrange(shop)

    result = shop.program(*arguments)

    assert result.exit_code == exit_code
    assert "error: " in result.stderr
    assert "Traceback" not in result.stderr + result.stdout


def test_an_interruption_exits_130_with_its_envelope(shop: Any) -> None:
    path = shop.answer(Reply.json({}, delay=30))
    process = shop.program.start(*RUN, "--json")
    deadline = time.monotonic() + 20
    while not shop.webhook.count(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=20)

    whole = json.loads(stdout)
    assert process.returncode == whole["exit_code"] == 130
    assert whole["error"]["code"] == "interrupted"
    assert whole["data"]["execution"]["status"] == "running"


@pytest.mark.parametrize("cause", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "arguments",
    [("history",), ("history", "--all", "--format", "csv"), ("credits",), ("migrate-full", "--yes")],
    ids=" ".join,
)
def test_a_command_that_waits_for_the_database_can_be_interrupted(
    shop: Any, arguments: tuple[str, ...], cause: signal.Signals
) -> None:
    waiting = (
        "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
        "WHERE NOT granted AND datname = current_database()"
    )
    with shop.marketplace.connect() as other, other.transaction():
        other.execute("LOCK TABLE agent_executions, credit_transactions IN ACCESS EXCLUSIVE MODE")
        process = shop.program.start(*arguments)
        deadline = time.monotonic() + 20
        while not shop.marketplace.execute(waiting):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(cause)
        _, stderr = process.communicate(timeout=20)

    assert process.returncode == 130
    assert stderr == "error: Interrupted.\n"


@pytest.mark.parametrize(
    "line",
    [
        *("agents {}", "run {} topic=Tea", "run seo-blog topic=Tea --user {}", "history --agent {}"),
        *("history --all --json --agent {}", "history --user {}", "credits --user {}"),
        "credits grant {} 5 --reason gift",
    ],
)
def test_bytes_that_are_not_utf8_name_nothing_and_end_no_command_as_a_defect(shop: Any, line: str) -> None:
    done = shop.program(*line.format("a\udcff").split())  # as Python hands such bytes on

    assert done.exit_code == 2, done
    assert "not UTF-8" in done.stdout + done.stderr
    assert (shop.rows(), shop.ledger()) == ([], [])
