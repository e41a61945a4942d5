"""Reads each file of a project once: from the cache, or on all processors.

Readings stay packed until somebody asks for one. This module does not look at what the files say.
"""

import re
from collections.abc import Callable, Collection, Sequence

from agentctl.core.code_check.reading.cache import ReadingCache, key_of
from agentctl.core.code_check.reading.content import content_of
from agentctl.core.code_check.reading.file_reader import (
    SCRIPTS,
    may_matter,
    pack,
    read_packed,
    unpack_module,
    unpack_reading,
    unpack_value,
)
from agentctl.core.code_check.reading.reader_pool import ReaderPool
from agentctl.core.code_check.reading.source_files import SourceFile
from agentctl.core.code_check.reading.typescript.module import Module, read_returned
from agentctl.core.code_check.reading.typescript.values import Value
from agentctl.core.code_check.reading.uses import CodeReading

_WORDS = re.compile(rb"[\w$]+")

OnProgress = Callable[[int], None]
"""Called with the number of files that are done."""


class PackedFiles:
    """The files of a project.

    Attributes:
        scripts: the names of TypeScript and JavaScript files that may contain chains.
        others: the names of SQL and Python files that may contain statements.

    """

    def __init__(self, files: Sequence[SourceFile], cache: ReadingCache, readers: ReaderPool) -> None:
        self._files = {file.name: file for file in files}
        self._cache = cache
        self._readers = readers
        self._keys: dict[str, bytes] = {}
        self._packed: dict[str, bytes] = {}
        self._modules: dict[str, Module] = {}
        self._returned: dict[tuple[str, int], Value] = {}
        self.scripts: list[str] = []
        self.others: list[str] = []
        for file in files:
            content = content_of(file.path)
            self._keys[file.name] = _compute_key(file, content)
            if may_matter(file, content):
                (self.scripts if file.language in SCRIPTS else self.others).append(file.name)

    @property
    def key(self) -> bytes:
        """The key of the project: it is the same for the same files with the same content."""
        named = (name.encode() + key for name, key in sorted(self._keys.items()))
        return key_of(b"\0".join(named), "project")

    def read(self, on_progress: OnProgress) -> None:
        """Read every file that may matter."""
        new = self._take_known((*self.scripts, *self.others))
        for done, packed in enumerate(self._readers.read(new)):
            on_progress(len(self._files) - len(new) + done)
            self._keep_packed(new[done], packed)

    def _take_known(self, names: Sequence[str]) -> list[SourceFile]:
        """Take the readings of some files from the cache; return the files that it does not know."""
        known = {name: self._cache.get(self._keys[name]) for name in names}
        self._packed |= {name: packed for name, packed in known.items() if packed is not None}
        return [self._files[name] for name, packed in known.items() if packed is None]

    def reading(self, name: str) -> CodeReading:
        """Return the reading of a SQL or Python file."""
        return unpack_reading(self._packed[name])

    def module(self, name: str) -> Module | None:
        """Return the module of a script, reading it if necessary; None if the file is not a script."""
        file = self._files.get(name)
        if name not in self._modules and file is not None and file.language in SCRIPTS:
            if name not in self._packed and self._take_known([name]):
                self._keep_packed(file, read_packed(file))
            self._modules[name] = unpack_module(self._packed[name])
        return self._modules.get(name)

    def returned(self, name: str, number: int) -> Value:
        """Return the values that a function of a script can return."""
        if (name, number) not in self._returned:
            self._returned[name, number] = self._read_returned(self._files[name], number)
        return self._returned[name, number]

    def _read_returned(self, file: SourceFile, number: int) -> Value:
        content = content_of(file.path)
        key = key_of(b"%d\0%b" % (number, content), file.language)
        packed = self._cache.get(key) or pack(read_returned(content, file.language, number))
        self._cache.put(key, packed)
        return unpack_value(packed)

    def mentioning(self, words: Collection[str], *, besides: Collection[str]) -> list[str]:
        """Read the other scripts that contain one of these words, and return their names."""
        wanted = {word.encode() for word in words}
        names = [
            name
            for name, file in self._files.items()
            if file.language in SCRIPTS and name not in besides
            if not wanted.isdisjoint(_WORDS.findall(content_of(file.path)))
        ]
        new = self._take_known([name for name in names if name not in self._packed])
        for file, packed in zip(new, self._readers.read(new), strict=True):
            self._keep_packed(file, packed)
        return names

    def _keep_packed(self, file: SourceFile, packed: bytes) -> None:
        self._packed[file.name] = packed
        self._cache.put(self._keys[file.name], packed)


def _compute_key(file: SourceFile, content: bytes) -> bytes:
    # The reading of a script does not contain its name; other readings do.
    named = b"" if file.language in SCRIPTS else f"{file.name}\0".encode()
    return key_of(named + content, file.language)
