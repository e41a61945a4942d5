"""Whose a path is: who else than this user and root could change what stands there.

It follows a path folder by folder and holds each one open, so that nobody can exchange a part of it between
the check and the use. It creates and writes nothing. The rules are those of ssh and git for owners and modes,
and those of the kernel's `protected_symlinks` for links, in every folder and on every kernel.
"""

import errno
import grp
import os
import pwd
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from agentctl.core.models import Reticent

_MOST_LINKS = 40  # as the kernel
_ROOT = 0
# Linux opens a folder that may be passed through but not listed; elsewhere it must be readable.
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_ACCESS_LIST = "system.posix_acl_access"


class NotOwn(PermissionError):
    """Somebody else than this user and root decides what stands at a path; `strerror` says who."""


class Folder(Struct, frozen=True):
    """A folder that is open.

    Attributes:
        descriptor: valid until the context that opened it ends.
        path: without links, for messages.

    """

    descriptor: int
    path: Path

    @property
    def status(self) -> os.stat_result:
        """Its owner and mode as they are now."""
        return os.fstat(self.descriptor)


class Location(Reticent, Struct, frozen=True):
    """What a path leads to: a name in an open folder.

    Attributes:
        folder: where it stands.
        name: in that folder; no link, unless `is_stream`.
        status: of what stands there; None where nothing does.
        folders: all folders on the way, the last one included.
        is_stream: whether it is a file that a process has open (`/dev/stdout`), which has no name of its own.

    """

    unsaid: ClassVar = frozenset({"folders"})

    folder: Folder
    name: str
    status: os.stat_result | None
    folders: tuple[Folder, ...]
    is_stream: bool = False

    @property
    def path(self) -> Path:
        """The path without links, for messages."""
        return self.folder.path / self.name


@contextmanager
def locate(path: Path) -> Iterator[Location]:
    """Yield what a path leads to, following only links that belong to this user or to root.

    Raises:
        NotOwn: another user's link is on the way.
        OSError: a folder on the way is missing or closed, or the links lead in a circle.

    """
    with ExitStack() as opened:
        yield _Walk(opened).follow(path)


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Yield a folder, reached as `locate` does.

    Raises:
        NotOwn: another user's link is on the way.
        OSError: it, or a folder on the way, is missing or closed, or is none.

    """
    with ExitStack() as opened:
        yield _Walk(opened).follow(path, ".").folder


class _Walk:
    """One way through the folders; each stays open until the stack is closed."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._folders: list[Folder] = []
        self._left: deque[str] = deque()
        self._links = 0

    def follow(self, path: Path, *more: str) -> Location:
        if not path.is_absolute():
            self._enter_folder(".", Path.cwd())
        self._left.extend((*path.parts, *more) or (".",))
        while True:
            name = self._left.popleft()
            location = self._take_step(name)
            if location is not None:
                return location

    def _take_step(self, name: str) -> Location | None:
        """Go one part further; return where that ends if it was the last part."""
        if name in {"/", ".", ".."}:
            self._enter_folder(name, self._path_of(name))
            return None if self._left else self._end_at(".")
        status = self._read_status(name)
        if status is not None and stat.S_ISLNK(status.st_mode):
            return self._follow_link(name, status)
        if not self._left:
            return self._end_at(name)
        self._enter_folder(name, self._path_of(name))
        return None

    def _path_of(self, name: str) -> Path:
        if name == "/":
            return Path(name)
        here = self._folders[-1].path
        return here if name == "." else here.parent if name == ".." else here / name

    def _follow_link(self, name: str, status: os.stat_result) -> Location | None:
        here = self._folders[-1]
        if not is_trusted(status.st_uid):
            whose = describe_user(status)
            raise NotOwn(errno.EACCES, f"{here.path / name} is a link that belongs to {whose}")
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(here.path / name))
        target = os.readlink(name, dir_fd=here.descriptor)
        if not _is_same_file(self._read_status(name), status):  # exchanged meanwhile
            raise NotOwn(errno.EACCES, f"{here.path / name} is changing")
        if _is_open_file(status, target):
            return self._pass_open_file(name, target)
        self._left.extendleft(reversed(Path(target).parts))
        return None

    def _pass_open_file(self, name: str, target: str) -> Location | None:
        """Follow what the kernel shows as a link, but whose text need not be a path."""
        here = self._folders[-1]
        if self._left:
            self._enter_folder(name, Path(target), follow=True)
            return None
        status = os.stat(name, dir_fd=here.descriptor)
        return Location(here, name, status, tuple(self._folders), is_stream=True)

    def _read_status(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._folders[-1].descriptor, follow_symlinks=False)
        except FileNotFoundError:
            if self._left:
                raise
            return None

    def _enter_folder(self, name: str, path: Path, *, follow: bool = False) -> None:
        flags = _FOLDER if follow else _FOLDER | os.O_NOFOLLOW
        above = self._folders[-1].descriptor if self._folders else None
        descriptor = os.open(name, flags, dir_fd=above)
        self._opened.callback(os.close, descriptor)
        self._folders.append(Folder(descriptor, path))

    def _end_at(self, name: str) -> Location:
        here = self._folders[-1]
        return Location(here, name, self._read_status(name), tuple(self._folders))


