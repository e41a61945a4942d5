"""Where agentctl keeps what it was not told a place for: this user's folders, even where HOME is another's.

`sudo` may leave HOME to the caller. What root made there would be in that user's way, and they decide what it
is: a link, or a file of theirs. Root's own home takes its place. It makes nothing.
"""

import os
import pwd
from pathlib import Path

import platformdirs

from agentctl.core.files.ownership import why_others_decide

_NAME = "agentctl"


def find_state_folder() -> Path:
    """Return the folder of the journal."""
    return _choose_folder(platformdirs.user_state_path(_NAME), ".local/state")


def find_cache_folder() -> Path:
    """Return the folder of what can be made again.

    Raises:
        RuntimeError: this user has no home.

    """
    return _choose_folder(platformdirs.user_cache_path(_NAME), ".cache")


def find_data_folder() -> Path:
    """Return the folder of results that had no other place."""
    return _choose_folder(platformdirs.user_data_path(_NAME), ".local/share")


def is_own(path: Path) -> bool:
    """Tell whether nobody but this user and root decides what stands at a path, or will stand there."""
    nearest = next((part for part in (path, *path.parents) if os.path.lexists(part)), Path())
    try:
        return why_others_decide(nearest) is None
    except OSError:
        return False


def _choose_folder(path: Path, usual: str) -> Path:
    if os.geteuid() != 0 or is_own(path):
        return path
    return Path(pwd.getpwuid(0).pw_dir) / usual / _NAME
