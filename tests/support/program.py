"""Runs the installed agentctl as an operator does: as a subprocess, or on a terminal.

It gives the program an empty home and none of the tester's settings, and judges nothing that it prints.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.figures import HUNG_AFTER

_ROWS, _COLUMNS = 24, 80
# Seconds that even a quick person takes. Python's input() loses a Ctrl-C that comes in the microseconds
# between its last look for signals and its read.
_A_MOMENT = 0.1
# Makes the terminal the program's own, so that Ctrl-C typed there is a SIGINT, then becomes the program.
_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How one run of the program ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object that `--json` prints, whose schema and exit code agree with the run."""
        envelope = json.loads(self.stdout)
        assert envelope["schema"] == "agentctl/1"
        assert envelope["exit_code"] == self.exit_code
        assert isinstance(envelope, dict)
        return envelope


@dataclass(frozen=True, slots=True)
class Screen:
    """What a run wrote to its terminal, with escape bytes, and how it ended."""

    exit_code: int
    text: str


class Program:
    """The installed program, with a home folder of its own; `command` precedes the arguments."""

    def __init__(self, home: Path, command: Sequence[str] = (sys.executable, "-m", "agentctl")) -> None:
        self.home = home
        self._command = tuple(command)
        self._started: list[subprocess.Popen[str]] = []

    def __call__(
        self,
        *args: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        timeout: float = HUNG_AFTER,
    ) -> Result:
        """Run to the end, with empty input unless `stdin` is given; `timeout` is in seconds.

        Raises:
            subprocess.TimeoutExpired: it was still running, and was killed.

        """
        done = subprocess.run(
            [*self._command, *args],
            check=False,
            capture_output=True,
            text=True,
            input=stdin or "",
            timeout=timeout,
            cwd=cwd or self.home,
            env=self._build_environment(env),
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(
        self, *args: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start in the background, with pipes for all three streams; `close` kills what is left running."""
        process = subprocess.Popen(
            [*self._command, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd or self.home,
            env=self._build_environment(env),
        )
        self._started.append(process)
        return process

    def on_terminal(
        self,
        *args: str | Path,
        answers: Sequence[tuple[str, str]] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = HUNG_AFTER,
    ) -> Screen:
        r"""Run on a terminal of 80x24; types each answer once the text before it has appeared.

        An answer is typed unchanged: end it with `\r` for Enter; `\x03` is Ctrl-C.

        Raises:
            AssertionError: a text to answer never appeared, or it was still running and was killed.

        """
        terminal, its_side = pty.openpty()
        fcntl.ioctl(its_side, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-c", _ON_TERMINAL, *self._command, *args],
            stdin=its_side,
            stdout=its_side,
            stderr=its_side,
            start_new_session=True,
            cwd=cwd or self.home,
            env=self._build_environment(env),
        )
        os.close(its_side)
        try:
            text = _answer_terminal(terminal, answers, deadline=time.monotonic() + timeout)
            return Screen(process.wait(), text)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            os.close(terminal)

    def close(self) -> None:
        """Kill the processes of `start` that still run."""
        for process in self._started:
            process.kill()
            with process:  # closes its pipes and waits
                pass

    def _build_environment(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        folders = {"XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share", "XDG_CACHE_HOME": ".cache"}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",  # in a pipe too: what is not a terminal must get no escape byte
            **{name: str(self.home / folder) for name, folder in folders.items()},
            **(extra or {}),
        }


def _answer_terminal(terminal: int, answers: Sequence[tuple[str, str]], *, deadline: float) -> str:
    """Read the terminal until its program closes it, and type the answers."""
    waiting = list(answers)
    seen = b""
    answered_to = 0  # what was answered once is not looked at again
    while chunk := _read_terminal(terminal, deadline=deadline, seen=seen):
        seen += chunk
        while waiting and (at := seen.find(waiting[0][0].encode(), answered_to)) >= 0:
            expected, reply = waiting.pop(0)
            answered_to = at + len(expected.encode())
            time.sleep(_A_MOMENT)
            os.write(terminal, reply.encode())
    assert not waiting, f"{waiting[0][0]!r} never appeared in {seen!r}"
    return seen.decode()


def _read_terminal(terminal: int, *, deadline: float, seen: bytes) -> bytes:
    readable, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    assert readable, f"still running; so far it wrote {seen!r}"
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says EIO where other systems say end of file
        return b""
