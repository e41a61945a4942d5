"""The sandbox's one background process: it runs PostgreSQL and the demo agents while any command needs them.

`agentctl.sandbox.lifecycle` starts it. It ends when its last user or PostgreSQL is gone, and never restarts
anything.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agentctl.core.errors import SetupError
from agentctl.core.files.writing import write_atomically
from agentctl.sandbox import cluster
from agentctl.sandbox.home import Home
from agentctl.sandbox.locks import Lock

if TYPE_CHECKING:
    from subprocess import Popen

_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(folder: str, start_lock: str) -> None:
    """Keep the sandbox in `folder` running; `start_lock` is the inherited descriptor of that lock."""
    for cause in _ENDINGS:
        signal.signal(cause, _exit_keeper)
    home = Home(Path(folder))
    with contextlib.ExitStack() as ending:
        try:
            server = ending.enter_context(_bring_up(home))
        except (SetupError, OSError) as error:
            _send_report(message=str(error), hint=getattr(error, "hint", f"The whole log: {home.log}"))
            return
        users = ending.enter_context(Lock(home.users_lock))
        _send_report()
        os.close(int(start_lock))  # from now on, other commands may use the sandbox
        _end_with(server)
        users.exclusive()  # the kernel releases a command's share however it ended


@contextlib.contextmanager
def _bring_up(home: Home) -> Iterator["Popen[bytes]"]:
    """Start everything, and stop it again."""
    keeper_lock, server_lock = Lock(home.keeper_lock), Lock(home.server_lock)
    keeper_lock.exclusive()
    server_lock.exclusive()
    complete = home.webhook_port.exists()
    if not complete:
        cluster.initialise(home)
    server = cluster.start(home, lock=server_lock.fd)
    guard = cluster.guard(server, home)
    try:
        port = _start_webhooks(home)
        cluster.await_ready(server, home)
        if not complete:
            _seed_database(home)
        _remember_port(home, port)
        yield server
    finally:
        _heed_no_signals()
        guard.kill()  # before the server's process id can become somebody else's
        guard.communicate()
        cluster.stop(server, home)


def _start_webhooks(home: Home) -> int:
    # Imported while PostgreSQL starts.
    from agentctl.sandbox.webhooks import listen  # noqa: PLC0415 - see above

    return listen(preferred_port=_read_port(home))


def _seed_database(home: Home) -> None:
    from agentctl.sandbox.seed import seed  # noqa: PLC0415 - psycopg is slow to import, and seldom needed

    seed(home)


def _remember_port(home: Home, port: int) -> None:
    """Make the agents' rows and the remembered port agree with the port in use."""
    before = _read_port(home)
    if port == before:
        return
    from agentctl.sandbox.seed import move_webhooks  # noqa: PLC0415 - psycopg again

    # If this process ends in between, the next start knows that it cannot trust the rows.
    if before:
        _write_port(home, 0)
    move_webhooks(home, old_port=before, new_port=port)
    _write_port(home, port)


def _read_port(home: Home) -> int:
    try:
        return int(home.webhook_port.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _write_port(home: Home, port: int) -> None:
    write_atomically(home.webhook_port, f"{port}\n")


def _send_report(**trouble: str | None) -> None:
    """Report to the waiting command what went wrong, if anything did, and close its pipe."""
    with contextlib.suppress(BrokenPipeError):  # the command was killed meanwhile
        os.write(1, json.dumps(trouble).encode())
    os.dup2(2, 1)


def _end_with(server: "Popen[bytes]") -> None:
    """End this process as soon as the server does."""

    def look(*_: object) -> None:
        if server.poll() is not None:
            _exit_keeper()

    signal.signal(signal.SIGCHLD, look)
    look()  # it may have ended just before


def _heed_no_signals() -> None:
    for cause in (signal.SIGCHLD, *_ENDINGS):
        signal.signal(cause, lambda *_: None)


def _exit_keeper(*_: object) -> None:
    raise SystemExit


if __name__ == "__main__":
    main(*sys.argv[1:])
