"""What was read off files, kept from run to run by their content.

It saves time and decides nothing: a cache that is missing, damaged or of another version is an empty one, and
one that cannot be written costs the next run its time. What the readings mean is the caller's.
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
"""Bytes of one cache: what does not fit is read again next time."""
_MOST_CACHES = 16  # caches, each of other files; the oldest goes
_SIZE = 20  # bytes of a digest
_OVERHEAD = _SIZE + 8  # bytes of a reading beside its own
_PARSERS = ("pglast", "tree-sitter", "tree-sitter-javascript", "tree-sitter-typescript")
_NOWHERE = Path("/dev/null")


@cache
def _reader_version() -> bytes:
    """Return what changes with every reader and parser, so that none is taken for another."""
    digest = blake2b("".join((__version__, *map(_find_version, _PARSERS))).encode(), digest_size=_SIZE)
    for path in sorted(_list_readers()):
        digest.update(path.read_bytes())
    return digest.digest()


def _list_readers() -> Iterator[Path]:
    """Yield the modules that a reading comes of."""
    yield Path(location.__file__)
    for package in (Path(__file__), Path(sql.__file__)):
        yield from package.parent.rglob("*.py")


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # it was installed without a note of it
        return ""


def key_of(content: bytes, language: str) -> bytes:
    """Return the key of a file's reading.

    Args:
        content: of the file.
        language: what it is read as, and whatever else its reading depends on.

    """
    digest = blake2b(digest_size=_SIZE, key=_reader_version())
    digest.update(f"{len(language)} {language} ".encode(errors="surrogatepass"))
    digest.update(content)
    return digest.digest()


class ReadingCache:
    """The readings of the files below some folders.

    Args:
        path: where they are kept.
        known: those of earlier runs, by their keys.

    """

    def __init__(self, path: Path, known: dict[bytes, bytes]) -> None:
        self._path = path
        self._known = known
        self._used: dict[bytes, bytes] = {}

    @classmethod
    def open(cls, roots: Sequence[Path], *, folder: Path | None = None) -> Self:
        """Open the cache of some files and folders; other ones have another.

        Args:
            roots: as they were named.
            folder: where caches lie; None for the user's own folder for such things.

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
        """Keep everything that is known, whether it was asked for or not."""
        self._used = {**self._known, **self._used}

    def save(self) -> bool:
        """Write what was used since it was opened, and nothing else; False where that cannot be done."""
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
    return folder if folder.is_absolute() else _NOWHERE  # and older versions of platformdirs make one up


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
