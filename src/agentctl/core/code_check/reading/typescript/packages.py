"""What package.json files say: the packages of the repository by their names, and names of a package's own.

A package that is installed is somebody else's code: it is no source, whatever its name.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os.path import normpath

from agentctl.core.code_check.reading.typescript.folders import Folders, upwards
from agentctl.core.code_check.reading.typescript.patterns import best_pattern

_FILE = "package.json"
_ENTRIES = ("source", "types", "typings", "module", "main")


@dataclass(frozen=True, slots=True)
class Package:
    """A folder with a package.json.

    Attributes:
        said: what stands in that.

    """

    folder: str
    said: Mapping[str, object]

    def own(self, name: str) -> tuple[str, ...]:
        """Return the places of a name of the package's own, such as `#lib/db`."""
        return self._places(self.said.get("imports"), name)

    def exported(self, path: str) -> tuple[str, ...]:
        """Return the places that it exports something from; the path is `.` or begins with `./`."""
        exports = self.said.get("exports")
        by_path = isinstance(exports, dict) and any(key.startswith(".") for key in exports)
        return self._places(exports if by_path else {".": exports}, path)

    def entries(self) -> Iterator[str]:
        """Yield the places that it says its main file is at, those of sources first."""
        for key in _ENTRIES:
            place = self.said.get(key)
            if isinstance(place, str):
                yield normpath(f"{self.folder}/{place}")

    def _places(self, targets: object, name: str) -> tuple[str, ...]:
        if not isinstance(targets, dict) or (found := best_pattern(targets, name)) is None:
            return ()
        pattern, part = found
        texts = (text.replace("*", part) for text in _texts(targets[pattern]))
        return tuple(normpath(f"{self.folder}/{text}") for text in texts if text.startswith("./"))


class Packages:
    """The packages that the folders of sources are in."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._named = _by_name(self._all())
        self._installed: dict[str, str | None] = {}

    def at(self, folder: str) -> Package | None:
        """Return the package whose folder this is."""
        said = self._folders.read(f"{folder.rstrip('/')}/{_FILE}")
        return None if said is None else Package(folder, said)

    def around(self, folder: str) -> Package | None:
        """Return the nearest package that a folder is in."""
        return next((found for above in upwards(folder) if (found := self.at(above)) is not None), None)

    def named(self, specifier: str, folder: str) -> tuple[Package, str] | None:
        """Return the package that a module of a folder means by a name, and what it wants of it.

        None for a package that is none of the repository's, or that two folders claim to be.
        """
        name, path = _split(specifier)
        package = self._named.get(name)
        if package is None:
            return None
        installed = self._installed_at(name, folder)
        if installed is not None and os.path.realpath(installed) != os.path.realpath(package.folder):
            return None
        return package, path

    def _all(self) -> Iterator[Package]:
        for folder in self._folders.with_sources():
            if (package := self.at(folder)) is not None:
                yield package

    def _installed_at(self, name: str, folder: str) -> str | None:
        for above in upwards(folder):
            place = f"{above.rstrip('/')}/node_modules/{name}"
            if self._folders.has_folder(place):
                return place
        return None


def _by_name(packages: Iterable[Package]) -> dict[str, Package]:
    found: dict[str, list[Package]] = {}
    for package in packages:
        name = package.said.get("name")
        if isinstance(name, str):
            found.setdefault(name, []).append(package)
    return {name: several[0] for name, several in found.items() if len(several) == 1}


def _split(specifier: str) -> tuple[str, str]:
    """Return the name of a package, and the path in it: `.`, or one that begins with `./`."""
    parts = specifier.split("/")
    length = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:length]), "/".join((".", *parts[length:]))


def _texts(target: object) -> Iterator[str]:
    """Yield every text of a target: it may depend on conditions."""
    if isinstance(target, str):
        yield target
    elif isinstance(target, dict | list):
        for inner in target.values() if isinstance(target, dict) else target:
            yield from _texts(inner)
