"""Identifies the row of an execution among others with the same id.

Ids repeat: a key gives the same UUID in every copy of a marketplace, numbers begin at 1 everywhere, and a row
that was deleted can be made again. So evidence names the database (its system identifier and its oid) and
the row's exact created_at. A restored or copied server keeps both identifiers, but later rows have other
times.
"""

import hashlib
import json
from uuid import UUID

from msgspec import Struct

from agentctl.core.database.connection import Connection, ask_or_none
from agentctl.core.database.quoting import compose
from agentctl.core.database.statements import Statement
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.models import Key
from agentctl.core.times import Moment

IDENTITY = Statement(
    compose("""
SELECT s.system_identifier::text AS system, d.oid::text AS oid
FROM pg_catalog.pg_control_system() AS s CROSS JOIN pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
""")
)
"""Asks which database it is; the server may refuse to tell a role."""
_MARK_DIGITS = 32
_DERIVED = frozenset({3, 5})  # the versions of UUIDs that are computed from a name


class DatabaseChanged(DatabaseTrouble):
    """The address leads to another database now."""


class DatabaseIdentity(Struct, frozen=True):
    """The identity of a database, whatever its name and address are.

    Attributes:
        system: the server's system identifier, which initdb chooses.
        oid: the database's, which CREATE DATABASE chooses.

    """

    system: str
    oid: str


class RowIdentity(Struct, frozen=True):
    """The identity of a row; if a part is unknown, nothing can be proven to be about the row.

    Attributes:
        database: the row's database; None where the server does not identify it.
        created_at: the row's created_at, exactly as the database has it, or None.

    """

    database: DatabaseIdentity | None
    created_at: str | None

    @property
    def is_known(self) -> bool:
        """Whether something can be proven to be about this row."""
        return self.database is not None and self.created_at is not None

    @property
    def obstacle(self) -> str | None:
        """Why nothing can be proven to be about this row, for the operator; None where it can."""
        if self.created_at is None:
            return "the row's created_at is not enough to tell it from other rows"
        if self.database is None:
            return (
                "the server does not say which database it is "
                "(GRANT EXECUTE ON FUNCTION pg_control_system() TO this role lets it)"
            )
        return None

    def excludes(self, other: "RowIdentity") -> bool:
        """Whether `other` is certainly another row."""
        databases, times = (self.database, other.database), (self.created_at, other.created_at)
        return any(None not in pair and pair[0] != pair[1] for pair in (databases, times))

    def mark(self, execution: Key) -> str | None:
        """Return a text that stands for the row in a call, and reveals nothing of the database."""
        if self.database is None or self.created_at is None:
            return None
        parts = [self.database.system, self.database.oid, str(execution), self.created_at]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_MARK_DIGITS]


def identify_database(connection: Connection) -> DatabaseIdentity | None:
    """Return the identity of a connection's database; None where the server does not tell this role.

    Args:
        connection: in no transaction, which a refusal would abort.

    """
    row = ask_or_none(connection, IDENTITY)
    return DatabaseIdentity(row["system"], row["oid"]) if row else None


def require_database(connection: Connection, expected: DatabaseIdentity) -> None:
    """Refuse to go on if the address leads elsewhere by now: what is to be written is about one database.

    Raises:
        DatabaseChanged: it is another.

    """
    row = connection.run(IDENTITY).fetchone()
    if row is None or DatabaseIdentity(row["system"], row["oid"]) != expected:
        name = connection.database.name
        msg = f"{name} is now a different database from the one whose executions were read."
        raise DatabaseChanged(msg, hint="Reconcile again.", code="database_changed")


def identify_row(database: DatabaseIdentity | None, creation: Moment | None) -> RowIdentity:
    """Return what is known of a row's identity."""
    return RowIdentity(database, creation.text if creation is not None else None)


def is_unrepeatable(execution: Key) -> bool:
    """Whether an id alone identifies its execution: numbers repeat, and so do UUIDs made from keys."""
    if isinstance(execution, int):
        return False
    try:
        return UUID(str(execution)).version not in _DERIVED
    except ValueError:
        return True  # another kind of text
