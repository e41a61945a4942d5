"""Writes a file whole or not at all, so that nobody ever reads half of it.

It makes no folders, and does not say what the file is for: whoever asked for it does.
"""

import os
import shutil
from functools import partial
from pathlib import Path
from secrets import token_hex

from agentctl.core.errors import SetupError


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write a text file as UTF-8; one that was there keeps its permissions, and is replaced in one step.

    Args:
        path: where to.
        text: all of it.
        mode: permissions of a new file; None for the usual ones.

    A link stays a link; what is no regular file (`/dev/stdout`, a named pipe) is written to as it is.

    Raises:
        SetupError: it cannot be written.

    """
    try:
        _write(Path(os.path.realpath(path)), text.encode(errors="backslashreplace"), mode)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}."
        raise SetupError(msg, code="file_not_written") from None


def _write(target: Path, content: bytes, mode: int | None) -> None:
    there = target.exists()
    if there and not target.is_file():
        target.write_bytes(content)
        return
    new = target.with_name(f".agentctl-{token_hex(8)}")
    try:
        with open(new, "xb", opener=partial(os.open, mode=mode or 0o666)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if there and mode is None:
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
