"""Which source file an import means, as TypeScript, Node and bundlers agree on it; nothing is run.

What they do not agree on, or what is no known source, is nothing: a wrong file would be worse than none.
"""

from collections.abc import Iterable, Iterator
from os.path import normpath
from pathlib import Path

from agentctl.core.code_check.reading.typescript.folders import Folders, Looked
from agentctl.core.code_check.reading.typescript.packages import Package, Packages
from agentctl.core.code_check.reading.typescript.projects import Projects

_EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx", ".js", ".jsx"),
    ".jsx": (".tsx", ".jsx"),
    ".mjs": (".mts", ".mjs"),
    ".cjs": (".cts", ".cjs"),
}
"""An import may name what will be compiled; the source is called otherwise."""
_FOLDER_ENDINGS = ("/", "/.", "/..")


class ModuleResolver:
    """Finds the files of modules; every question is answered once and remembered.

    Args:
        sources: the TypeScript and JavaScript files that are known, by absolute paths.

    """

    def __init__(self, sources: Iterable[Path]) -> None:
        self._sources = {str(path): path for path in sources}
        self._folders = Folders(self._sources)
        self._projects = Projects(self._folders)
        self._packages = Packages(self._folders)
        self._answers: dict[tuple[str, str], Path | None] = {}

    def resolve(self, specifier: str, importer: Path) -> Path | None:
        """Return the known source that a module means by a specifier; None where that is none, or not clear.

        Args:
            specifier: as it stands in the import.
            importer: the file that it stands in.

        """
        question = specifier, str(importer.parent)
        if question not in self._answers:
            found = self._found(*question)
            self._answers[question] = None if found is None else self._sources.get(found)
        return self._answers[question]

    def looked_at(self) -> Looked:
        """Return what its answers so far depend on."""
        return self._folders.looked_at()

    def _found(self, specifier: str, folder: str) -> str | None:
        if specifier in {".", ".."} or specifier.startswith(("./", "../")):
            return self._at(f"{folder}/{specifier}")
        if specifier.startswith("/"):  # of the disk, or of a web server: nobody agrees
            return None
        if specifier.startswith("#"):
            package = self._packages.around(folder)
            return self._only_source(package.own(specifier)) if package else None
        places = self._projects.of(folder).places(specifier)
        in_project = next(filter(None, map(self._at, places)), None)
        return in_project or self._in_package(specifier, folder)

    def _in_package(self, specifier: str, folder: str) -> str | None:
        found = self._packages.named(specifier, folder)
        if found is None:
            return None
        package, path = found
        if exported := self._only_source(package.exported(path)):
            return exported
        if path == ".":
            return self._main(package)
        return self._first_source((f"{package.folder}/{path}", f"{package.folder}/src/{path}"))

    def _at(self, place: str) -> str | None:
        """Return the file at a place, `/app/db` or `/app/db.js`, which may be a folder with an index."""
        whole = normpath(place)
        named = None if place.endswith(_FOLDER_ENDINGS) else self._file_at(whole)
        return named or self._of_folder(whole)

    def _file_at(self, place: str) -> str | None:
        return next((file for file in _spellings(place) if self._folders.has_file(file)), None)

    def _of_folder(self, folder: str) -> str | None:
        package = self._packages.at(folder)
        return self._main(package) if package else self._file_at(f"{folder}/index")

    def _main(self, package: Package) -> str | None:
        indexes = (f"{package.folder}/src/index", f"{package.folder}/index")
        return self._first_source((*package.entries(), *indexes))

    def _first_source(self, places: Iterable[str]) -> str | None:
        return next(self._sources_at(places), None)

    def _only_source(self, places: Iterable[str]) -> str | None:
        """Return the source that all places lead to which lead to one: they are for several conditions."""
        found = set(self._sources_at(places))
        return found.pop() if len(found) == 1 else None

    def _sources_at(self, places: Iterable[str]) -> Iterator[str]:
        for place in places:
            whole = normpath(place)
            file = self._file_at(whole) or self._file_at(f"{whole}/index")
            if file in self._sources:
                yield file


def _spellings(place: str) -> Iterator[str]:
    """Yield the names that a file may have, in the order in which TypeScript looks for them."""
    for extension in _EXTENSIONS:
        yield place + extension
    stem, dot, ending = place.rpartition(".")
    if dot and "/" not in ending:
        yield from (stem + extension for extension in _WRITTEN_AS.get(f".{ending}", (f".{ending}",)))
