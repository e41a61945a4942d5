"""Reads a whole project: all files by themselves, then TypeScript's together, and gives what they do.

It decides nothing about the database, and never raises for what stands in a file.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.msgpack import Decoder
from msgspec.structs import replace

from agentctl.core.code_check.reading.cache import ReadingCache
from agentctl.core.code_check.reading.packed_files import PackedFiles, Watch
from agentctl.core.code_check.reading.readers import Readers
from agentctl.core.code_check.reading.reading import pack
from agentctl.core.code_check.reading.source_files import SourceFile, Sources
from agentctl.core.code_check.reading.typescript.calls import Chain
from agentctl.core.code_check.reading.typescript.chains import uses_of
from agentctl.core.code_check.reading.typescript.clients import is_supabase, schema_of
from agentctl.core.code_check.reading.typescript.folders import Looked
from agentctl.core.code_check.reading.typescript.linking import Linker
from agentctl.core.code_check.reading.typescript.resolution import ModuleResolver
from agentctl.core.code_check.reading.uses import CallUse, CodeReading, TableUse, Unparsed
from agentctl.core.location import Location

_ROUNDS = 4
"""Through so many functions, each calling the next one in another file, an argument is followed."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a project does with its database.

    Attributes:
        reading: all of it.
        statements: of how many a table or function was named.
        paths: of the files that were looked at, by the names that uses have for them.

    """

    reading: CodeReading
    statements: int
    paths: dict[str, Path]


def scan(sources: Sources, cache: ReadingCache, *, watch: Watch = lambda _: None) -> Scan:
    """Read all of these files.

    Args:
        sources: the files.
        cache: what was kept of them; it is brought up to date, and not saved.
        watch: is told how many files are done.

    """
    with Readers() as readers:
        packed = PackedFiles(sources.files, cache, readers)
        reading = _kept(packed, cache) or _read(packed, sources.files, cache, watch)
    unread = tuple(Unparsed(Location(one.name, 1, 1), one.why) for one in sources.unread)
    reading = replace(reading, unparsed=(*unread, *reading.unparsed))
    statements = {use.location for use in reading.uses if isinstance(use, TableUse | CallUse)}
    return Scan(reading, len(statements), {file.name: file.path for file in sources.files})


class _Kept(Struct, frozen=True, array_like=True):
    """What was read of a project when its files were the same, and what else it depends on."""

    looked: Looked
    reading: CodeReading


def _kept(packed: PackedFiles, cache: ReadingCache) -> CodeReading | None:
    payload = cache.get(packed.key)
    kept = Decoder(_Kept).decode(zlib.decompress(payload)) if payload is not None else None
    if kept is None or not kept.looked.is_unchanged():
        return None
    cache.keep_all()
    return kept.reading


def _read(
    packed: PackedFiles, files: tuple[SourceFile, ...], cache: ReadingCache, watch: Watch
) -> CodeReading:
    packed.read(watch)
    resolver = ModuleResolver(file.path for file in files)
    read = [*map(packed.reading, packed.others)]
    chains = _chains(packed, _linker(packed, files, resolver))
    read += (uses_of(chain, file=file) for file, chain in chains)
    read.append(CodeReading(unparsed=tuple(_not_understood(packed))))
    reading = _together(read)
    # Compressed, because the names of files are in it many times.
    cache.put(packed.key, zlib.compress(pack(_Kept(resolver.looked_at(), reading)), level=1))
    return reading


def _chains(packed: PackedFiles, linker: Linker) -> Iterator[tuple[str, Chain]]:
    """Yield the chains of supabase-js, each with its file, as their callers call them."""
    _find_callers(packed, linker)
    for name in packed.scripts:
        module = packed.module(name)
        for chain in linker.chains(name, module, is_supabase) if module is not None else ():
            if is_supabase(chain):
                yield name, chain if chain.schema else replace(chain, schema=schema_of(chain.client))


def _linker(packed: PackedFiles, files: tuple[SourceFile, ...], resolver: ModuleResolver) -> Linker:
    paths = {file.name: file.path for file in files}
    names = {file.path: file.name for file in files}

    def resolve(specifier: str, importer: str) -> str | None:
        found = resolver.resolve(specifier, paths[importer])
        return None if found is None else names.get(found)

    return Linker(packed.module, packed.returned, resolve)


def _find_callers(packed: PackedFiles, linker: Linker) -> None:
    """Tell the linker who calls functions that pass something on to a chain, and who calls those in turn."""
    known = list(packed.scripts)
    for _ in range(_ROUNDS):
        wanted = len(linker.wanted)
        modules = [(name, module) for name in known if (module := packed.module(name)) is not None]
        for _, module in modules:
            linker.want_callers(module)
        for name, module in modules:
            linker.add_callers(name, module)
        if len(linker.wanted) == wanted:
            break
        known += packed.mentioning(linker.wanted, besides=set(known))


def _not_understood(packed: PackedFiles) -> Iterator[Unparsed]:
    for name in packed.scripts:
        module = packed.module(name)
        if module is not None and module.error is not None:
            place = Location(name, module.error.line, module.error.column)
            yield Unparsed(place, "its grammar does not allow what stands here")


def _together(read: list[CodeReading]) -> CodeReading:
    """Return one reading; what several callers of one function lead to counts once."""
    return CodeReading(
        tuple(dict.fromkeys(use for one in read for use in one.uses)),
        tuple(dict.fromkeys(unresolved for one in read for unresolved in one.unresolved)),
        tuple(dict.fromkeys(unparsed for one in read for unparsed in one.unparsed)),
    )
