"""Closed, full or broken output streams change no exit code and cause no extra message."""

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from agentctl.cli.frame import Frame, present
from agentctl.cli.reply import Reply, Stream
from agentctl.core.errors import AgentctlError, ConnectionFailed


def _in_shell(shop: Any, script: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, in which `agentctl` is the installed program."""
    home = str(shop.program.home)
    environment = {"HOME": home, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env=environment,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments", ["agents", "agents --json", "history --all --format csv", "history --all --json"]
)
def test_a_full_disk_is_reported_once(shop: Any, arguments: str) -> None:
    done = _in_shell(shop, f"agentctl {arguments} >/dev/full")

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: The output cannot be written: No space left on device.\n"


def test_a_full_disk_hides_no_failure(shop: Any) -> None:
    done = _in_shell(shop, "agentctl agents nobody-knows --json >/dev/full")

    assert done.returncode == 4
    assert "nobody-knows" in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_change_nothing_else(shop: Any, closed: str) -> None:
    assert _in_shell(shop, f"agentctl agents {closed}").returncode == 0
    assert _in_shell(shop, f"agentctl agents nobody-knows {closed}").returncode == 4


def test_a_closed_pipe_is_not_an_error(shop: Any) -> None:
    done = _in_shell(shop, "agentctl agents | true; echo ${PIPESTATUS[0]}")

    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_defect_while_printing_is_reported_without_a_traceback(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> Any:
        raise TypeError(str(wrong))

    reply = present(Frame("agents", json=as_json, quiet=False), Reply(data=wrong, view=wrong))

    printed = capsys.readouterr()
    assert reply.exit_code == 3
    assert "Unexpected error: TypeError" in (printed.out if as_json else printed.err)
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (0, None, None),
        (2, None, None),
        (0, ConnectionFailed("Away."), "connection"),
        (2, ConnectionFailed("Away."), "connection"),
        (2, KeyboardInterrupt(), "interrupted"),
        (2, ZeroDivisionError(), "defect"),
    ],
)
def test_a_long_list_is_one_json_object_however_it_ends(
    number: int, error: BaseException | None, code: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    def read() -> Generator[dict[str, int], None, None]:
        yield from ({"id": each} for each in range(number))
        if error is not None:
            raise error

    stream = Stream("executions", read, {"next_cursor": None})
    reply = present(Frame("history", json=True, quiet=False), Reply(stream=stream))

    printed = json.loads(capsys.readouterr().out)
    listed = {"executions": [{"id": each} for each in range(number)], "next_cursor": None}
    assert printed.keys() == {"schema", "command", "ok", "exit_code", "data", "error"}
    assert printed["data"] == (None if error and not number else listed)
    assert (printed["ok"], printed["exit_code"]) == (error is None, reply.exit_code)
    assert (printed["error"] or {}).get("code") == code


def test_a_quiet_list_prints_nothing_but_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    def read(*, error: AgentctlError | None = None) -> Generator[dict[str, int], None, None]:
        if error is not None:
            raise error
        yield {"id": 1}

    quiet = Frame("history", json=True, quiet=True)
    assert present(quiet, Reply(stream=Stream("executions", read, {"next_cursor": None}))).exit_code == 0
    assert capsys.readouterr().out == ""

    def fail() -> Generator[dict[str, int], None, None]:
        return read(error=ConnectionFailed("Away."))

    assert present(quiet, Reply(stream=Stream("executions", fail, {"next_cursor": None}))).exit_code == 3
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "Away."
