"""Makes PostgreSQL's data folder, starts the server, waits for it and stops it.

It knows neither the content of the database nor its users.
"""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from agentctl.core.errors import SetupError
from agentctl.core.files.writing import write_atomically
from agentctl.sandbox.home import SUPERUSER, Home, complaint_in, identity, make_server_folder
from agentctl.sandbox.installation import find_reachable_installation
from agentctl.sandbox.locks import is_held, wait_until

_START_SECONDS = 60
_STOP_SECONDS = 10
RESET_HINT = "`agentctl sandbox reset` deletes the sandbox's data and starts again."
# Nothing of the caller's environment: neither its locale nor its PG* variables are meant for this server, and
# what runs as another user could be asked by all processes of that user for the secrets in it.
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "16MB",
    "max_connections": "100",
    # Survives the end of every process, at any instant; a power failure may cost the sandbox its data.
    "fsync": "off",
    "full_page_writes": "off",
    # Nothing outside the sandbox's folder is left behind.
    "dynamic_shared_memory_type": "mmap",
    "log_checkpoints": "off",
}


def initialise(home: Home) -> None:
    """Make the data folder anew, even if an interrupted start has left files there.

    Raises:
        SetupError: initdb failed; the message quotes it.
        OSError: the folder cannot be written.

    """
    remove_data(home)
    make_server_folder(home.data)
    # `write_access_rules` decides who may connect; the rules of initdb are not used.
    options = [
        "--auth-local=peer",
        "--auth-host=reject",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--no-instructions",
    ]
    unicode_case = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    program = find_reachable_installation(home) / "bin/initdb"
    done = subprocess.run(  # noqa: S603 - a program of ours
        [program, "-D", home.data, "-U", SUPERUSER, *options, *unicode_case],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=_ENVIRONMENT,
        **identity(),
    )
    if done.returncode != 0:
        raise SetupError(
            f"The sandbox's database could not be created in {home.folder}: {complaint_in(done.stderr)}",
            hint="Make sure that the disk has room, then run the same command again.",
        )


def remove_data(home: Home) -> None:
    """Remove the data folder and the file that marks it as complete.

    Raises:
        OSError: something cannot be removed.

    """
    home.webhook_port.unlink(missing_ok=True)
    if home.data.exists():
        shutil.rmtree(home.data)


def start(home: Home, *, lock: int) -> subprocess.Popen[bytes]:
    """Start the server; all of its processes hold the server's lock, the caller's descriptor `lock`.

    Raises:
        SetupError: nothing is installed.
        OSError: it cannot be executed.

    """
    # The lock proves that no other server is alive; these files may name an unrelated process by now.
    for stale in (home.data / "postmaster.pid", home.socket.with_name(f"{home.socket.name}.lock")):
        stale.unlink(missing_ok=True)
    write_access_rules(home)
    settings = _SETTINGS | {
        "unix_socket_directories": str(home.sockets),
        "hba_file": str(home.access_rules),
        "ident_file": str(home.user_map),
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    program = find_reachable_installation(home) / "bin/postgres"
    return subprocess.Popen(  # noqa: S603 - a program of ours
        [program, "-D", home.data, *options],
        stdin=subprocess.DEVNULL,
        stdout=2,  # the log; our own standard output is for the report
        pass_fds=[lock],
        cwd="/",
        env=_ENVIRONMENT,
        **identity(),
    )


def write_access_rules(home: Home) -> None:
    """Let the owner of the sandbox and root connect as any role; the kernel identifies who connects.

    The two files stand outside of the data folder, where the server's own user could change them, and are
    written at every start: a sandbox of an earlier version, which trusted everybody, has them from then on.

    Raises:
        SetupError: they cannot be written.

    """
    owner = pwd.getpwuid(os.geteuid()).pw_name
    people = "".join(f'sandbox "{name}" all\n' for name in dict.fromkeys((owner, "root")))
    write_atomically(home.access_rules, "local all all peer map=sandbox\n", mode=0o644)
    write_atomically(home.user_map, people, mode=0o644)


def guard(server: subprocess.Popen[bytes], home: Home) -> subprocess.Popen[bytes]:
    """Start a process that stops the server when this process is gone, even after SIGKILL.

    It waits for the end of its standard input, whose other end only this process holds.
    """
    script = 'read -r _; kill -INT "$1"'
    return subprocess.Popen(  # noqa: S603 - fixed text
        ["/bin/sh", "-c", script, "agentctl-sandbox-guard", str(server.pid), home.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_ENVIRONMENT,
        **identity(),
    )


def await_ready(server: subprocess.Popen[bytes], home: Home) -> None:
    """Wait until the server answers.

    Raises:
        SetupError: it ended, or takes too long.

    """
    status = home.data / "postmaster.pid"  # its last line says how far the start has come

    def settled() -> bool:
        return server.poll() is not None or _last_line(status) == "ready"

    if not wait_until(settled, seconds=_START_SECONDS) or server.returncode is not None:
        raise SetupError(
            f"The sandbox's PostgreSQL did not start: {home.last_words() or 'it said nothing'}",
            hint=f"{RESET_HINT} The whole log: {home.log}",
        )


def stop(server: subprocess.Popen[bytes], home: Home) -> None:
    """Stop the server, by force if need be, and return when it is gone."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(how)
        try:
            server.wait(_STOP_SECONDS)
            break
        except subprocess.TimeoutExpired:
            continue
    home.socket.unlink(missing_ok=True)


def end_leftover(home: Home) -> None:
    """Stop a server whose keeper and guard are gone.

    Raises:
        SetupError: it does not end.

    """

    def gone() -> bool:
        return not is_held(home.server_lock)

    # The guard acts on the keeper's death; a signal is needed only if the guard was killed as well.
    if wait_until(gone, seconds=1):
        return
    for how in ("INT", "QUIT", "KILL"):
        _signal_postmaster(home, how)
        if wait_until(gone, seconds=_STOP_SECONDS):
            return
    raise SetupError(
        f"A PostgreSQL of the sandbox in {home.folder} has lost its keeper process and does not stop.",
        hint=f"Stop it by hand; its process id is the first line of {home.data}/postmaster.pid.",
    )


def _signal_postmaster(home: Home, how: str) -> None:
    """Signal the process that the data folder names, with only the rights of the server's own user."""
    pid = _read_lines(home.data / "postmaster.pid")[:1]
    if pid and pid[0].isdigit():
        command = ["/bin/sh", "-c", 'kill -"$1" "$2"', "sh", how, pid[0]]
        silent, rights = subprocess.DEVNULL, identity()
        subprocess.run(command, check=False, stderr=silent, cwd="/", env=_ENVIRONMENT, **rights)  # noqa: S603 - fixed text


def _last_line(file: Path) -> str:
    return "".join(_read_lines(file)[-1:]).strip()


def _read_lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []
