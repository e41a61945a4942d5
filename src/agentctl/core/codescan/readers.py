"""Reads many files at once, on all processors; a few are read where they are asked for.

What is read off a file, and what is done with it, is none of its business.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from agentctl.core.codescan.reading import read_packed
from agentctl.core.codescan.source_files import SourceFile

_FEW = 150
"""So many files are read faster than other processes are started."""
_BATCH = 50


class Readers:
    """Processes that read; none is started before there is much to read, and all end with the block."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def read(self, files: Sequence[SourceFile]) -> Iterator[bytes]:
        """Yield what each file says, in their order."""
        processors = _processors()
        if self._pool is None and (len(files) <= _FEW or processors == 1):
            yield from map(read_packed, files)
            return
        if self._pool is None:
            # Not forked: threads and open connections of this process are none of a reader's business.
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(processors, context, initializer=_leave_interrupts_alone)
        batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
        for packed in self._pool.map(_read_batch, batches):
            yield from packed


def _read_batch(files: Sequence[SourceFile]) -> list[bytes]:
    return [read_packed(file) for file in files]


def _leave_interrupts_alone() -> None:
    """Ctrl-C goes to every process of a terminal; the one that started the readers ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
