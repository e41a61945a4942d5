"""Reads tsconfig.json and jsconfig.json: how a project names modules other than by a relative path.

It reads only `baseUrl`, `paths` and `extends`; `references` are other projects. A broken file counts as
absent.
"""

from collections.abc import Iterator, Mapping, Sequence
from os.path import normpath

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.code_check.reading.typescript.folders import Folders, list_upwards
from agentctl.core.code_check.reading.typescript.patterns import find_best_pattern

_NAMES = ("tsconfig.json", "jsconfig.json")
_OWN_FOLDER = "${configDir}"
_LONGEST_CHAIN = 16  # files that extend each other


class Project(Struct, frozen=True):
    """How a project names modules.

    Attributes:
        base: the folder that names are relative to; None without a `baseUrl`.
        paths: paths by pattern; None if the project has none.
        paths_base: the folder that the paths are relative to without a `baseUrl`.

    """

    base: str | None = None
    paths: Mapping[str, tuple[str, ...]] | None = None
    paths_base: str = "/"

    def list_paths(self, name: str) -> Iterator[str]:
        """Yield the possible paths of a module, without extension, in TypeScript's order."""
        paths = self.paths or {}
        best = find_best_pattern(paths, name)
        if best is not None:
            pattern, part = best
            for path in paths[pattern]:
                yield _join_path(self.base or self.paths_base, path.replace("*", part, 1))
        if self.base is not None:
            yield normpath(f"{self.base}/{name}")


class Projects:
    """The projects that files belong to."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._nearest: dict[str, Project] = {}

    def find_project(self, folder: str) -> Project:
        """Return the project that files in a folder belong to; an empty one if there is none."""
        if folder not in self._nearest:
            files = (f"{above.rstrip('/')}/{name}" for above in list_upwards(folder) for name in _NAMES)
            nearest = next((file for file in files if self._folders.read(file) is not None), None)
            self._nearest[folder] = Project() if nearest is None else self._read_merged(nearest, ())
        return self._nearest[folder]

    def _read_merged(self, file: str, extending: tuple[str, ...]) -> Project:
        """Return the project of a file and the files it extends; `extending` are the files that extend it."""
        content = self._folders.read(file)
        if content is None or file in extending or len(extending) > _LONGEST_CHAIN:
            return Project()
        chain, folder, project = (*extending, file), _folder_of(file), Project()
        for name in _list_texts(content.get("extends")):
            if (base := self._find_extended(name, folder)) is not None:
                project = _merge_over(project, self._read_merged(base, chain))
        return _merge_over(
            project, _read_own(content.get("compilerOptions"), folder, owner=_folder_of(chain[0]))
        )

    def _find_extended(self, name: str, folder: str) -> str | None:
        if name.startswith((".", "/")):
            candidates = [_join_path(folder, name)]
        else:
            candidates = [
                normpath(f"{above.rstrip('/')}/node_modules/{name}") for above in list_upwards(folder)
            ]
        files = (f"{path}{ending}" for path in candidates for ending in ("", ".json", "/tsconfig.json"))
        return next(filter(self._folders.has_file, files), None)


def _merge_over(project: Project, other: Project) -> Project:
    if other.base is not None:
        project = replace(project, base=other.base)
    if other.paths is not None:
        project = replace(project, paths=other.paths, paths_base=other.paths_base)
    return project


def _read_own(options: object, folder: str, *, owner: str) -> Project:
    """Return the project of one file alone; `owner` is the folder of the file that extends it."""
    settings = options if isinstance(options, dict) else {}
    base, paths = settings.get("baseUrl"), settings.get("paths")
    return Project(
        base=_join_path(folder, base.replace(_OWN_FOLDER, owner)) if isinstance(base, str) else None,
        paths={
            pattern: tuple(path.replace(_OWN_FOLDER, owner) for path in _list_texts(targets))
            for pattern, targets in paths.items()
        }
        if isinstance(paths, dict)
        else None,
        paths_base=folder,
    )


def _list_texts(value: object) -> Sequence[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _join_path(folder: str, path: str) -> str:
    return normpath(path if path.startswith("/") else f"{folder}/{path}")


def _folder_of(file: str) -> str:
    return file.rpartition("/")[0] or "/"
