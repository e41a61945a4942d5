"""Finds the source file that an import means, by the rules that TypeScript, Node and bundlers share.

If they disagree, or the file is not a known source, there is no answer: a wrong file would be worse than
none. It runs nothing.
"""

from collections.abc import Iterable, Iterator
from os.path import normpath
from pathlib import Path

from agentctl.core.code_check.reading.typescript.folders import DiskState, Folders
from agentctl.core.code_check.reading.typescript.packages import Package, Packages
from agentctl.core.code_check.reading.typescript.projects import Projects

_EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx", ".js", ".jsx"),
    ".jsx": (".tsx", ".jsx"),
    ".mjs": (".mts", ".mjs"),
    ".cjs": (".cts", ".cjs"),
}
"""An import can name the compiled file; the source has another extension."""
_FOLDER_ENDINGS = ("/", "/.", "/..")


class ModuleResolver:
    """Finds the files of modules, and remembers every answer.

    Args:
        sources: the known TypeScript and JavaScript files, as absolute paths.

    """

    def __init__(self, sources: Iterable[Path]) -> None:
        self._sources = {str(path): path for path in sources}
        self._folders = Folders(self._sources)
        self._projects = Projects(self._folders)
        self._packages = Packages(self._folders)
        self._answers: dict[tuple[str, str], Path | None] = {}

    def resolve(self, specifier: str, importer: Path) -> Path | None:
        """Return the known source that a specifier means; None if there is none or it is ambiguous.

        Args:
            specifier: the specifier in the import.
            importer: the file with the import.

        """
        question = specifier, str(importer.parent)
        if question not in self._answers:
            file = self._find_file(*question)
            self._answers[question] = None if file is None else self._sources.get(file)
        return self._answers[question]

    def get_disk_state(self) -> DiskState:
        """Return the state of everything that the answers so far depend on."""
        return self._folders.get_disk_state()

    def _find_file(self, specifier: str, folder: str) -> str | None:
        if specifier in {".", ".."} or specifier.startswith(("./", "../")):
            return self._find_at(f"{folder}/{specifier}")
        if specifier.startswith("/"):  # on the disk or on a web server: tools disagree
            return None
        if specifier.startswith("#"):
            package = self._packages.find_around(folder)
            return self._find_only_source(package.list_import_paths(specifier)) if package else None
        paths = self._projects.find_project(folder).list_paths(specifier)
        in_project = next(filter(None, map(self._find_at, paths)), None)
        return in_project or self._find_in_package(specifier, folder)

    def _find_in_package(self, specifier: str, folder: str) -> str | None:
        match = self._packages.find_named(specifier, folder)
        if match is None:
            return None
        package, path = match
        if exported := self._find_only_source(package.list_export_paths(path)):
            return exported
        if path == ".":
            return self._find_main(package)
        return self._find_first_source((f"{package.folder}/{path}", f"{package.folder}/src/{path}"))

    def _find_at(self, path: str) -> str | None:
        """Return the file at a path such as `/app/db` or `/app/db.js`; a folder means its index."""
        whole = normpath(path)
        named = None if path.endswith(_FOLDER_ENDINGS) else self._find_file_at(whole)
        return named or self._find_in_folder(whole)

    def _find_file_at(self, path: str) -> str | None:
        return next(filter(self._folders.has_file, _list_spellings(path)), None)

    def _find_in_folder(self, folder: str) -> str | None:
        package = self._packages.find_at(folder)
        return self._find_main(package) if package else self._find_file_at(f"{folder}/index")

    def _find_main(self, package: Package) -> str | None:
        indexes = (f"{package.folder}/src/index", f"{package.folder}/index")
        return self._find_first_source((*package.list_entry_paths(), *indexes))

    def _find_first_source(self, paths: Iterable[str]) -> str | None:
        return next(self._find_sources_at(paths), None)

    def _find_only_source(self, paths: Iterable[str]) -> str | None:
        """Return the only source at the paths of several conditions; None if there are two sources."""
        sources = set(self._find_sources_at(paths))
        return sources.pop() if len(sources) == 1 else None

    def _find_sources_at(self, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            whole = normpath(path)
            file = self._find_file_at(whole) or self._find_file_at(f"{whole}/index")
            if file in self._sources:
                yield file


def _list_spellings(path: str) -> Iterator[str]:
    """Yield the names that a file can have, in TypeScript's order."""
    for extension in _EXTENSIONS:
        yield path + extension
    stem, dot, ending = path.rpartition(".")
    if dot and "/" not in ending:
        yield from (stem + extension for extension in _WRITTEN_AS.get(f".{ending}", (f".{ending}",)))
