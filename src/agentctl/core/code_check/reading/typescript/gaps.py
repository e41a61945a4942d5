"""Overwrites syntax that TypeScript allows and the grammars do not, with syntax that they understand.

Nothing that it overwrites is a value. It is only tried if a grammar has not understood a file.
"""

import re

_AMPERSAND = re.compile(rb"(?<!&)&(?![&=]|#?\w+;)")
_JSX_TEXT = re.compile(rb"(?<=[>}])[^<>{}`]*(?<!&)&(?!&)[^<>{}`]*(?=[<{])")
"""`Save & Exit`, between two tags."""
_TYPE_ARGUMENTS = re.compile(rb"(?<=\w)<(?=typeof import\(|[^<>()=`]*>`)[^<>`=]*>(?=[(`])")
"""`` sql<Run[]>`...` `` and `load<typeof import('./runs')>()`."""
_VISIBLE = re.compile(rb"[^\r\n]")


def fill_gaps(content: bytes) -> bytes:
    """Return a source in which every gap is filled; all other bytes stay the same and where they are."""
    content = _JSX_TEXT.sub(lambda text: _AMPERSAND.sub(b" ", text[0]), content)
    return _TYPE_ARGUMENTS.sub(_blank_arguments, content)


def _blank_arguments(arguments: re.Match[bytes]) -> bytes:
    blank = _VISIBLE.sub(b" ", arguments[0])
    return b"<T" + blank[2:-1] + b">"
