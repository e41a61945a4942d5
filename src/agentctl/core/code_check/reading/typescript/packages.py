"""What package.json files say: the packages of the repository by their names, and names of a package's own.

A package that is installed is somebody else's code: it is no source, whatever its name.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os.path import normpath

from agentctl.core.code_check.reading.typescript.folders import Folders, upwards
from agentctl.core.code_check.reading.typescript.patterns import find_best_pattern

_FILE = "package.json"
_ENTRIES = ("source", "types", "typings", "module", "main")


@dataclass(frozen=True, slots=True)
class Package:
    """A folder with a package.json.

    Attributes:
        said: what stands in that.

    """

    folder: str
    content: Mapping[str, object]

    def list_import_paths(self, name: str) -> tuple[str, ...]:
        """Return the places of a name of the package's own, such as `#lib/db`."""
        return self._list_paths(self.content.get("imports"), name)

    def list_export_paths(self, path: str) -> tuple[str, ...]:
        """Return the places that it exports something from; the path is `.` or begins with `./`."""
        exports = self.content.get("exports")
        by_path = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
        return self._list_paths(exports if by_path else {".": exports}, path)

    def list_entry_paths(self) -> Iterator[str]:
        """Yield the places that it says its main file is at, those of sources first."""
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
    """The packages that the folders of sources are in."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._packages = _map_by_name(self._list_all())
        self._installed: dict[str, str | None] = {}

    def get_at(self, folder: str) -> Package | None:
        """Return the package whose folder this is."""
        content = self._folders.read(f"{folder.rstrip('/')}/{_FILE}")
        return None if content is None else Package(folder, content)

    def find_around(self, folder: str) -> Package | None:
        """Return the nearest package that a folder is in."""
        return next(
            (package for above in upwards(folder) if (package := self.get_at(above)) is not None), None
        )

    def find_named(self, specifier: str, folder: str) -> tuple[Package, str] | None:
        """Return the package that a module of a folder means by a name, and what it wants of it.

        None for a package that is none of the repository's, or that two folders claim to be.
        """
        name, path = _split_specifier(specifier)
        package = self._packages.get(name)
        if package is None:
            return None
        installed = self._find_installed(name, folder)
        if installed is not None and os.path.realpath(installed) != os.path.realpath(package.folder):
            return None
        return package, path

    def _list_all(self) -> Iterator[Package]:
        for folder in self._folders.with_sources():
            if (package := self.get_at(folder)) is not None:
                yield package

    def _find_installed(self, name: str, folder: str) -> str | None:
        for above in upwards(folder):
            path = f"{above.rstrip('/')}/node_modules/{name}"
            if self._folders.has_folder(path):
                return path
        return None


def _map_by_name(packages: Iterable[Package]) -> dict[str, Package]:
    packages_by_name: dict[str, list[Package]] = {}
    for package in packages:
        name = package.content.get("name")
        if isinstance(name, str):
            packages_by_name.setdefault(name, []).append(package)
    return {name: several[0] for name, several in packages_by_name.items() if len(several) == 1}


def _split_specifier(specifier: str) -> tuple[str, str]:
    """Return the name of a package, and the path in it: `.`, or one that begins with `./`."""
    parts = specifier.split("/")
    length = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:length]), "/".join((".", *parts[length:]))


def _list_texts(target: object) -> Iterator[str]:
    """Yield every text of a target: it may depend on conditions."""
    if isinstance(target, str):
        yield target
    elif isinstance(target, dict | list):
        for inner in target.values() if isinstance(target, dict) else target:
            yield from _list_texts(inner)
