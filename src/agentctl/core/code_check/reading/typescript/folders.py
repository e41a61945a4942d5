"""Lists folders, each once: the known sources and whatever else is on the disk.

A file that exists but is not a known source counts too: a module's name can mean it, although it is not
read. Files and folders that are missing, unreadable or broken count as absent; they cause no error.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct, field

from agentctl.core.code_check.reading.typescript.jsonc import parse_jsonc

_INSTALLED = "node_modules"
_MATTERING = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json")
_LARGEST = 1024 * 1024  # bytes of a configuration


class _Entries(Struct):
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


class DiskState(Struct, frozen=True, array_like=True):
    """The folders and files that answers depend on.

    Attributes:
        state: a digest of their contents.

    """

    folders: tuple[str, ...]
    files: tuple[str, ...]
    state: bytes

    def is_unchanged(self) -> bool:
        """Return whether their contents are still the same."""
        return _compute_state(self.folders, self.files) == self.state


class Folders:
    """Folders by their absolute paths.

    Args:
        sources: absolute paths of files that exist in any case.

    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._seen: dict[str, _Entries] = {}
        self._contents: dict[str, Mapping[str, object] | None] = {}
        self._sources: dict[str, set[str]] = {}
        for path in sources:
            folder, _, name = path.rpartition("/")
            self._sources.setdefault(folder or "/", set()).add(name)

    def with_sources(self) -> Iterator[str]:
        """Yield each folder that contains a source, and each folder above it."""
        yielded: set[str] = set()
        for folder in self._sources:
            for above in list_upwards(folder):
                if above in yielded:
                    break
                yielded.add(above)
                yield above

    def has_file(self, path: str) -> bool:
        """Return whether there is a file at a path, or a link to one."""
        folder, _, name = path.rpartition("/")
        return name in self._list_entries(folder or "/").files

    def has_folder(self, path: str) -> bool:
        """Return whether there is a folder at a path, or a link to one."""
        folder, _, name = path.rpartition("/")
        return name in self._list_entries(folder or "/").folders

    def read(self, path: str) -> Mapping[str, object] | None:
        """Return the object in a JSON file; None if there is no such file or no object."""
        if path not in self._contents:
            self._contents[path] = _read_object(path) if self.has_file(path) else None
        return self._contents[path]

    def get_disk_state(self) -> "DiskState":
        """Return the folders and files that were read so far, and their state."""
        folders = tuple(sorted(self._seen))
        files = tuple(sorted(filter(self.has_file, self._contents)))
        return DiskState(folders, files, _compute_state(folders, files))

    def _list_entries(self, folder: str) -> _Entries:
        if folder not in self._seen:
            entries = self._seen[folder] = _Entries(set(self._sources.get(folder, ())))
            try:
                with os.scandir(folder) as scanned:
                    for entry in scanned:
                        (entries.folders if entry.is_dir() else entries.files).add(entry.name)
            except (OSError, ValueError):  # ValueError: the name has a zero byte
                pass
        return self._seen[folder]


def list_upwards(folder: str) -> Iterator[str]:
    """Yield a folder and the folders above it, the nearest first."""
    while folder not in {"", "/"}:
        yield folder
        folder = folder.rpartition("/")[0]
    yield "/"


def _compute_state(folders: Iterable[str], files: Iterable[str]) -> bytes:
    digest = blake2b(digest_size=20)
    for folder in folders:
        with suppress(OSError, ValueError):
            names = os.listdir(folder)  # noqa: PTH208 - there are many paths, and strings are faster
            mattering = sorted(name for name in names if _can_matter(name, folder))
            digest.update("\0".join(mattering).encode(errors="surrogateescape"))
        digest.update(b"\0\0")
    for file in files:
        with suppress(OSError, ValueError):
            digest.update(Path(file).read_bytes())
        digest.update(b"\0\0")
    return digest.digest()


def _can_matter(name: str, folder: str) -> bool:
    """Return whether a module's name can mean this entry: other entries come and go all the time."""
    return name.endswith(_MATTERING) or _INSTALLED in {name, folder.rpartition("/")[2]}


def _read_object(path: str) -> Mapping[str, object] | None:
    try:
        if os.stat(path).st_size > _LARGEST:  # noqa: PTH116 - there are many paths, and strings are faster
            return None
        content = parse_jsonc(Path(path).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
