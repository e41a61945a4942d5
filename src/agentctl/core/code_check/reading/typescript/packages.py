"""Reads package.json files: finds the repository's packages by name, and the files that they export.

An installed package is somebody else's code; it is not a source, whatever its name.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from os.path import normpath

from msgspec import Struct

from agentctl.core.code_check.reading.typescript.folders import Folders, list_upwards
from agentctl.core.code_check.reading.typescript.patterns import find_best_pattern

_FILE = "package.json"
_ENTRIES = ("source", "types", "typings", "module", "main")


class Package(Struct, frozen=True):
    """A folder with a package.json.

    Attributes:
        content: the object in the package.json.

    """

    folder: str
    content: Mapping[str, object]

    def list_import_paths(self, name: str) -> tuple[str, ...]:
        """Return the paths of a name that only the package itself uses, such as `#lib/db`."""
        return self._list_paths(self.content.get("imports"), name)

    def list_export_paths(self, path: str) -> tuple[str, ...]:
        """Return the paths of an export; its name is `.` or begins with `./`."""
        exports = self.content.get("exports")
        by_path = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
        return self._list_paths(exports if by_path else {".": exports}, path)

    def list_entry_paths(self) -> Iterator[str]:
        """Yield the possible paths of the main file, sources first."""
        for key in _ENTRIES:
            path = self.content.get(key)
            if isinstance(path, str):
                yield normpath(f"{self.folder}/{path}")

    def _list_paths(self, targets: object, name: str) -> tuple[str, ...]:
        if not isinstance(targets, dict) or (best := find_best_pattern(targets, name)) is None:
            return ()
        pattern, part = best
        texts = (text.replace("*", part) for text in _list_texts(targets[pattern]))
        return tuple(normpath(f"{self.folder}/{text}") for text in texts if text.startswith("./"))


class Packages:
    """The packages that contain sources."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._packages = _map_by_name(filter(None, map(self.find_at, folders.with_sources())))

    def find_at(self, folder: str) -> Package | None:
        """Return the package of a folder; None if the folder has no package.json."""
        content = self._folders.read(f"{folder.rstrip('/')}/{_FILE}")
        return None if content is None else Package(folder, content)

    def find_around(self, folder: str) -> Package | None:
        """Return the nearest package that contains a folder."""
        return next(filter(None, map(self.find_at, list_upwards(folder))), None)

    def find_named(self, specifier: str, folder: str) -> tuple[Package, str] | None:
        """Return the package that a specifier means in a folder, and the path inside the package.

        None if the package is not in the repository, or if two folders have its name.
        """
        name, path = _split_specifier(specifier)
        package = self._packages.get(name)
        if package is None:
            return None
        installed = self._find_installed(name, folder)
        if installed is not None and os.path.realpath(installed) != os.path.realpath(package.folder):
            return None
        return package, path

    def _find_installed(self, name: str, folder: str) -> str | None:
        paths = (f"{above.rstrip('/')}/node_modules/{name}" for above in list_upwards(folder))
        return next(filter(self._folders.has_folder, paths), None)


def _map_by_name(packages: Iterable[Package]) -> dict[str, Package]:
    packages_by_name: dict[str, list[Package]] = {}
    for package in packages:
        name = package.content.get("name")
        if isinstance(name, str):
            packages_by_name.setdefault(name, []).append(package)
    return {name: several[0] for name, several in packages_by_name.items() if len(several) == 1}


def _split_specifier(specifier: str) -> tuple[str, str]:
    """Return the name of a package, and the path inside it: `.`, or a path that begins with `./`."""
    parts = specifier.split("/")
    length = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:length]), "/".join((".", *parts[length:]))


def _list_texts(target: object) -> Iterator[str]:
    """Yield every path of a target, for all conditions."""
    if isinstance(target, str):
        yield target
    elif isinstance(target, dict | list):
        for inner in target.values() if isinstance(target, dict) else target:
            yield from _list_texts(inner)
