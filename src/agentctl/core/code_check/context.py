"""What application code is compared with, and what comes of it: data only."""

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.code_check.reading.uses import Unresolved
from agentctl.core.findings.finding import Finding
from agentctl.core.schema_files.migrations import Migrations


class CheckContext(Struct, frozen=True):
    """What code is compared with.

    Attributes:
        catalog: of the live database, or of what stands for it.
        schemas: where a name without a schema is looked up; empty for the catalog's search path.
        executions: the table that agentctl migrate-full widens.
        parts: which of its columns plays the part of which of the seven optional ones.
        planned: runs the repository's migrations, which is asked for only when something is missing.
        whole: whether the catalog holds all tables and functions of its schemas, not only some.

    """

    catalog: Catalog
    schemas: tuple[str, ...] = ()
    executions: Table | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    planned: Callable[[], Migrations] = lambda: Migrations(())
    whole: bool = True


class ColumnSummary(Struct, frozen=True):
    """How often the code names a column of a table that there is.

    Attributes:
        written: the number of places where it is.
        note: of a missing one, what adds it, if that is known.

    """

    table: str
    column: str
    written: int
    read: int
    present: bool
    note: str | None = None


class CheckedCode(Struct, frozen=True):
    """What came of a comparison.

    Attributes:
        findings: in the order of file, line and column.
        unresolved: what could not be judged, besides what the readers could not resolve.
        columns: every column that the code names, missing ones first.

    """

    findings: tuple[Finding, ...]
    unresolved: tuple[Unresolved, ...]
    columns: tuple[ColumnSummary, ...]
