"""Finds the table that a migration changes, or the reason why it cannot be changed."""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import Printed, compose
from agentctl.core.errors import SchemaLacks
from agentctl.core.mapping import Reading, SchemaSettings, catalog_for, read, refusal
from agentctl.core.migration.marks import AddedColumns, find_added_columns
from agentctl.core.migration.survey import Survey, survey

KINDS = ("table", "partitioned table")
"""What can have indexes and further columns."""


class Target(Struct, frozen=True):
    """The executions' table, its family, and the part that each of its columns plays.

    Attributes:
        added: the columns that a migration has added.
        price_type: the type of an execution's cost: whole numbers, unless prices are not.

    """

    catalog: Catalog
    table: Table
    columns: Mapping[str, str]
    survey: Survey
    added: AddedColumns
    price_type: LiteralString


def find_target(connection: Connection, settings: SchemaSettings) -> Target:
    """Find the executions' table.

    Raises:
        SchemaLacks: there is none, or columns cannot be added to it: it is a view (the message has its
            query), a partition of another table, or a table with parts on other servers.

    """
    catalog = catalog_for(connection, settings)
    reading = read(catalog, settings)
    executions = reading.discovery.roles.get("executions")
    if executions is None:
        raise refusal(catalog, reading.findings)
    family = survey(connection, schema=executions.table.schema, table=executions.table.name)
    columns = {part: choice.column for part, choice in executions.parts.items()}
    configured = settings.role("executions").columns
    added = find_added_columns(family.table.columns, roles=columns, configured=configured)
    target = Target(catalog, executions.table, columns, family, added, _choose_price_type(reading))
    refuse_with(_find_unfitness(target))
    return target


def refuse_with(obstacles: Iterator[str]) -> None:
    """Refuse to migrate if there is an obstacle; the message names all of them.

    Raises:
        SchemaLacks: there is one.

    """
    if message := "\n".join(obstacles):
        raise SchemaLacks(
            message,
            hint="Nothing was changed. Fix what is in the way, then run this again.",
            code="schema_conflict",
        )


def _choose_price_type(reading: Reading) -> LiteralString:
    agents = reading.discovery.roles.get("agents")
    price = agents.parts.get("price") if agents else None
    column = agents.table.column(price.column) if agents and price else None
    return "numeric" if column is not None and column.base_type == "numeric" else "integer"


def _compose_view(target: Target, query: str) -> str:
    return compose("CREATE VIEW {} AS\n{}", target.table.identifier, Printed(query)).as_string()


def _find_unfitness(target: Target) -> Iterator[str]:
    table, family = target.table, target.survey
    name = table.full_name
    if family.view is not None:
        yield (
            f"{name} is a {table.kind}, and columns cannot be added to it. Widen the table that "
            "it reads, then create the view again with them; or name that table: "
            f"[profiles.NAME.schema.executions] table = ...\n{_compose_view(target, family.view)}"
        )
    elif table.kind not in KINDS:
        yield f"{name} is a {table.kind}; only a table can be widened."
    if family.is_partition:
        yield f"{name} is a partition; columns are added to the table that it is a part of."
    for member in family.members[1:]:
        if member.kind not in KINDS:
            yield (
                f"{member.full_name}, a part of {name}, is a {member.kind}: columns cannot be added to it."
            )
