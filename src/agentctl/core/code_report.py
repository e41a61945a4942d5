"""`schema-check --code`: what a project does with its database, beside what the database has.

It reads the project's files and compares; where the catalog comes from is its caller's business.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from agentctl.core.catalog import Catalog
from agentctl.core.code_section import CodeSettings, Ignored
from agentctl.core.codecheck import CheckContext, ColumnSummary, check_code
from agentctl.core.codescan.cache import ReadingCache
from agentctl.core.codescan.ignoring import is_ignored
from agentctl.core.codescan.scan import Scan, scan
from agentctl.core.codescan.source_files import Sources, find_sources
from agentctl.core.codescan.uses import CallUse, Embedded, Named, Returned, Unresolved, Use
from agentctl.core.findings import Finding
from agentctl.core.mapping import Reading
from agentctl.core.schema_report import executions_of

Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CodeReport:
    """What came of reading a project.

    Attributes:
        files: that were looked at.
        statements: that were understood, at least in part.
        unresolved: what names a table, column or function in a way that cannot be told.
        columns: every column that the code names, those that are missing first.

    """

    files: int
    statements: int
    findings: tuple[Finding, ...]
    unresolved: tuple[Unresolved, ...]
    columns: tuple[ColumnSummary, ...]


def sources_of(paths: Sequence[Path], settings: CodeSettings) -> Sources:
    """Find the files that are to be read.

    Raises:
        UsageError: a path that does not exist, or a file in no language that is read.

    """
    return find_sources(paths, exclude=settings.exclude)


def read_code(sources: Sources, paths: Sequence[Path], watch: Watch) -> Scan:
    """Read a project; what is read is kept in the user's cache folder for the next time."""
    cache_ = ReadingCache.open(paths)
    found = scan(sources, cache_, watch=watch)
    cache_.save()
    return found


def schemas_named(found: Scan, catalog: Catalog) -> tuple[str, ...]:
    """Return the schemas that the code names and a catalog has nothing of."""
    known = {table.schema for table in catalog.tables} | {function.schema for function in catalog.functions}
    named = (schema for use in found.reading.uses if (schema := _schema_of(use)) is not None)
    return tuple(sorted({*named} - known))
