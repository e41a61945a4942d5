"""Reads one file, and packs the reading so that the cache can keep it by the file's content.

It opens no other file. TypeScript becomes a `Module`, which linking completes; SQL and Python become uses at
once.
"""

from collections.abc import Callable

from msgspec.msgpack import Decoder, Encoder

from agentctl.core.code_check.reading.content import content_of
from agentctl.core.code_check.reading.python_reader import may_hold_sql, read_python
from agentctl.core.code_check.reading.source_files import Language, SourceFile
from agentctl.core.code_check.reading.sql_reader import read_sql
from agentctl.core.code_check.reading.typescript.finder import may_hold_calls
from agentctl.core.code_check.reading.typescript.module import Module, read_module
from agentctl.core.code_check.reading.typescript.values import Value
from agentctl.core.code_check.reading.uses import CodeReading

SCRIPTS = frozenset({Language.TYPESCRIPT, Language.TSX, Language.JAVASCRIPT, Language.COMPONENT})
pack = Encoder().encode
unpack_module = Decoder(Module).decode
unpack_value: Callable[[bytes], Value] = Decoder(Value).decode
unpack_reading = Decoder(CodeReading).decode


def may_matter(file: SourceFile, content: bytes) -> bool:
    """Return whether a file's text can contain a use at all; this is a quick test."""
    if file.language in SCRIPTS:
        return may_hold_calls(content)
    return file.language is Language.SQL or may_hold_sql(content)


def read_packed(file: SourceFile) -> bytes:
    """Return the packed reading of a file; that of an empty file if it has disappeared."""
    content = content_of(file.path)
    if file.language in SCRIPTS:
        return pack(read_module(content, file.language))
    text = content.decode(errors="replace")
    read = read_sql if file.language is Language.SQL else read_python
    return pack(read(text, file=file.name))
