"""What stands in a source file: UTF-8 without a byte order mark, and lines that end as readers count them.

It does not look at what the text says, and refuses none.
"""

import codecs
import os
from pathlib import Path

from agentctl.core.code_check.reading.source_files import LARGEST

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def content_of(path: Path) -> bytes:
    """Return a file's text; nothing of one that has gone in the meantime, or that nobody may read."""
    try:
        with path.open("rb") as file:
            # What the kernel makes up has no size, and some of it no end.
            content = file.read(min(os.fstat(file.fileno()).st_size, LARGEST))
    except OSError:
        return b""
    if content.startswith(_UTF_16):  # as some shells of Windows write what is redirected
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in content else content


def text_of(path: Path) -> str:
    """Return the same as text; what is no UTF-8 is replaced."""
    return content_of(path).decode(errors="replace")
