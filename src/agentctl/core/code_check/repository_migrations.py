"""What the migrations in a repository would add to a database, told when something is missing there.

They are run in thought, and only when somebody asks; whether they have run on the database nobody here knows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from agentctl.core.code_check.reading.content import text_of
from agentctl.core.code_check.reading.source_files import Language, SourceFile
from agentctl.core.location import Location
from agentctl.core.schema_files.migration_files import is_migration
from agentctl.core.schema_files.migrations import Migrations


@dataclass(frozen=True)
class RepositoryMigrations:
    """The migrations among a project's files.

    Attributes:
        files: their names with their texts.

    """

    files: tuple[tuple[str, str], ...]

    @cached_property
    def _final_state(self) -> Migrations:
        return Migrations(self.files)

    def table(self, schema: str | None, name: str) -> Location | None:
        """Find what creates a table or view."""
        return self._final_state.adds_table(name, schema)

    def column(self, schema: str, table: str, name: str) -> Location | None:
        """Find what adds a column to a table that is in the database."""
        return self._final_state.adds_column(table, name, schema)

    def function(self, schema: str | None, name: str) -> Location | None:
        """Find what creates a function."""
        return self._final_state.adds_function(name, schema)


def migrations_among(files: Iterable[SourceFile]) -> RepositoryMigrations:
    """Find the migrations among a project's files."""
    texts = ((file.name, text_of(file.path)) for file in files if file.language is Language.SQL)
    return RepositoryMigrations(tuple(item for item in texts if is_migration(*item)))
