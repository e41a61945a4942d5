"""Finds the source files to read: files in supported languages, except what git or the operator excludes.

It lists files and reads none of them. It follows no links to folders, because they can lead in circles.
"""

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.code_check.reading.gitignore import FILE_NAME, Rules, is_ignored, read_rules, rules_above
from agentctl.core.errors import UsageError

LARGEST = 2 * 1024 * 1024
"""Bytes of the largest file that is read; larger ones are generated."""


class Language(StrEnum):
    """The language that a file is read as."""

    TYPESCRIPT = "typescript"
    TSX = "tsx"
    JAVASCRIPT = "javascript"
    COMPONENT = "component"
    SQL = "sql"
    PYTHON = "python"


_LANGUAGES = {
    ".ts": Language.TYPESCRIPT,
    ".mts": Language.TYPESCRIPT,
    ".cts": Language.TYPESCRIPT,
    ".tsx": Language.TSX,
    ".js": Language.JAVASCRIPT,
    ".jsx": Language.JAVASCRIPT,
    ".mjs": Language.JAVASCRIPT,
    ".cjs": Language.JAVASCRIPT,
    ".vue": Language.COMPONENT,
    ".svelte": Language.COMPONENT,
    ".sql": Language.SQL,
    ".py": Language.PYTHON,
}
_WITHOUT_CODE = (".d.ts", ".d.mts", ".d.cts", ".min.js", ".min.mjs", ".min.cjs")
_NEVER_ENTERED = frozenset({".git", "node_modules", ".yarn"})
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


class SourceFile(Struct, frozen=True):
    """A file to be read.

    Attributes:
        path: the absolute path.
        name: the path that findings show: relative to the current folder if the file is in it, else absolute.

    """

    path: Path
    name: str
    language: Language


class Unread(Struct, frozen=True):
    """A file or folder that exists but is not read.

    Attributes:
        name: as in a `SourceFile`.
        why: completes "It is not read: ...".

    """

    name: str
    why: str


class Sources(Struct, frozen=True):
    """Everything below the named paths, without repetition: in the order of the paths, each one sorted."""

    files: tuple[SourceFile, ...]
    unread: tuple[Unread, ...]


def find_sources(paths: Sequence[Path], *, exclude: Sequence[str] = ()) -> Sources:
    """Find the source files in folders; a file that is named itself is always taken, even if git ignores it.

    Args:
        paths: files and folders.
        exclude: patterns as in .gitignore, relative to the current folder; for a named folder outside the
            current one, relative to the named folder.

    Raises:
        UsageError: a path does not exist or may not be examined, or a file is in an unsupported language.

    """
    search = _Search(exclude)
    for path in paths:
        search.add(path)
    return Sources(tuple(search.files), tuple(search.unread))


def require_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that do not exist or may not be examined, before anything else is done.

    Raises:
        UsageError: a path does not exist or may not be examined.

    """
    for path in paths:
        _get_status(path)


def _get_status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError) as error:  # ValueError: the path has a zero byte
        why = "There is no" if isinstance(error, FileNotFoundError) else "You have no access to"
        msg = f"{why} {str(path)!r}."
        raise UsageError(msg) from None


def _detect_language(name: str) -> Language | None:
    if name.endswith(_WITHOUT_CODE):
        return None
    return _LANGUAGES.get(name[name.rfind(".") :].lower())


class _Folder(Struct, frozen=True):
    """A folder to enter, with its real path and the rules that apply to it."""

    path: str
    real: str
    rules: tuple[Rules, ...]

    def below(self, name: str) -> "_Folder":
        return _Folder(f"{self.path}/{name}", f"{self.real}/{name}", self.rules)


class _Search:
    def __init__(self, exclude: Sequence[str]) -> None:
        self.files: list[SourceFile] = []
        self.unread: list[Unread] = []
        self._exclude = exclude
        self._here = str(Path.cwd()).rstrip("/") + "/"
        self._seen: set[str] = set()

    def add(self, path: Path) -> None:
        """Add a file, or everything in a folder."""
        status = _get_status(path)
        absolute = os.path.abspath(path)  # noqa: PTH100 - a link keeps its name
        if S_ISDIR(status.st_mode):
            self._walk_folder(absolute)
        elif S_ISREG(status.st_mode) and (language := _LANGUAGES.get(path.suffix.lower())):
            self._take_file(absolute, os.path.realpath(absolute), language, status.st_size)
        else:
            msg = f"{str(path)!r} is neither a folder nor a file in a supported language."
            raise UsageError(msg, hint=f"Supported: {', '.join(_LANGUAGES)}.")

    def _walk_folder(self, root: str) -> None:
        """Walk through a folder without recursion: folders can be nested more deeply than calls."""
        base = self._here if root.startswith(self._here) else root
        excluded = (Rules(base, self._exclude),)
        waiting = [_Folder(root.rstrip("/"), os.path.realpath(root).rstrip("/"), rules_above(root))]
        while waiting:
            folder = waiting.pop()
            entries = self._list_entries(folder)
            names = {entry.name for entry in entries}
            if _VIRTUAL_ENVIRONMENT in names and folder.path != root:
                continue
            own = read_rules(folder.path, Path(folder.path, FILE_NAME)) if FILE_NAME in names else None
            folder = folder if own is None else replace(folder, rules=(*folder.rules, own))
            waiting += reversed([*self._sift_entries(folder, entries, excluded)])

    def _list_entries(self, folder: _Folder) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder.path or "/") as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._skip_path(folder.path, f"the folder cannot be read ({error.strerror})")
            return []

    def _sift_entries(
        self, folder: _Folder, entries: list[os.DirEntry[str]], excluded: tuple[Rules, ...]
    ) -> Iterator[_Folder]:
        """Take the source files of a folder, and yield its subfolders that are to be entered."""
        for entry in entries:
            name, language = entry.name, _detect_language(entry.name)
            below = entry.is_dir(follow_symlinks=False)
            if name in _NEVER_ENTERED or not (below or language):
                continue
            path = f"{folder.path}/{name}"
            if is_ignored(folder.rules, path, folder=below) or is_ignored(excluded, path, folder=below):
                continue
            if below:
                yield folder.below(name)
            elif language:
                self._take_entry(entry, folder, language)

    def _take_entry(self, entry: os.DirEntry[str], folder: _Folder, language: Language) -> None:
        try:
            status = entry.stat()
        except OSError:  # a link to nothing, or deleted in the meantime
            return
        if S_ISREG(status.st_mode):
            real = os.path.realpath(entry.path) if entry.is_symlink() else f"{folder.real}/{entry.name}"
            self._take_file(f"{folder.path}/{entry.name}", real, language, status.st_size)

    def _take_file(self, path: str, real: str, language: Language, size: int) -> None:
        if real in self._seen:
            return
        self._seen.add(real)
        if size > LARGEST:
            self._skip_path(path, f"it is larger than {LARGEST // 1024**2} MB")
        else:
            self.files.append(SourceFile(Path(path), self._make_name(path), language))

    def _skip_path(self, path: str, why: str) -> None:
        self.unread.append(Unread(self._make_name(path), why))

    def _make_name(self, path: str) -> str:
        name = path.removeprefix(self._here)
        return name.encode(errors="replace").decode() or "/"
