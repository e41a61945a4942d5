"""Writes a file whole or not at all, so that nobody ever reads half of it.

It makes no folders, and does not say what the file is for: whoever asked for it does.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from agentctl.core.errors import SetupError


def write_atomically(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write a text file as UTF-8; see `written_whole`."""
    with written_whole(path, mode=mode) as file:
        file.write(text.encode(errors="backslashreplace"))


@contextmanager
def written_whole(path: Path, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """Yield what to write a file to; one that was there is replaced in one step when the block ends well.

    Args:
        path: where to.
        mode: permissions of a new file; None for the usual ones, and for those of the file that is there.

    A link stays a link; what is no regular file (`/dev/stdout`, a named pipe) is written to as it is.

    Raises:
        SetupError: it cannot be written.

    """
    try:
        with _opened(Path(os.path.realpath(path)), mode) as file:
            yield file
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}."
        raise SetupError(msg, code="file_not_written") from None


@contextmanager
def _opened(target: Path, mode: int | None) -> Iterator[BinaryIO]:
    there = target.exists()
    if there and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    new = target.with_name(f".agentctl-{token_hex(8)}")
    try:
        with open(new, "xb", opener=partial(os.open, mode=mode or 0o666)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if there and mode is None:
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
