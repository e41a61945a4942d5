"""A process that runs the servers of one test session: started on demand, stopped when the session ends.

It does not end with any test: only its standard input closing, at the end or because the session was
killed, stops the servers and removes their folder.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast

from support.pgbouncer import THROUGH, pooled
from support.postgres import VERSIONS, Server, running

_MEMORY, _DISK = Path("/dev/shm"), Path("/tmp")
_ROOM_BYTES = 4 * 1024**3  # for the servers of three versions with their logs, and whatever a test may fill
_START_SECONDS = 120
_POLL_SECONDS = 0.05  # how soon it notices that it is to stop


class Keeper:
    """The keeper process, as the session that started it sees it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="agentctl-tests-", dir=_base_folder()))
        self.folder.chmod(0o711)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.keeper", self.folder],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the tests; the servers are needed until those have ended
        )
        cast("IO[bytes]", self._process.stdout).readline()  # it listens

    def stop(self) -> None:
        """Stop every server and remove the folder; returns when that is done."""
        self._process.communicate()


def _base_folder() -> Path:
    """Return the folder for the servers' files: in memory if there is room and programs may run there.

    A database is made for nearly every test, which takes a tenth of the time there. Both have short paths,
    for a socket's has about 100 characters at most, and other users get there.
    """
    try:
        memory = os.statvfs(_MEMORY)
    except OSError:
        return _DISK
    roomy = memory.f_bavail * memory.f_frsize >= _ROOM_BYTES
    return _MEMORY if roomy and not memory.f_flag & os.ST_NOEXEC else _DISK


def server_of(keeper: Path, version: str) -> Server:
    """Return the session's server of a version, and start it first if necessary.

    Raises:
        RuntimeError: it does not start.

    """
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(_START_SECONDS)
        wire.connect(str(keeper / "keeper"))
        with wire.makefile("rw", encoding="utf-8") as stream:
            stream.write(f"{version}\n")
            stream.flush()
            answer = json.loads(stream.readline())
    if "trouble" in answer:
        raise RuntimeError(answer["trouble"])
    return Server(**answer)


class _Listener(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, folder: Path, cleanup: contextlib.ExitStack) -> None:
        super().__init__(str(folder / "keeper"), _Handler)
        self._folder = folder
        self._cleanup = cleanup
        self._servers: dict[str, Server] = {}
        self._locks = {version: threading.Lock() for version in VERSIONS}

    def server(self, version: str) -> Server:
        with self._locks[version]:
            if version not in self._servers:
                server = self._cleanup.enter_context(running(version, self._folder / version))
                if os.environ.get(THROUGH) == "pgbouncer":
                    folder = self._folder / f"pgbouncer-{version}"
                    server = self._cleanup.enter_context(pooled(server, folder))
                self._servers[version] = server
            return self._servers[version]

    def close_for_good(self) -> None:
        """Wait for servers that are starting, and start no others."""
        self.shutdown()
        for lock in self._locks.values():
            lock.acquire()


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        version = self.rfile.readline().decode().strip()
        try:
            answer = asdict(cast("_Listener", self.server).server(version))
        except (RuntimeError, OSError) as error:
            answer = {"trouble": str(error)}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def _serve_session(folder: Path) -> None:
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder)
        with _Listener(folder, cleanup) as listener:
            threading.Thread(target=listener.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
            sys.stdout.write("listening\n")
            sys.stdout.flush()
            sys.stdin.read()
            listener.close_for_good()


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(0))  # the way out through every `finally`
    _serve_session(Path(sys.argv[1]))
