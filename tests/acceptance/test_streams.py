"""Closed, full or broken output streams change no exit code and cause no extra message."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentctl.cli.frame import Frame, present
from agentctl.cli.reply import Reply


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


@pytest.mark.parametrize("arguments", ["agents", "agents --json", "history --all --format csv"])
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


@pytest.mark.parametrize("json", [True, False])
def test_a_defect_while_printing_is_reported_without_a_traceback(
    json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> Any:
        raise TypeError(str(wrong))

    reply = present(Frame("agents", json=json, quiet=False), Reply(data=wrong, view=wrong))

    printed = capsys.readouterr()
    assert reply.exit_code == 3
    assert "Unexpected error: TypeError" in (printed.out if json else printed.err)
    assert "Traceback" not in printed.err