def _is_same_file(status: os.stat_result | None, other: os.stat_result) -> bool:
    return status is not None and (status.st_dev, status.st_ino) == (other.st_dev, other.st_ino)


def _is_open_file(status: os.stat_result, target: str) -> bool:
    """Tell whether a link is one of those in /proc/PID/fd, or /proc/PID/cwd and its like."""
    try:
        on_proc = status.st_dev == Path("/proc").stat().st_dev
    except OSError:  # there is none, on macOS for instance
        return False
    return on_proc and (target.startswith("/") or ":" in target)


def why_others_decide(path: Path) -> str | None:
    """Return who else than this user and root decides what stands at a path; None where nobody does.

    That is whoever owns the file, a link to it, or a folder on the way, and whoever may write to one of
    them. A folder in which everybody owns what they made (the sticky bit, as /tmp has it) is nobody's.

    Raises:
        OSError: it cannot be looked at.

    """
    try:
        with locate(path) as location:
            reasons = [why_not_own(folder.status, folder.path) for folder in location.folders]
            if location.status is not None:
                reasons.append(why_not_own(location.status, location.path))
    except NotOwn as link:
        return link.strerror
    return next((reason for reason in reasons if reason), None)


def why_not_own(status: os.stat_result, path: Path) -> str | None:
    """Return who else than this user and root may change a file or folder of that status; None for nobody.

    Args:
        status: of the file or folder itself.
        path: its path, for the message and for its access list.

    """
    if not is_trusted(status.st_uid):
        return f"{path} belongs to {describe_user(status)}"
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if sticky or not status.st_mode & (stat.S_IWOTH | stat.S_IWGRP) or _is_read_only(path):
        return None
    if status.st_mode & stat.S_IWOTH:
        return f"everyone may write to {path}"
    if _has_access_list(path):
        return f"an access list lets others write to {path}"
    if not _is_own_group(status.st_gid):
        return f"the group {_describe_group(status.st_gid)} may write to {path}"
    return None


def is_trusted(user: int) -> bool:
    """Tell whether a user id is this user's or root's."""
    return user in {_ROOT, os.geteuid()}


def _is_read_only(path: Path) -> bool:
    """Whether the file system is mounted so that nobody can write, as a ConfigMap of Kubernetes is."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _has_access_list(path: Path) -> bool:
    try:
        return hasattr(os, "listxattr") and _ACCESS_LIST in os.listxattr(path)
    except OSError:
        return False


def _is_own_group(group: int) -> bool:
    """Whether this user is in a group and, as far as this machine knows, nobody else but root is."""
    if group not in {os.getegid(), *os.getgroups()}:
        return False
    if group == _ROOT:
        return True
    try:
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:  # a number without a name, as containers have
        members = set()
    people = pwd.getpwall()
    members |= {person.pw_name for person in people if person.pw_gid == group}
    return members <= {person.pw_name for person in people if is_trusted(person.pw_uid)}


def describe_user(status: os.stat_result) -> str:
    """Return whose a file is, in words."""
    try:
        return f"the user {pwd.getpwuid(status.st_uid).pw_name}"
    except KeyError:
        return f"the user with the id {status.st_uid}"


def _describe_group(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
