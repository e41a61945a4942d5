"""The sandbox's interface for the rest of the program: use it, find it, reset it.

Its import is cheap and works on every system; the modules behind it are imported when the sandbox is used.
"""

import sys
from contextlib import AbstractContextManager
from pathlib import Path

from agentctl.core.errors import SetupError


def running() -> AbstractContextManager[str]:
    """Return a context with the sandbox's database URL; the sandbox runs at least until the context ends.

    Raises:
        SetupError: on entering, if it cannot be started; the message says why, the hint what to do.

    """
    _insist_on_posix()
    from agentctl.sandbox import lifecycle  # noqa: PLC0415 - not on Windows

    return lifecycle.running()


def reset() -> None:
    """Remove the sandbox's data; the next command that uses it makes it anew.

    Raises:
        Refused: other commands use it.
        SetupError: it does not stop, or its files cannot be removed.

    """
    _insist_on_posix()
    from agentctl.sandbox import lifecycle  # noqa: PLC0415 - not on Windows

    lifecycle.reset()


def folder() -> Path:
    """Return the folder that the sandbox lives in, whether or not it exists yet.

    Raises:
        SetupError: there is no sandbox on this system.

    """
    _insist_on_posix()
    from agentctl.sandbox.home import find_home  # noqa: PLC0415 - not on Windows

    return find_home().folder


def _insist_on_posix() -> None:
    if sys.platform == "win32":
        raise SetupError(
            "The sandbox runs on Linux and macOS only.",
            hint="Set AGENTCTL_DATABASE_URL to a database of yours, or use WSL.",
        )
