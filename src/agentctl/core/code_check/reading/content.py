"""Reads the text of a source file: UTF-8 without a byte order mark, and with line feeds as line ends.

It does not look at what the text says, and refuses no text.
"""

import codecs
import os
from pathlib import Path

from agentctl.core.code_check.reading.source_files import LARGEST

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def content_of(path: Path) -> bytes:
    """Return a file's text; an empty one if the file has disappeared or may not be read."""
    try:
        with path.open("rb") as file:
            # Files of the kernel have no size, and some of them have no end.
            content = file.read(min(os.fstat(file.fileno()).st_size, LARGEST))
    except OSError:
        return b""
    if content.startswith(_UTF_16):  # some Windows shells write redirected output like this
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content


def text_of(path: Path) -> str:
    """Return a file's content as text; bytes that are not UTF-8 are replaced."""
    return content_of(path).decode(errors="replace")
