"""`schema-check --code`: what a project does with its database, beside what the database has.

It reads the project's files and compares; where the catalog comes from is its caller's business.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext, CheckedCode
from agentctl.core.code_check.ignoring import IgnoreList, is_ignored
from agentctl.core.code_check.reading.cache import ReadingCache
from agentctl.core.code_check.reading.content import text_of
from agentctl.core.code_check.reading.scan import Scan, scan
from agentctl.core.code_check.reading.source_files import Language, Sources
from agentctl.core.code_check.reading.uses import schemas_in
from agentctl.core.config.code_section import CodeSettings
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Reading
from agentctl.core.schema_check.schema_report import executions_of
from agentctl.core.schema_files.migration_files import is_migration
from agentctl.core.schema_files.migrations import Migrations

_LONGEST_EXCERPT = 1000
"""Characters of a line; longer ones were made by a program."""
_AROUND = 50
"""Characters before and behind a column that is further on."""


class CodeReport(CheckedCode, frozen=True):
    """What came of reading a project; `unresolved` has what the readers could not resolve, too.

    Attributes:
        files: that were looked at.
        statements: that name a table or function.

    """

    files: int
    statements: int


class Project(Struct, frozen=True):
    """A project that was read.

    Attributes:
        scan: what its code does with the database.
        migrations: the names and texts of those among its files; their statements are no code.

    """

    scan: Scan
    migrations: tuple[tuple[str, str], ...]


def read_project(sources: Sources, paths: Sequence[Path], on_progress: Callable[[int], None]) -> Project:
    """Read a project's files; what is read off them is kept in the user's cache folder for the next time."""
    texts = ((file.name, text_of(file.path)) for file in sources.files if file.language is Language.SQL)
    migrations = tuple(item for item in texts if is_migration(*item))
    names = {name for name, _ in migrations}
    code = tuple(file for file in sources.files if file.name not in names)
    cache = ReadingCache.open(paths)
    result = scan(replace(sources, files=code), cache, on_progress=on_progress)
    cache.save()
    return Project(result, migrations)


def schemas_beyond(catalog: Catalog, project: Project) -> tuple[str, ...]:
    """Return the schemas that the code names and a catalog was not read of."""
    known = {table.schema for table in catalog.tables} | {function.schema for function in catalog.functions}
    return tuple(sorted(schemas_in(project.scan.reading) - known - {*catalog.server.search_path}))


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
    code = project.scan
    executions, parts = executions_of(reading)
    context = CheckContext(
        catalog=catalog,
        schemas=reading.schemas,
        executions=executions,
        parts=parts,
        planned=partial(Migrations, project.migrations),
        whole=whole,
    )
    checked = check_code(code.reading, context)
    ignored, lines = IgnoreList(settings.ignore), _Lines(code.paths)
    reported = (finding for finding in checked.findings if not ignored.covers(finding))
    return CodeReport(
        files=len(code.paths) + len(project.migrations),
        statements=code.statements,
        findings=tuple(quoted for finding in reported if (quoted := lines.quoted(finding)) is not None),
        unresolved=(*code.reading.unresolved, *checked.unresolved),
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
        lines = self._read_lines(file)
        if is_ignored(lines, line, finding.id):
            return None
        own = lines[line - 1] if 0 < line <= len(lines) else ""
        return replace(finding, excerpt=_cut_excerpt(own, column))

    def _read_lines(self, file: str) -> list[str]:
        if file not in self._known:
            path = self._paths.get(file)
            # Not splitlines(): the readers count \n alone.
            self._known[file] = text_of(path).split("\n") if path is not None else []
        return self._known[file]


def _cut_excerpt(line: str, column: int) -> str:
    """Return a line; of a long one its beginning, or what stands around a column further on."""
    start = 0 if column <= _LONGEST_EXCERPT else column - 1 - _AROUND
    return line[start : column - 1 + _AROUND] if start else line[:_LONGEST_EXCERPT]
