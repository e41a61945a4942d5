"""Runs a PgBouncer in transaction mode before a throw-away server, as an unprivileged user.

It never touches the operating system's own PgBouncer, and admits everybody whom the server admits.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from support.postgres import Server, free_port, unprivileged

THROUGH = "AGENTCTL_TEST_THROUGH"  # the environment variable; `pgbouncer` is the one value that it has
_START_SECONDS = 30
# What a client may send; everything else that lives in a session is lost between two transactions.
_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server.port} auth_user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = scram-sha-256
auth_file = {folder}/users
auth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1
max_client_conn = 1000
default_pool_size = 20
server_idle_timeout = 2
server_login_retry = 1
logfile = {folder}/log
"""


def find_pgbouncer() -> str | None:
    """Return the path of the program, or None; distributions keep it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def pooled(server: Server, folder: Path) -> Iterator[Server]:
    """Run a PgBouncer before a server, and yield the server with URLs that lead through it.

    Args:
        server: a running server.
        folder: a new folder; the caller removes it.

    Raises:
        RuntimeError: there is no PgBouncer, or it does not start; the message has its log.

    """
    program = find_pgbouncer()
    if program is None:
        msg = "PgBouncer is not installed (Debian's package is called pgbouncer)"
        raise RuntimeError(msg)
    port = free_port()
    settings = _write_settings(server, folder, port)
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, settings], stdout=output, stderr=output, cwd=folder, **unprivileged()
        )
    try:
        _await_ready(process, folder, port)
        yield replace(server, pooler_port=port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _write_settings(server: Server, folder: Path, port: int) -> Path:
    folder.mkdir(mode=0o700)
    settings, users = folder / "pgbouncer.ini", folder / "users"
    settings.write_text(_SETTINGS.format(server=server, folder=folder, port=port))
    users.write_text(f'"postgres" "{server.password}"\n')
    if identity := unprivileged():
        for path in (folder, settings, users):
            os.chown(path, identity["user"], identity["group"])
    return settings


def _await_ready(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    msg = f"PgBouncer did not start:\n{(folder / 'output').read_text()}"
    raise RuntimeError(msg)
