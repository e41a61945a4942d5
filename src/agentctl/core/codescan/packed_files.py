"""What the files of a project say, each read once: from what was kept of it, or on all processors.

It keeps what is read packed, and unpacks what is asked for. What stands in the files is no concern of its.
"""

import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from agentctl.core.codescan.cache import ReadingCache, key_of
from agentctl.core.codescan.reading import (
    SCRIPTS,
    may_matter,
    pack,
    read_packed,
    unpack_module,
    unpack_reading,
    unpack_value,
)
from agentctl.core.codescan.source_files import SourceFile
from agentctl.core.codescan.typescript.module import Module, read_returned
from agentctl.core.codescan.typescript.values import Value
from agentctl.core.codescan.uses import CodeReading

_FEW = 150
"""So many files are read faster than other processes are started."""
_BATCH = 50

Watch = Callable[[int], None]
"""Is told how many files are done."""


class PackedFiles:
    """The files of a project.

    Attributes:
        scripts: the names of TypeScript and JavaScript files that may hold chains.
        others: of SQL and Python files that may hold a statement.

    """

    def __init__(self, files: Sequence[SourceFile], cache: ReadingCache) -> None:
        self._files = {file.name: file for file in files}
        self._cache = cache
        self._keys: dict[str, bytes] = {}
        self._packed: dict[str, bytes] = {}
        self._modules: dict[str, Module] = {}
        self.scripts: list[str] = []
        self.others: list[str] = []
        for file in files:
            content = _content(file)
            self._keys[file.name] = _key(file, content)
            if may_matter(file, content):
                (self.scripts if file.language in SCRIPTS else self.others).append(file.name)

    @property
    def key(self) -> bytes:
        """The key of the whole: the same for the same files with the same content."""
        named = (name.encode() + key for name, key in sorted(self._keys.items()))
        return key_of(b"\0".join(named), "project")

    def read(self, watch: Watch) -> None:
        """Read every file that may matter."""
        known = {name: self._cache.get(self._keys[name]) for name in (*self.scripts, *self.others)}
        new = [self._files[name] for name, packed in known.items() if packed is None]
        self._packed = {name: packed for name, packed in known.items() if packed is not None}
        for done, packed in enumerate(_read_all(new)):
            watch(len(self._files) - len(new) + done)
            self._keep(new[done], packed)

    def reading(self, name: str) -> CodeReading:
        """Return what a SQL or Python file says."""
        return unpack_reading(self._packed[name])

    def module(self, name: str) -> Module | None:
        """Return what a script says, whether it was thought to matter or not; None of what is no script."""
        file = self._files.get(name)
        if name not in self._modules and file is not None and file.language in SCRIPTS:
            if name not in self._packed:
                self._read_late(file)
            self._modules[name] = unpack_module(self._packed[name])
        return self._modules.get(name)

    def returned(self, name: str, number: int) -> Value:
        """Return what a function of a script can return."""
        file = self._files[name]
        content = _content(file)
        key = key_of(b"%d\0%b" % (number, content), file.language)
        packed = self._cache.get(key) or pack(read_returned(content, file.language, number))
        self._cache.put(key, packed)
        return unpack_value(packed)

    def mentioning(self, words: Collection[str]) -> Iterator[str]:
        """Yield the names of the scripts that were not thought to matter and have one of these words."""
        wanted = [word.encode() for word in words]
        for name, file in self._files.items():
            if file.language in SCRIPTS and name not in self._packed:
                content = _content(file)
                if any(word in content for word in wanted):
                    yield name

    def _read_late(self, file: SourceFile) -> None:
        self._keep(file, self._cache.get(self._keys[file.name]) or read_packed(file))

    def _keep(self, file: SourceFile, packed: bytes) -> None:
        self._packed[file.name] = packed
        self._cache.put(self._keys[file.name], packed)


def _content(file: SourceFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError:  # it has gone, or nobody may read it: read_packed says the same
        return b""


def _key(file: SourceFile, content: bytes) -> bytes:
    # What is read off a script says nothing of its name; what is read off others does.
    named = b"" if file.language in SCRIPTS else f"{file.name}\0".encode()
    return key_of(named + content, file.language)


def _read_all(files: Sequence[SourceFile]) -> Iterator[bytes]:
    processors = _processors()
    if len(files) <= _FEW or processors == 1:
        yield from map(read_packed, files)
        return
    # Not forked: other threads and open connections of this process are none of a reader's business.
    pool = ProcessPoolExecutor(processors, get_context("spawn"), initializer=_leave_interrupts_alone)
    try:
        for packed in pool.map(_read_batch, _batches(files)):
            yield from packed
    finally:
        pool.shutdown(cancel_futures=True)


def _read_batch(files: Sequence[SourceFile]) -> list[bytes]:
    return [read_packed(file) for file in files]


def _batches(files: Sequence[SourceFile]) -> Iterable[Sequence[SourceFile]]:
    return (files[start : start + _BATCH] for start in range(0, len(files), _BATCH))


def _leave_interrupts_alone() -> None:
    """Ctrl-C goes to every process of a terminal; the one that started the readers ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
