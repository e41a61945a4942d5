"""What the migrations of a repository lead to, for telling what a database lacks only until they have run.

It does not know whether they have run. What a later migration takes away again does not count.
"""

from collections.abc import Iterable

from agentctl.core.location import Location
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.migration_files import forwards, is_migration, leads_backwards, order
from agentctl.core.schema_files.sites import UnreadStatement


class Migrations:
    """The migrations of a repository, as they end.

    Attributes:
        problems: what they may change and was not understood.

    """

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        """Run those of these files that are migrations.

        Args:
            files: SQL files, each with its relative path and its text.

        """
        migrations = [file for file in files if is_migration(*file)]
        # They may begin with a database that already has tables.
        self._schema, self.problems = run_migrations(migrations, Schema(assumes=True))

    def adds_table(self, name: str, schema: str | None = None) -> Location | None:
        """Return where a table or view is created; None where none is in the end."""
        return self._schema.locate(name, schema=schema)

    def adds_column(self, table: str, column: str, schema: str | None = None) -> Location | None:
        """Return where a column is created; None where the table has none of that name in the end."""
        return self._schema.locate(table, column, schema=schema)

    def adds_function(self, name: str, schema: str | None = None) -> Location | None:
        """Return where a function is created; None where none is in the end."""
        return self._schema.locate_function(name, schema=schema)


def run_migrations(
    files: Iterable[tuple[str, str]], schema: Schema | None = None
) -> tuple[Schema, list[UnreadStatement]]:
    """Execute migrations in the order of tools, without those that lead backwards.

    Args:
        files: each with its relative path and its text.
        schema: what to begin with; None for nothing.

    """
    schema = Schema() if schema is None else schema
    ahead = sorted((file for file in files if not leads_backwards(file[0])), key=lambda file: order(file[0]))
    problems = [statement for path, text in ahead for statement in schema.apply(forwards(text), file=path)]
    return schema, problems
