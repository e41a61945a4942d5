"""Runs the program many times a second: what it imports is loaded once, and each command is a fork of that.

Each command is a process of its own, with its own connections, its own streams and its own exit code, as
`Program` starts them; what is saved is Python's start.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from support.figures import HUNG_AFTER
from support.program import Program, Result

_SERVER = """
import importlib, json, os, signal, socket, sys, traceback

MODULES = '''cli.app cli.run cli.history cli.credits cli.audit cli.reconcile cli.migrate_full cli.schema_check
core.running.run core.settling.reconciliation core.settling.by_hand core.executions.history
core.executions.stats core.audit.runner core.schema_check.schema_report
core.migration.apply core.migration.undoing core.migration.widening'''
for name in ("psycopg", "httpx", "jsonschema", *(f"agentctl.{module}" for module in MODULES.split())):
    importlib.import_module(name)
from agentctl.__main__ import main

def run(arguments, streams, environment, folder):
    for number, file in enumerate(streams):
        os.dup2(os.open(file, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if number else 0), 0o600), number)
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
    sys.argv = ["agentctl", *arguments]
    code = 0
    try:
        main()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

def serve(connection):
    with connection, connection.makefile("rw") as lines:
        for line in lines:
            child = os.fork()
            if not child:
                run(*json.loads(line))
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=lines, flush=True)
    os._exit(0)

listener = socket.socket(fileno=int(sys.argv[1]))
while True:
    connection, _ = listener.accept()
    if not os.fork():
        listener.close()
        serve(connection)
    connection.close()
"""


class Forks:
    """A process that has loaded the program and forks, from its creation until the end of the block.

    Args:
        program: the commands have its home and environment.

    """

    def __init__(self, program: Program) -> None:
        self._folder = tempfile.TemporaryDirectory(dir="/tmp")  # a short path
        self._address = f"{self._folder.name}/socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
            listener.listen()
            self._server = subprocess.Popen(
                [sys.executable, "-c", _SERVER, str(listener.fileno())],
                pass_fds=[listener.fileno()],
                cwd=program.home,
                env=program._build_environment(None),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._server:
            self._server.kill()
        self._folder.cleanup()

    def operator(self) -> "Operator":
        """Return an operator who types one command after the other; the first waits for the loading."""
        return Operator(self._address, Path(tempfile.mkdtemp(dir=self._folder.name)))


class Operator:
    """Types one command at a time; as a context manager, it ends with the block."""

    def __init__(self, address: str, folder: Path) -> None:
        self._streams = tuple(folder / name for name in ("stdin", "stdout", "stderr"))
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address)
        self._lines = self._socket.makefile("rw")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def __call__(
        self,
        *args: str | Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: str = "",
    ) -> Result:
        """Run a command to its end, in the program's own environment and folder unless both are given."""
        words = [os.fspath(arg) for arg in args]
        stdin_file, stdout_file, stderr_file = self._streams
        stdin_file.write_text(stdin)
        whole = environment and dict(environment)
        request = words, list(map(os.fspath, self._streams)), whole, os.fspath(folder or Path.cwd())
        self._lines.write(json.dumps(request) + "\n")
        self._lines.flush()
        answer = self._lines.readline()
        assert answer, "the process that forks has ended"
        return Result(int(answer), stdout_file.read_text(), stderr_file.read_text())


class ForkedProgram(Program):
    """The program with its own home; commands that run to their end are forks.

    A failpoint is chosen when the program is loaded: such a command is a process from the beginning.
    """

    def __init__(self, home: Path, operator: Operator) -> None:
        super().__init__(home)
        self._operator = operator

    def __call__(
        self,
        *args: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        timeout: float = HUNG_AFTER,
    ) -> Result:
        """Run to the end; a fork has no time limit."""
        if env and "AGENTCTL_FAILPOINT" in env:
            return super().__call__(*args, env=env, cwd=cwd, stdin=stdin, timeout=timeout)
        environment = self._build_environment(env)
        return self._operator(*args, environment=environment, folder=cwd or self.home, stdin=stdin or "")


@pytest.fixture(scope="session")
def typist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Yield an operator whose commands are forks, for suites of hundreds of commands."""
    with Forks(Program(tmp_path_factory.mktemp("loading"))) as forks, forks.operator() as operator:
        yield operator


@pytest.fixture(name="agentctl")
def forked_agentctl(tmp_path: Path, typist: Operator) -> Iterator[Program]:
    """Yield the program, with an empty home folder; its commands are forks."""
    home = tmp_path / "home"
    home.mkdir()
    with contextlib.closing(ForkedProgram(home, typist)) as program:
        yield program
