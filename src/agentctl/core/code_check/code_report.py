"""`schema-check --code`: what a project does with its database, beside what the database has.

It reads the project's files and compares; where the catalog comes from is its caller's business.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext, ColumnSummary
from agentctl.core.code_check.ignoring import IgnoreList, is_ignored
from agentctl.core.code_check.reading.cache import ReadingCache
from agentctl.core.code_check.reading.content import text_of
from agentctl.core.code_check.reading.scan import Scan, scan
from agentctl.core.code_check.reading.source_files import Sources, find_sources
from agentctl.core.code_check.reading.uses import Unresolved, schemas_in
from agentctl.core.code_check.repository_migrations import RepositoryMigrations, migrations_among
from agentctl.core.config.code_section import CodeSettings
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Reading
from agentctl.core.schema_check.schema_report import executions_of

_LONGEST_EXCERPT = 1000
"""Characters of a line; longer ones were made by a program."""
_AROUND = 50
"""Characters before and behind a column that is further on."""


@dataclass(frozen=True, slots=True)
class CodeReport:
    """What came of reading a project.

    Attributes:
        files: that were looked at.
        statements: that name a table or function.
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


@dataclass(frozen=True, slots=True)
class Project:
    """A project that was read.

    Attributes:
        found: what its code does with the database.
        migrations: what they would add; their statements are no code.

    """

    found: Scan
    migrations: RepositoryMigrations


def read_project(sources: Sources, paths: Sequence[Path], watch: Callable[[int], None]) -> Project:
    """Read a project's files; what is read off them is kept in the user's cache folder for the next time."""
    migrations = migrations_among(sources.files)
    others = {name for name, _ in migrations.files}
    code = tuple(file for file in sources.files if file.name not in others)
    cache = ReadingCache.open(paths)
    found = scan(replace(sources, files=code), cache, watch=watch)
    cache.save()
    return Project(found, migrations)


def schemas_beyond(catalog: Catalog, project: Project) -> tuple[str, ...]:
    """Return the schemas that the code names and a catalog was not read of."""
    known = {table.schema for table in catalog.tables} | {function.schema for function in catalog.functions}
    return tuple(sorted(schemas_in(project.found.reading) - known - {*catalog.server.search_path}))


def report_code(
    project: Project, reading: Reading, settings: CodeSettings, *, catalog: Catalog, whole: bool = True
) -> CodeReport:
    """Compare a project with a catalog.

    Args:
        project: what was read.
        reading: what was made of the database.
        settings: what is not to be reported.
        catalog: the database's, with the schemas that the code names.
        whole: whether it holds everything that there is in these schemas.

    """
    found = project.found
    executions, parts = executions_of(reading)
    context = CheckContext(
        catalog=catalog,
        schemas=reading.schemas,
        executions=executions,
        parts=parts,
        planned=lambda: project.migrations,
        whole=whole,
    )
    checked = check_code(found.reading, context)
    ignored, lines = IgnoreList(settings.ignore), _Lines(found.paths)
    reported = (finding for finding in checked.findings if not ignored.covers(finding))
    return CodeReport(
        files=len(found.paths) + len(project.migrations.files),
        statements=found.statements,
        findings=tuple(one for finding in reported if (one := lines.quoted(finding)) is not None),
        unresolved=(*found.reading.unresolved, *checked.unresolved),
        columns=checked.columns,
    )


class _Lines:
    """The lines of files that findings are in; each file is read once."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._paths = paths
        self._known: dict[str, list[str]] = {}

    def quoted(self, finding: Finding) -> Finding | None:
        """Return a finding with the code's own line; None where a comment silences it."""
        if finding.location is None:
            return finding
        file, line, column = finding.location
        lines = self._of(file)
        if is_ignored(lines, line, finding.id):
            return None
        own = lines[line - 1] if 0 < line <= len(lines) else ""
        return replace(finding, excerpt=_excerpt(own, column))

    def _of(self, file: str) -> list[str]:
        if file not in self._known:
            path = self._paths.get(file)
            # Not splitlines(): the readers count \n alone.
            self._known[file] = text_of(path).split("\n") if path is not None else []
        return self._known[file]


def _excerpt(line: str, column: int) -> str:
    """Return a line; of a long one its beginning, or what stands around a column further on."""
    start = 0 if column <= _LONGEST_EXCERPT else column - 1 - _AROUND
    return line[start : column - 1 + _AROUND] if start else line[:_LONGEST_EXCERPT]
