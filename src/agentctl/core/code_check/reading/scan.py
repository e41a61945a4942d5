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
from agentctl.core.code_check.reading.file_reader import pack
from agentctl.core.code_check.reading.packed_files import PackedFiles, Watch
from agentctl.core.code_check.reading.reader_pool import ReaderPool
from agentctl.core.code_check.reading.source_files import SourceFile, Sources
from agentctl.core.code_check.reading.typescript.calls import Chain
from agentctl.core.code_check.reading.typescript.chains import uses_of
from agentctl.core.code_check.reading.typescript.clients import is_supabase, schema_of
from agentctl.core.code_check.reading.typescript.folders import DiskState
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
    with ReaderPool() as readers:
        packed = PackedFiles(sources.files, cache, readers)
        reading = _load_kept(packed, cache) or _read_project(packed, sources.files, cache, watch)
    unread = tuple(Unparsed(Location(file.name, 1, 1), file.why) for file in sources.unread)
    reading = replace(reading, unparsed=(*unread, *reading.unparsed))
    statements = {use.location for use in reading.uses if isinstance(use, TableUse | CallUse)}
    return Scan(reading, len(statements), {file.name: file.path for file in sources.files})


class _KeptScan(Struct, frozen=True, array_like=True):
    """What was read of a project when its files were the same, and what else it depends on."""

    looked: DiskState
    reading: CodeReading


def _load_kept(packed: PackedFiles, cache: ReadingCache) -> CodeReading | None:
    payload = cache.get(packed.key)
    kept = Decoder(_KeptScan).decode(zlib.decompress(payload)) if payload is not None else None
    if kept is None or not kept.looked.is_unchanged():
        return None
    cache.keep_all()
    return kept.reading


def _read_project(
    packed: PackedFiles, files: tuple[SourceFile, ...], cache: ReadingCache, watch: Watch
) -> CodeReading:
    packed.read(watch)
    resolver = ModuleResolver(file.path for file in files)
    readings = [*map(packed.reading, packed.others)]
    chains = _list_chains(packed, _make_linker(packed, files, resolver))
    readings += (uses_of(chain, file=file) for file, chain in chains)
    readings.append(CodeReading(unparsed=tuple(_list_unparsed(packed))))
    reading = _merge_readings(readings)
    # Compressed, because the names of files are in it many times.
    cache.put(packed.key, zlib.compress(pack(_KeptScan(resolver.get_disk_state(), reading)), level=1))
    return reading


def _list_chains(packed: PackedFiles, linker: Linker) -> Iterator[tuple[str, Chain]]:
    """Yield the chains of supabase-js, each with its file, as their callers call them."""
    _find_callers(packed, linker)
    for name in packed.scripts:
        module = packed.module(name)
        for chain in linker.chains(name, module, is_supabase) if module is not None else ():
            if is_supabase(chain):
                yield name, chain if chain.schema else replace(chain, schema=schema_of(chain.client))


def _make_linker(packed: PackedFiles, files: tuple[SourceFile, ...], resolver: ModuleResolver) -> Linker:
    paths = {file.name: file.path for file in files}
    names = {file.path: file.name for file in files}

    def resolve(specifier: str, importer: str) -> str | None:
        path = resolver.resolve(specifier, paths[importer])
        return None if path is None else names.get(path)

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


def _list_unparsed(packed: PackedFiles) -> Iterator[Unparsed]:
    for name in packed.scripts:
        module = packed.module(name)
        if module is not None and module.error is not None:
            location = Location(name, module.error.line, module.error.column)
            yield Unparsed(location, "its language's grammar does not allow it")


def _merge_readings(readings: list[CodeReading]) -> CodeReading:
    """Return one reading; what several callers of one function lead to counts once."""
    return CodeReading(
        tuple(dict.fromkeys(use for reading in readings for use in reading.uses)),
        tuple(dict.fromkeys(unresolved for reading in readings for unresolved in reading.unresolved)),
        tuple(dict.fromkeys(unparsed for reading in readings for unparsed in reading.unparsed)),
    )
