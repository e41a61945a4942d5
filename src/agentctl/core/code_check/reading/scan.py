"""Reads a whole project: first each file by itself, then the TypeScript files together.

It does not know whether the database agrees, and never raises an error because of a file's content.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.msgpack import Decoder
from msgspec.structs import replace

from agentctl.core.code_check.reading.cache import ReadingCache
from agentctl.core.code_check.reading.file_reader import pack
from agentctl.core.code_check.reading.packed_files import OnProgress, PackedFiles
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
"""How many calls an argument is followed through, from function to function and file to file."""


class Scan(Struct, frozen=True):
    """The reading of a whole project.

    Attributes:
        reading: everything that was read.
        statements: the number of statements in which a table or function is named.
        paths: the paths of the files, by the names that locations have for them.

    """

    reading: CodeReading
    statements: int
    paths: dict[str, Path]


def scan(sources: Sources, cache: ReadingCache, *, on_progress: OnProgress = lambda _: None) -> Scan:
    """Read all source files.

    Args:
        sources: the files.
        cache: their readings of earlier runs; it is updated but not saved.
        on_progress: called with the number of files that are done.

    """
    with ReaderPool() as readers:
        packed = PackedFiles(sources.files, cache, readers)
        reading = _load_kept(packed, cache) or _read_project(packed, sources.files, cache, on_progress)
    unread = tuple(Unparsed(Location(file.name, 1, 1), file.why) for file in sources.unread)
    reading = replace(reading, unparsed=(*unread, *reading.unparsed))
    statements = {use.location for use in reading.uses if isinstance(use, TableUse | CallUse)}
    return Scan(reading, len(statements), {file.name: file.path for file in sources.files})


class _KeptScan(Struct, frozen=True, array_like=True):
    """The reading of a project, and the state of everything else on the disk that it depends on."""

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
    packed: PackedFiles, files: tuple[SourceFile, ...], cache: ReadingCache, on_progress: OnProgress
) -> CodeReading:
    packed.read(on_progress)
    resolver = ModuleResolver(file.path for file in files)
    readings = [*map(packed.reading, packed.others)]
    chains = _list_chains(packed, _make_linker(packed, files, resolver))
    readings += (uses_of(chain, file=file) for file, chain in chains)
    readings.append(CodeReading(unparsed=tuple(_list_unparsed(packed))))
    reading = _merge_readings(readings)
    # Compressed, because it repeats the names of files many times.
    cache.put(packed.key, zlib.compress(pack(_KeptScan(resolver.get_disk_state(), reading)), level=1))
    return reading


def _list_chains(packed: PackedFiles, linker: Linker) -> Iterator[tuple[str, Chain]]:
    """Yield each chain of supabase-js with its file, once for each caller whose arguments matter."""
    _find_callers(packed, linker)
    for name in packed.scripts:
        module = packed.module(name)
        for chain in linker.link_chains(name, module, is_supabase) if module is not None else ():
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
    """Tell the linker who calls the functions that pass arguments to a chain, and who calls those callers."""
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
            yield Unparsed(module.error.with_file(name), "its language's grammar does not allow it")


def _merge_readings(readings: list[CodeReading]) -> CodeReading:
    """Return one reading without the repetitions that several callers of one function cause."""
    return CodeReading(
        tuple(dict.fromkeys(use for reading in readings for use in reading.uses)),
        tuple(dict.fromkeys(unresolved for reading in readings for unresolved in reading.unresolved)),
        tuple(dict.fromkeys(unparsed for reading in readings for unparsed in reading.unparsed)),
    )
