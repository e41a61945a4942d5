"""Starts the sandbox for the first command that uses it, and stops it after the last.

The keeper, a process of its own, runs PostgreSQL, so that the end of one command never takes the sandbox away
from another.

Four locks in the sandbox's folder show who is there:

    start.lock   held while somebody starts or stops the sandbox; a starting keeper inherits it
    users.lock   shared by the commands; the keeper wants it alone, gets it after the last, and stops
    keeper.lock  held by the keeper
    server.lock  held by the keeper, and by PostgreSQL's processes, which may outlive it
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, cast

from agentctl.core.errors import Refused, SetupError
from agentctl.core.files.writing import open_to_append
from agentctl.sandbox import cluster
from agentctl.sandbox.home import Home, find_home, make_home_folder, make_socket_folder
from agentctl.sandbox.installation import find_installation
from agentctl.sandbox.locks import Lock, is_held, wait_until

_TURN_SECONDS = 90  # a first start on a slow machine
_STOP_SECONDS = 30

# Python needs these to find itself and agentctl; no secret of the command stays in the keeper.
_KEPT_VARIABLES = frozenset(
    {"DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH"}
)

Keeper = subprocess.Popen[bytes]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Yield the URL of the sandbox, which runs at least until the block ends.

    Raises:
        SetupError: it cannot be started; the message says why, the hint what to do.

    """
    home = find_home()
    with _explain_refusals(home):
        find_installation()
        make_home_folder(home)
        users = Lock(home.users_lock)
    keeper = None
    try:
        with _explain_refusals(home), _take_turn(home) as start:
            _become_user(users, home)
            keeper = _ensure_running(home, start)
        yield home.url()
    finally:
        # A sandbox that is slow to stop does not make a finished command fail.
        with contextlib.suppress(SetupError, OSError):
            _stop_using(home, users, keeper)


def reset() -> None:
    """Remove the sandbox's data; the next command that uses it makes it anew.

    Raises:
        Refused: other commands use it.
        SetupError: it does not stop, or its files cannot be removed.

    """
    home = find_home()
    with _explain_refusals(home):
        make_home_folder(home)
        with _take_turn(home):
            if not _is_last(Lock(home.users_lock)):
                raise Refused(
                    "Other commands are using the sandbox.",
                    hint="Wait until they have ended, or stop them, then reset it.",
                )
            _await_end(home)
            cluster.remove_data(home)


def _become_user(users: Lock, home: Home) -> None:
    """Become a user, after a keeper that is about to end."""
    if not wait_until(users.try_shared, seconds=_STOP_SECONDS):
        raise _make_stuck_error(home)


def _ensure_running(home: Home, start: Lock) -> Keeper | None:
    """Start a keeper unless one is at work; return it if it is ours."""
    # No keeper is in the middle of its start while this process has its turn.
    if is_held(home.keeper_lock) and home.socket.exists():
        return None
    if not wait_until(lambda: not is_held(home.keeper_lock), seconds=_STOP_SECONDS):
        raise _make_stuck_error(home)
    cluster.end_leftover(home)
    make_socket_folder(home)
    return _start_keeper(home, start)


def _start_keeper(home: Home, start: Lock) -> Keeper:
    if home.log.exists():
        home.log.replace(home.previous_log)
    with open_to_append(home.log) as log:  # for its owner alone: it may quote what is in the database
        keeper = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "agentctl.sandbox.keeper", str(home.folder), str(start.fd)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[start.fd],
            env={name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES},
            start_new_session=True,  # Ctrl-C is for the command
        )
    _await_report(keeper, home)
    return keeper


def _await_report(keeper: Keeper, home: Home) -> None:
    """Wait until the keeper says that everything is up, or why it is not."""
    with cast("IO[bytes]", keeper.stdout) as pipe:
        report = pipe.read()  # ends when the keeper lets go of it
    if not report:
        keeper.wait()
        raise SetupError(
            f"The sandbox did not start: {home.last_words() or 'its keeper was killed'}",
            hint=f"Run the same command again. The whole log: {home.log}",
        )
    trouble = json.loads(report)
    if trouble:
        keeper.wait()
        raise SetupError(trouble["message"], hint=trouble["hint"])


def _stop_using(home: Home, users: Lock, keeper: Keeper | None) -> None:
    """Stop being a user; the last one waits until no process of the sandbox is left."""
    with users, _take_turn(home):
        if _is_last(users):
            _await_end(home)
            if keeper:
                keeper.wait()  # else it would stay in the process table


def _is_last(users: Lock) -> bool:
    """Give up the share of a user, and return whether nobody else has one; the caller has its turn.

    If the keeper has taken the lock in between, nobody has a share either.
    """
    with users:
        return users.try_exclusive() or not users.try_shared()


def _await_end(home: Home) -> None:
    if not wait_until(lambda: not is_held(home.keeper_lock), seconds=_STOP_SECONDS):
        raise _make_stuck_error(home)
    cluster.end_leftover(home)


@contextlib.contextmanager
def _take_turn(home: Home) -> Iterator[Lock]:
    """Let one process at a time start or stop the sandbox."""
    with Lock(home.start_lock) as lock:
        if not wait_until(lock.try_exclusive, seconds=_TURN_SECONDS):
            raise _make_stuck_error(home)
        yield lock


@contextlib.contextmanager
def _explain_refusals(home: Home) -> Iterator[None]:
    """Turn errors of the operating system into advice for the operator."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise SetupError(
            f"The sandbox cannot use its folder {home.folder}: {error.strerror}{where}",
            hint="Set XDG_DATA_HOME to a folder that you can write to, "
            "or AGENTCTL_DATABASE_URL to a database.",
        ) from error


def _make_stuck_error(home: Home) -> SetupError:
    return SetupError(
        f"The sandbox in {home.folder} neither starts nor stops: {home.last_words() or 'its log is empty'}",
        hint="Look for its processes with `ps`: their command lines name that folder.",
    )
