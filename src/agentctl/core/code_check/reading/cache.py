"""Keeps what was read from files between runs, by the content of the files.

The cache saves time and changes no result: a cache that is missing, damaged or from another version counts as
empty, and a cache that cannot be written only makes the next run slower. It does not know what it keeps.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from msgspec import DecodeError
from msgspec.msgpack import Decoder, Encoder

from agentctl import __version__
from agentctl.core import location, sql
from agentctl.core.errors import SetupError
from agentctl.core.files.user_folders import find_cache_folder
from agentctl.core.files.writing import make_own_folder, written_whole

LARGEST = 64 * 1024 * 1024
"""Bytes of one cache; files whose readings do not fit are read again next time."""
_MOST_CACHES = 16  # one cache for each set of files; the oldest is deleted
_SIZE = 20  # bytes of a digest
_OVERHEAD = _SIZE + 8  # bytes that are stored with each reading
_PARSERS = ("pglast", "tree-sitter", "tree-sitter-javascript", "tree-sitter-typescript")
_NOWHERE = Path("/dev/null")


@cache
def _reader_version() -> bytes:
    """Return a digest of all readers and parsers, so that a reading is only used by those that made it."""
    digest = blake2b("".join((__version__, *map(_find_version, _PARSERS))).encode(), digest_size=_SIZE)
    for path in sorted(_list_readers()):
        digest.update(path.read_bytes())
    return digest.digest()


def _list_readers() -> Iterator[Path]:
    """Yield the modules that a reading depends on."""
    yield Path(location.__file__)
    for package in (Path(__file__), Path(sql.__file__)):
        yield from package.parent.rglob("*.py")


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # it was installed without metadata
        return ""


def key_of(content: bytes, language: str) -> bytes:
    """Return the key of a file's reading.

    Args:
        content: the content of the file.
        language: the language, and anything else that the reading depends on.

    """
    digest = blake2b(digest_size=_SIZE, key=_reader_version())
    digest.update(f"{len(language)} {language} ".encode(errors="surrogatepass"))
    digest.update(content)
    return digest.digest()


class ReadingCache:
    """The readings of the files below some folders.

    Args:
        path: the file that they are kept in.
        known: the readings of earlier runs, by their keys.

    """

    def __init__(self, path: Path, known: dict[bytes, bytes]) -> None:
        self._path = path
        self._known = known
        self._used: dict[bytes, bytes] = {}

    @classmethod
    def open(cls, roots: Sequence[Path], *, folder: Path | None = None) -> Self:
        """Open the cache that belongs to some files and folders.

        Args:
            roots: the files and folders as the user names them.
            folder: the folder with all caches; None for the user's cache folder.

        """
        path = (folder or _find_user_folder()) / _make_file_name(roots)
        return cls(path, _load_readings(path))

    def get(self, key: bytes) -> bytes | None:
        """Return the reading of a file, if there is one."""
        payload = self._known.get(key)
        if payload is not None:
            self._used[key] = payload
        return payload

    def put(self, key: bytes, payload: bytes) -> None:
        """Keep the reading of a file."""
        self._used[key] = payload

    def keep_all(self) -> None:
        """Keep all readings, including those that were not used in this run."""
        self._used = {**self._known, **self._used}

    def save(self) -> bool:
        """Write the readings that were used since the cache was opened; return False if that fails."""
        if self._used == self._known:
            return True
        body = Encoder().encode(_keep_what_fits(self._used))
        try:
            make_own_folder(self._path.parent)
            with written_whole(self._path, mode=0o600) as file:
                file.write(_compute_digest(body))
                file.write(body)
            _drop_oldest(self._path.parent)
        except (SetupError, OSError):
            return False
        return True


def _find_user_folder() -> Path:
    try:
        folder = find_cache_folder() / "code"
    except RuntimeError:  # this user has no home
        return _NOWHERE
    return folder if folder.is_absolute() else _NOWHERE  # old platformdirs invent a relative one


def _make_file_name(roots: Sequence[Path]) -> str:
    paths = sorted({os.fsencode(os.path.realpath(root)) for root in roots})
    return blake2b(b"\0".join(paths), digest_size=_SIZE).hexdigest()


def _load_readings(path: Path) -> dict[bytes, bytes]:
    try:
        content = path.read_bytes() if path.is_file() and path.stat().st_size <= LARGEST else b""
        body = memoryview(content)[_SIZE:]
        if content[:_SIZE] != _compute_digest(body):
            return {}
        return Decoder(dict[bytes, bytes]).decode(body)
    except (OSError, DecodeError):
        return {}


def _compute_digest(body: bytes | memoryview) -> bytes:
    return blake2b(body, digest_size=_SIZE, key=_reader_version()).digest()


def _keep_what_fits(readings: dict[bytes, bytes]) -> dict[bytes, bytes]:
    room = LARGEST - 2 * _OVERHEAD
    kept = {}
    for key, payload in readings.items():
        room -= len(payload) + _OVERHEAD
        if room < 0:
            break
        kept[key] = payload
    return kept


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=_read_change_time, reverse=True)
    for path in files[_MOST_CACHES:]:
        with contextlib.suppress(OSError):  # another run has just done it
            path.unlink()


def _read_change_time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0
