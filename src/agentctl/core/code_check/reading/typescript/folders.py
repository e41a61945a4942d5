"""What lies in folders, looked at once each: the sources that are known, and whatever else is on the disk.

A file that is there but is no known source counts, too: it is what a module's name means, although nobody
reads it. Nothing here raises for what is missing, closed or broken: it counts as absent.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from agentctl.core.code_check.reading.typescript.jsonc import parse_jsonc

_INSTALLED = "node_modules"
_MATTERING = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
_LARGEST = 1024 * 1024  # bytes of a configuration


@dataclass(slots=True)
class _Entries:
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


class DiskState(Struct, frozen=True, array_like=True):
    """Folders and files that answers depend on.

    Attributes:
        state: what was in them, as a digest.

    """

    folders: tuple[str, ...]
    files: tuple[str, ...]
    state: bytes

    def is_unchanged(self) -> bool:
        """Whether the same is in them now."""
        return _compute_state(self.folders, self.files) == self.state


class Folders:
    """Folders by their absolute paths.

    Args:
        sources: absolute paths of files that are there in any case.

    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._seen: dict[str, _Entries] = {}
        self._read: dict[str, Mapping[str, object] | None] = {}
        self._sources: dict[str, set[str]] = {}
        for path in sources:
            folder, _, name = path.rpartition("/")
            self._sources.setdefault(folder or "/", set()).add(name)

    def with_sources(self) -> Iterator[str]:
        """Yield each folder that a source is in, or that such a folder is in."""
        yielded: set[str] = set()
        for folder in self._sources:
            for above in upwards(folder):
                if above in yielded:
                    break
                yielded.add(above)
                yield above

    def has_file(self, path: str) -> bool:
        """Whether there is a file, or a link to one."""
        folder, _, name = path.rpartition("/")
        return name in self._list_entries(folder or "/").files

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder, or a link to one."""
        folder, _, name = path.rpartition("/")
        return name in self._list_entries(folder or "/").folders

    def read(self, path: str) -> Mapping[str, object] | None:
        """Return the object in a JSON file; None where there is no such thing."""
        if path not in self._read:
            self._read[path] = _read_object(path) if self.has_file(path) else None
        return self._read[path]

    def get_disk_state(self) -> "DiskState":
        """Return what has been looked at so far, and what was there."""
        folders = tuple(sorted(self._seen))
        files = tuple(sorted(path for path in self._read if self.has_file(path)))
        return DiskState(folders, files, _compute_state(folders, files))

    def _list_entries(self, folder: str) -> _Entries:
        if folder not in self._seen:
            entries = self._seen[folder] = _Entries(set(self._sources.get(folder, ())))
            try:
                with os.scandir(folder) as scanned:
                    for entry in scanned:
                        (entries.folders if entry.is_dir() else entries.files).add(entry.name)
            except (OSError, ValueError):  # ValueError: a zero byte in its name
                pass
        return self._seen[folder]


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those that it is in, the nearest first."""
    while folder not in {"", "/"}:
        yield folder
        folder = folder.rpartition("/")[0]
    yield "/"


def _compute_state(folders: Iterable[str], files: Iterable[str]) -> bytes:
    digest = blake2b(digest_size=20)
    for folder in folders:
        with suppress(OSError, ValueError):
            names = os.listdir(folder)  # noqa: PTH208 - paths are texts here: there are many
            mattering = sorted(name for name in names if _can_matter(name, folder))
            digest.update("\0".join(mattering).encode(errors="surrogateescape"))
        digest.update(b"\0\0")
    for file in files:
        with suppress(OSError, ValueError):
            digest.update(Path(file).read_bytes())
        digest.update(b"\0\0")
    return digest.digest()


def _can_matter(name: str, folder: str) -> bool:
    """Whether a module's name can depend on this: there are folders in which much else comes and goes."""
    return name.endswith(_MATTERING) or _INSTALLED in {name, folder.rpartition("/")[2]}


def _read_object(path: str) -> Mapping[str, object] | None:
    try:
        if os.stat(path).st_size > _LARGEST:  # noqa: PTH116 - paths are texts here: there are many
            return None
        content = parse_jsonc(Path(path).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
