"""Plans the indexes that serve the lists of history and credits, and how they are taken away again.

They are of use whether or not the optional columns exist, so they are planned alone, for one table at a time.
Their names begin with `agentctl`, which nobody else's do: an undo needs no other mark.
"""

from collections.abc import Iterator, Sequence

from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.mapping import SchemaSettings, catalog_for, read, refusal
from agentctl.core.mapping.index_keys import IndexKey
from agentctl.core.mapping.listings import LISTED_ROLES, find_listings
from agentctl.core.mapping.optional_columns import Tracking
from agentctl.core.mapping.settings import NO_SETTINGS
from agentctl.core.migration.indexes import (
    find_index_obstacles,
    find_taken_names,
    has_key,
    make_concurrent_step,
    plan_index,
)
from agentctl.core.migration.plan import SHORT_WAIT, LockMode, LockWait, Plan, Step, StepKind
from agentctl.core.migration.statements import drop_index, frame_briefly
from agentctl.core.migration.survey import Member, Survey, survey
from agentctl.core.migration.target import KINDS, refuse_with


def find_listed_roles(connection: Connection, settings: SchemaSettings = NO_SETTINGS) -> tuple[str, ...]:
    """Return the roles whose rows are listed, and which a table plays: there may be no ledger.

    Raises:
        SchemaLacks: there are no executions.

    """
    catalog = catalog_for(connection, settings)
    reading = read(catalog, settings)
    if "executions" not in reading.discovery.roles:
        raise refusal(catalog, reading.findings)
    return tuple(role for role in LISTED_ROLES if role in reading.discovery.roles)


def plan_listing_indexes(
    connection: Connection, settings: SchemaSettings = NO_SETTINGS, *, role: str, wait: LockWait = SHORT_WAIT
) -> Plan:
    """Plan the indexes that serve the lists of a role's rows.

    Raises:
        SchemaLacks: no table plays that role, or one of the names that are needed is taken, or a part of the
            table is on another server.

    """
    catalog, table, keys = _find_keys(connection, settings, role)
    family = survey(connection, schema=table.schema, table=table.name)
    if not keys:
        return Plan(table.schema, table.name, Tracking.FULL, settings, (), wait, (_explain_unfit(table),))
    refuse_with(_find_obstacles(catalog, family, keys))
    steps = (step for key in keys for step in plan_index(family, family.table, key=key, wait=wait))
    return Plan(table.schema, table.name, Tracking.FULL, settings, tuple(steps), wait)


def plan_removing_listing_indexes(
    connection: Connection, settings: SchemaSettings = NO_SETTINGS, *, role: str, wait: LockWait = SHORT_WAIT
) -> Plan:
    """Plan to drop what `plan_listing_indexes` builds.

    Raises:
        SchemaLacks: no table plays that role.

    """
    _, table, keys = _find_keys(connection, settings, role)
    family = survey(connection, schema=table.schema, table=table.name)
    steps = (step for member in family.members for step in _plan_removing(member, keys, wait))
    return Plan(table.schema, table.name, Tracking.FULL, settings, tuple(steps), wait)


def _find_keys(
    connection: Connection, settings: SchemaSettings, role: str
) -> tuple[Catalog, Table, tuple[IndexKey, ...]]:
    """Return the table of a role, and the keys of the indexes that serve its lists."""
    catalog = catalog_for(connection, settings)
    reading = read(catalog, settings)
    roles = reading.discovery.roles
    if role not in roles:
        raise refusal(catalog, reading.findings)
    return catalog, roles[role].table, tuple(listing.key for listing in find_listings(roles, role))


def _explain_unfit(table: Table) -> str:
    if table.partition:
        return f"{table.full_name} is a partition: indexes belong on the table that it is a part of."
    if table.kind not in KINDS:
        return f"{table.full_name} is a {table.kind}: indexes belong on the table that it reads."
    return f"{table.full_name} has no column of times, so no index serves a list of its latest rows."


def _find_obstacles(catalog: Catalog, family: Survey, keys: Sequence[IndexKey]) -> Iterator[str]:
    for member in family.members:
        if member.kind not in KINDS:
            yield f"{member.full_name}, a part of {family.table.name}, is a {member.kind}: it gets no index."
    for key in keys:
        yield from find_index_obstacles(family, key=key)
    yield from find_taken_names(catalog, family, keys)


def _plan_removing(member: Member, keys: Sequence[IndexKey], wait: LockWait) -> Iterator[Step]:
    """Plan to drop a member's own; what is attached to an index of the table above falls with that."""
    for key in keys:
        own = member.index(key.name_for(member.name))
        if own is None or own.parent is not None or not has_key(own.index, key):
            continue
        name = sql.Identifier(member.schema, own.index.name)
        undo = own.index.definition
        if member.kind == "partitioned table":
            statements = frame_briefly(wait, compose("DROP INDEX IF EXISTS {}", name))
            yield Step(
                StepKind.REMOVE_INDEX, own.index.name, statements, LockMode.ACCESS_EXCLUSIVE, undo=undo
            )
        else:
            yield make_concurrent_step(StepKind.REMOVE_INDEX, own.index.name, drop_index(name), undo=undo)
