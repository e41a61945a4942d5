"""Puts somebody else's functions and operators where a statement might find them before PostgreSQL's own.

It does not know which names agentctl qualifies: it creates one for every likely signature.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from support.marketplace import Database

_PROCEDURES = Path(__file__).with_name("shadows.sql")


@dataclass(frozen=True, slots=True)
class Shadows:
    """The functions and operators that were put into one schema of a database."""

    database: Database
    schema: str

    def count_calls(self) -> int:
        """Return how often any shadow was called."""
        query = sql.SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}.sprung")
        with self.database.connect() as connection:
            row = connection.execute(query.format(sql.Identifier(self.schema))).fetchone()
        return int(row[0]) if row else 0


def cast_shadows(
    database: Database, schema: str, *, functions: Iterable[str], operators: Iterable[str]
) -> Shadows:
    """Create a shadow for every name and every likely signature."""
    with database.connect() as connection:
        connection.execute(_PROCEDURES.read_bytes())
        connection.execute(
            "CALL pg_temp.cast_shadows(%s, %s, %s)", (schema, list(functions), list(operators))
        )
    return Shadows(database, schema)
