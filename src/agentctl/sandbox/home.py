"""Decides in which folder the sandbox lives, and as which user its server runs.

It only makes missing folders, which belong to agentctl, and changes nothing that exists.
"""

import hashlib
import os
import pwd
import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from platformdirs import user_data_path

from agentctl.core.errors import SetupError
from agentctl.core.files.user_folders import is_own
from agentctl.core.files.writing import make_own_folder

DATABASE = "marketplace"
SUPERUSER = "postgres"
_PORT = 5432  # only names the socket's file; nothing listens on a network
_LONGEST_SOCKET_PATH = 103  # macOS; Linux has room for four more
_FOR_ROOT = Path("/var/lib/agentctl")  # where root's own folder is closed to the server's user


class Home(Struct, frozen=True):
    """The sandbox's folder, and the files in it.

    Attributes:
        folder: absolute, without symbolic links; may not exist yet.

    """

    folder: Path

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the sandbox, until that is done."""
        return self.folder / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by the commands that use the sandbox."""
        return self.folder / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper for as long as it lives."""
        return self.folder / "keeper.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the keeper and by every process of its PostgreSQL."""
        return self.folder / "server.lock"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def access_rules(self) -> Path:
        """PostgreSQL's pg_hba.conf: how it asks who connects."""
        return self.folder / "pg_hba.conf"

    @property
    def user_map(self) -> Path:
        """PostgreSQL's pg_ident.conf: which users of this machine it lets in."""
        return self.folder / "pg_ident.conf"

    @property
    def webhook_port(self) -> Path:
        """The port that the demo agents' rows name; written last, so it says that the data is complete."""
        return self.folder / "webhook_port"

    @property
    def log(self) -> Path:
        """The log of the keeper and of PostgreSQL."""
        return self.folder / "log"

    @property
    def previous_log(self) -> Path:
        """The log of the time before."""
        return self.folder / "log.previous"

    @property
    def sockets(self) -> Path:
        """The folder of PostgreSQL's Unix socket, which only the server's user may enter."""
        inside = self.folder / "socket"
        fits = len(os.fsencode(_socket_in(inside))) <= _LONGEST_SOCKET_PATH
        return inside if fits else Path("/tmp") / f"agentctl-{_hash_path(self.folder)}"  # noqa: S108 - verified to be ours

    @property
    def socket(self) -> Path:
        """The Unix socket; PostgreSQL removes it when it stops."""
        return _socket_in(self.sockets)

    def url(self, database: str = DATABASE) -> str:
        """Return the superuser's URL, the same after every start."""
        # The port is named because libpq would take another one from PGPORT.
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.sockets), safe='')}&port={_PORT}"

    def last_words(self) -> str:
        """Return the last complaint in the log, else its last line, else nothing."""
        try:
            return complaint_in(self.log.read_text(errors="replace"))
        except OSError:
            return ""


def complaint_in(text: str) -> str:
    """Return the last error in the output of PostgreSQL's programs, else its last line."""
    complaints = re.findall(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)", text)
    return (complaints or text.strip().split("\n"))[-1]


def find_home() -> Home:
    """Return the sandbox's home for this user and this HOME, without making it."""
    base = user_data_path("agentctl")
    if os.geteuid() != 0 or _fit_for_root(base):
        return Home(base.resolve() / "sandbox")
    return Home(_FOR_ROOT / _hash_path(base.resolve()))


def make_home_folder(home: Home) -> None:
    """Make the sandbox's folder, if it is missing.

    Raises:
        OSError: it cannot be made.

    """
    # The server's user must be able to enter folders that root makes; a user's own are for nobody else.
    make_own_folder(home.folder, mode=0o711 if server_user() else 0o700)


def make_socket_folder(home: Home) -> None:
    """Make the folder of the Unix socket, if it is missing; only for whoever holds the start lock.

    Raises:
        SetupError: somebody else has made it, and could put a socket of their own there.
        OSError: it cannot be made.

    """
    make_server_folder(home.sockets)
    user = server_user()
    folder = home.sockets.lstat()
    closed = stat.S_ISDIR(folder.st_mode) and not folder.st_mode & 0o077
    if not closed or folder.st_uid != (user.pw_uid if user else os.geteuid()):
        raise SetupError(
            f"{home.sockets} is not a private folder of the sandbox.",
            hint="Check who created it, and remove it.",
        )


def make_server_folder(folder: Path) -> None:
    """Make a folder that only the server's user may enter; its parent exists.

    Raises:
        SetupError: there is no user to run the server as.
        OSError: it cannot be made.

    """
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    user = server_user()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)


def server_user() -> pwd.struct_passwd | None:
    """Return the user as whom PostgreSQL runs if the caller is root, whom it refuses; else None.

    Raises:
        SetupError: there is no such user.

    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise SetupError(
            "The sandbox's PostgreSQL cannot run as root, and there is no user `nobody` to run it as.",
            hint="Run agentctl as an ordinary user, or set AGENTCTL_DATABASE_URL.",
        ) from None


def identity() -> dict[str, Any]:
    """Return the arguments that make subprocess run a program as the server's user."""
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def open_to_all(path: Path) -> bool:
    """Tell whether every user may enter all existing folders above a path."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in path.parents if part.exists())


def _fit_for_root(base: Path) -> bool:
    """Tell whether the user `nobody` can enter a folder that only root can change."""
    # With `sudo`, HOME may be the caller's: files of root would be in that user's way there.
    return is_own(base) and open_to_all(base.resolve() / "sandbox" / "data")


def _socket_in(folder: Path) -> Path:
    return folder / f".s.PGSQL.{_PORT}"


def _hash_path(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
