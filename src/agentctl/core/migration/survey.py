"""Reads what a migration needs beyond the catalog: the tables below its own, comments, dependants.

It sends one statement and decides nothing.
"""

from pathlib import Path
from typing import Any

from msgspec import Struct

from agentctl.core.catalog.introspection import Index
from agentctl.core.catalog.qualified import Qualified
from agentctl.core.database.connection import Connection
from agentctl.core.errors import SchemaLacks

_QUERY = (Path(__file__).parent / "survey.sql").read_bytes()


class MemberColumn(Struct, frozen=True):
    """A column.

    Attributes:
        number: PostgreSQL's number of it, which survives renames; no other column of the table ever gets it.
        needed_by: the views and policies that it cannot be dropped under.

    """

    number: int
    name: str
    type: str
    comment: str | None
    needed_by: tuple[str, ...]


class MemberIndex(Struct, frozen=True):
    """An index, and the one of the table above that it is attached to."""

    index: Index
    parent: str | None


class Member(Qualified, Struct, frozen=True):
    """A table of the family: the one that is migrated, or a partition or heir of it at any depth."""

    schema: str
    name: str
    kind: str
    parent: tuple[str, str] | None
    is_partition: bool
    columns: tuple[MemberColumn, ...]
    indexes: tuple[MemberIndex, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Its full name, for comparisons."""
        return self.schema, self.name

    def column(self, name: str) -> MemberColumn | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def find_by_number(self, number: int) -> MemberColumn | None:
        """Return the column of that number, or None."""
        return next((column for column in self.columns if column.number == number), None)

    def index(self, name: str) -> MemberIndex | None:
        """Return the index of that name, or None."""
        return next((candidate for candidate in self.indexes if candidate.index.name == name), None)


class Survey(Struct, frozen=True):
    """A table with its family.

    Attributes:
        members: the table itself first, then those below it, parents before their children.
        is_partition: whether the table is itself a part of another.
        view: the query, where it is a view.

    """

    members: tuple[Member, ...]
    is_partition: bool = False
    view: str | None = None

    @property
    def table(self) -> Member:
        """The table that is migrated."""
        return self.members[0]

    def has_free(self, name: str) -> bool:
        """Whether no table of the family has a column of that name."""
        return all(member.column(name) is None for member in self.members)

    def below(self, member: Member) -> tuple[Member, ...]:
        """Return the tables directly below one."""
        return tuple(other for other in self.members if other.parent == member.key)


def survey(connection: Connection, *, schema: str, table: str) -> Survey:
    """Return a table with its family.

    Raises:
        SchemaLacks: it does not exist any more.

    """
    family = connection.read_value(_QUERY, {"schema": schema, "table": table})
    if not family["members"]:
        raise SchemaLacks(f"{schema}.{table} has vanished.", hint="Run this again.")
    members = tuple(_read_member(member) for member in family["members"])
    return Survey(members, is_partition=family["is_partition"], view=family["view"])


def _read_member(answer: dict[str, Any]) -> Member:
    columns = (
        MemberColumn(**{**column, "needed_by": tuple(column["needed_by"])}) for column in answer["columns"]
    )
    parent = answer["parent"]
    return Member(
        **{
            **answer,
            "parent": (parent[0], parent[1]) if parent else None,
            "columns": tuple(columns),
            "indexes": tuple(_read_index(index) for index in answer["indexes"]),
        }
    )


def _read_index(answer: dict[str, Any]) -> MemberIndex:
    parent = answer.pop("parent")
    return MemberIndex(Index(**{**answer, "columns": tuple(answer["columns"])}), parent)
