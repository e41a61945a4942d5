"""Locks that the kernel releases when their holder ends, however it ends.

A lock only shows who is alive; a lock file is never removed, and its content means nothing.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from agentctl.core.files.writing import open_lock

_POLL_SECONDS = 0.005


class Lock:
    """One opening of a lock file; processes that inherit `fd` hold the lock together."""

    def __init__(self, path: Path) -> None:
        self.fd = open_lock(path)
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock unless another process has inherited it; the second call does nothing."""
        if self._open:
            self._open = False
            os.close(self.fd)

    def try_exclusive(self) -> bool:
        """Take it alone, or return False; a shared lock held before may be lost either way."""
        return self._try_lock(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take it beside others, or return False because somebody has it alone."""
        return self._try_lock(fcntl.LOCK_SH)

    def exclusive(self) -> None:
        """Take it alone, however long that takes."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def _try_lock(self, kind: int) -> bool:
        try:
            fcntl.flock(self.fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_held(path: Path) -> bool:
    """Tell whether a process has that lock alone."""
    with Lock(path) as probe:
        return not probe.try_shared()


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Return True as soon as the condition holds, False when it did not within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
