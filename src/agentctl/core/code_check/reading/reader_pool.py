"""Reads many files at once, on all processors; reads a few files in this process.

It knows neither what a reading is nor what it is used for.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from types import TracebackType
from typing import Self

from agentctl.core.code_check.reading.file_reader import read_packed
from agentctl.core.code_check.reading.source_files import SourceFile
from agentctl.core.errors import SetupError

_MOST_READ_HERE = 150
"""Reading this many files takes less time than starting processes."""
_BATCH = 50
_PATIENCE = 1.0  # seconds; a batch takes a tenth of a second
_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ReaderPool:
    """Processes that read files; they start when there are many files, and end with the `with` block."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            # After Ctrl-C or an error, waiting batches are dropped; those that are being read take a moment.
            self._pool.shutdown(wait=kind is None, cancel_futures=True)
        for reader in active_children() if kind is not None else ():
            reader.join(_PATIENCE)
            if reader.is_alive():
                reader.kill()

    def read(self, files: Sequence[SourceFile]) -> Iterator[bytes]:
        """Yield the packed reading of each file, in order.

        Raises:
            SetupError: a reading process was killed.

        """
        if self._pool is None and len(files) > _MOST_READ_HERE:
            self._pool = _start_pool()
        if self._pool is None:
            yield from map(read_packed, files)
            return
        batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
        try:
            with _interrupts_held_back():
                read = self._pool.map(_read_batch, batches)
            for packed in read:
                yield from packed
        except BrokenProcessPool:
            msg = "A process that was reading the code was killed, perhaps for lack of memory."
            hint = "Run it again, or pass fewer folders to --code at once."
            raise SetupError(msg, hint=hint, code="reader_killed", retryable=True) from None


def _start_pool() -> ProcessPoolExecutor | None:
    """Return the started processes; None if there is one processor, or the system lacks locks."""
    processors = _count_processors()
    if processors == 1:
        return None
    # Not forked: readers must not inherit the threads and connections of this process.
    context = get_context("spawn")
    try:
        return ProcessPoolExecutor(processors, context, initializer=_end_with_parent)
    except (OSError, NotImplementedError):
        return None


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Start processes that never see Ctrl-C, which a terminal sends to all; this process gets it later.

    A mask is inherited by what is started, but holds for one thread: the system hands the signal to another
    (that of a progress bar), and Python interrupts the main one all the same. So the handlers wait, too.
    """
    arrived: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handlers = {cause: signal.getsignal(cause) for cause in _INTERRUPTING}
    for cause in (cause for cause, handler in handlers.items() if callable(handler)):
        signal.signal(cause, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for cause, handler in handlers.items():
            signal.signal(cause, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in arrived:
            signal.raise_signal(number)


def _end_with_parent() -> None:
    """End this process when its parent ends, even if the parent is killed."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _read_batch(files: Sequence[SourceFile]) -> list[bytes]:
    return [read_packed(file) for file in files]


def _count_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
