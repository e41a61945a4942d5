"""Writes files, whole or not at all: the only module that opens one for writing.

A link is followed where it belongs to this user or to root, wherever it stands; another user's never is. A
file that is replaced is not written to: a new one takes its place in one step. Where everybody may put files
(/tmp), what belongs to another user is left alone. So the kernel's `protected_symlinks`, `protected_regular`
and `protected_fifos` would have it, whether they are switched on or not.

It does not say what a file is for: whoever asked for it does.
"""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from agentctl.core.errors import SetupError
from agentctl.core.files.ownership import (
    Location,
    NotOwn,
    describe_user,
    is_trusted,
    locate,
    open_folder,
    why_others_decide,
)

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ADD = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK_SECONDS = 5

Check = Callable[[Path], object]
"""Looks at a new file before it takes the old one's place; what it raises leaves the old one there."""


def write_atomically(path: Path, text: str, *, mode: int | None = None, check: Check | None = None) -> None:
    """Write a text file as UTF-8; see `written_whole`."""
    with written_whole(path, mode=mode, check=check) as file:
        file.write(text.encode(errors="backslashreplace"))


@contextmanager
def written_whole(path: Path, *, mode: int | None = None, check: Check | None = None) -> Iterator[BinaryIO]:
    """Yield what to write a file to, as `open_whole` does.

    Raises:
        SetupError: it cannot be written.

    """
    try:
        with open_whole(path, mode=mode, check=check) as file:
            yield file
    except OSError as error:
        foreign = isinstance(error, NotOwn)
        raise SetupError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Name another file, or check who put it there." if foreign else None,
            code="file_not_written",
        ) from None


@contextmanager
def open_whole(path: Path, *, mode: int | None = None, check: Check | None = None) -> Iterator[BinaryIO]:
    """Yield what to write a file to; one that was there is replaced in one step when the block ends well.

    Args:
        path: where to. What is no regular file (`/dev/stdout`, a named pipe) is written to as it is.
        mode: permissions; None for a new file's usual ones, and for those of an own file that is there.
        check: is given the new file before it is put there.

    Raises:
        NotOwn: a link or a file there is another user's.
        OSError: it cannot be written.

    """
    with locate(path) as location:
        status = location.status
        _refuse_foreign(location)
        if status is not None and (location.is_stream or not stat.S_ISREG(status.st_mode)):
            with _open_special(location) as file:
                yield file
            return
        if mode is None and status is not None and status.st_uid == os.geteuid():
            mode = stat.S_IMODE(status.st_mode)
        with _open_new(location, mode, check) as file:
            yield file


def _refuse_foreign(location: Location) -> None:
    """Refuse what somebody else has put where everybody may put files."""
    if location.status is None or location.is_stream or is_trusted(location.status.st_uid):
        return
    mode = location.folder.status.st_mode
    if mode & stat.S_IWOTH or (mode & stat.S_ISVTX and mode & stat.S_IWGRP):
        whose = describe_user(location.status)
        reason = f"{location.path} belongs to {whose}, and others may put files into its folder"
        raise NotOwn(errno.EACCES, reason)


@contextmanager
def _open_special(location: Location) -> Iterator[BinaryIO]:
    """Open a device, a pipe, or what a process has open already, and add to that."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_CLOEXEC
    flags |= 0 if location.is_stream else os.O_NOFOLLOW
    with os.fdopen(os.open(location.name, flags, dir_fd=location.folder.descriptor), "wb") as file:
        yield file


@contextmanager
def _open_new(location: Location, mode: int | None, check: Check | None) -> Iterator[BinaryIO]:
    folder, name = location.folder.descriptor, f".agentctl-{token_hex(8)}"
    descriptor = os.open(name, _NEW, 0o666 if mode is None else mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:  # whatever the umask
                os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(descriptor)
        if check is not None:
            check(location.folder.path / name)
        os.replace(name, location.name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, not even as a link.

    Raises:
        FileExistsError: something has that name.
        OSError: it cannot be written.

    """
    with open_folder(path.parent) as folder:
        descriptor = os.open(path.name, _NEW, 0o666, dir_fd=folder.descriptor)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def make_own_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make a folder and its missing parents; all that was there must be this user's or root's.

    Raises:
        NotOwn: somebody else decides what stands in one of them.
        OSError: one cannot be made.

    """
    if not os.path.lexists(folder):
        make_own_folder(folder.parent, mode=mode)
        with open_folder(folder.parent) as above, suppress(FileExistsError):
            os.mkdir(folder.name, mode, dir_fd=above.descriptor)
            _set_mode(above.descriptor, folder.name, mode)
    if reason := why_others_decide(folder):
        raise NotOwn(errno.EACCES, reason)


def _set_mode(folder: int, name: str, mode: int) -> None:
    """Give a new folder its mode, whatever the umask."""
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def append_line(path: Path, line: str, *, largest: int, kept: int) -> None:
    """Add a line to a file in a folder of this user's own, one process at a time.

    Args:
        path: of the file; its folder is made.
        line: without its end.
        largest: bytes after which the file becomes the first of the older ones, named `PATH.1`.
        kept: how many older ones there are.

    Raises:
        OSError: it cannot be written, or others decide what stands there.

    """
    from filelock import FileLock  # noqa: PLC0415 - few commands write

    make_own_folder(path.parent)
    content = f"{line}\n".encode()
    with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600):
        with suppress(FileNotFoundError):
            if path.lstat().st_size + len(content) > largest:
                _make_room(path, kept)
        with open_to_append(path) as file:
            file.write(content)


def _make_room(path: Path, kept: int) -> None:
    names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, kept + 1))]
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):
            newer.replace(older)


def open_to_append(path: Path) -> BinaryIO:
    """Open a file of this user's own folder to add to it; for its owner's eyes where it is new.

    Raises:
        OSError: it cannot be opened; a link never is.

    """
    return os.fdopen(os.open(path, _ADD, 0o600), "ab")


def open_lock(path: Path) -> int:
    """Return a descriptor of a file that is only there to be locked; a link is not followed.

    Raises:
        OSError: it cannot be opened or made.

    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def copy_for_all(source: Path, target: Path) -> None:
    """Copy a file or a whole folder to where nothing is yet, so that every user may read it.

    Raises:
        OSError: it cannot be read or written.

    """
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
    for path in (target, *target.rglob("*")):
        is_program = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if is_program else 0o644)
