"""Plans index builds: concurrent ones on a table, and part by part on a partitioned table.

PostgreSQL cannot build an index on a partitioned table concurrently. So the table gets an invalid index on
itself alone, each partition gets its own, concurrently, and PostgreSQL makes the whole valid once all are
attached.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from psycopg import sql

from agentctl.core.catalog.introspection import Catalog, Index
from agentctl.core.database.quoting import compose, spellings
from agentctl.core.mapping.index_keys import IndexKey
from agentctl.core.migration.plan import LockMode, LockWait, Step, StepKind
from agentctl.core.migration.statements import drop_index, frame_briefly
from agentctl.core.migration.survey import Member, MemberIndex, Survey


def plan_index(family: Survey, member: Member, *, key: IndexKey, wait: LockWait) -> Iterator[Step]:
    """Plan an index on a table and on all tables below it, except where another does its work.

    Args:
        family: the table with its family.
        member: the table to begin with.
        key: what to index, which the index is named after.
        wait: the lock timeout of the brief steps.

    """
    served = _is_served(member, key)
    if member.kind == "partitioned table":
        if not served:
            yield from _build_on_partitions(family, member, key=key, wait=wait)
        return
    if not served:
        yield from _build_on_table(member, key.name_for(member.name), key)
    for heir in family.below(member):
        yield from plan_index(family, heir, key=key, wait=wait)


def find_index_obstacles(family: Survey, *, key: IndexKey) -> Iterator[str]:
    """Describe the indexes that have a needed name and another definition."""
    for member in family.members:
        own = member.index(key.name_for(member.name))
        if own is not None and not key.is_served_by(own.index) and not _is_served(member, key):
            yield f"Index {own.index.name} exists with another definition: {own.index.definition}."


def find_taken_names(catalog: Catalog, family: Survey, keys: Sequence[IndexKey]) -> Iterator[str]:
    """Find other tables and indexes with the names of the new indexes: a schema has each name once."""
    members = {member.key for member in family.members}
    wanted = {(member.schema, key.name_for(member.name)) for member in family.members for key in keys}
    for other in catalog.tables:
        if (other.schema, other.name) in wanted:
            yield f"{other.name} exists as a {other.kind}; an index of that name is needed."
        for index in other.indexes:
            if (other.schema, index.name) in wanted and (other.schema, other.name) not in members:
                yield f"Index {index.name} exists on another table: {index.definition}."


def _is_served(member: Member, key: IndexKey) -> bool:
    return any(candidate.index.valid and key.is_served_by(candidate.index) for candidate in member.indexes)


def _build_on_table(member: Member, name: str, key: IndexKey) -> Iterator[Step]:
    drop = drop_index(sql.Identifier(member.schema, name))
    if member.index(name) is not None:
        yield make_concurrent_step(StepKind.DROP_INDEX, name, drop)
    build = compose(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({})",
        *(sql.Identifier(name), member.identifier, _compose_key(key)),
    )
    yield make_concurrent_step(StepKind.BUILD_INDEX, name, build, scans=True, undo=drop.as_string())


def make_concurrent_step(
    kind: StepKind, name: str, statement: sql.Composed, *, scans: bool = False, undo: str | None = None
) -> Step:
    """Return a step that is one statement of its own, beside which others read and write."""
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE
    return Step(kind, name, (statement.as_string(),), mode, brief=False, scans=scans, undo=undo)


def _build_on_partitions(family: Survey, member: Member, *, key: IndexKey, wait: LockWait) -> Iterator[Step]:
    name = key.name_for(member.name)
    if member.index(name) is None:
        statement = compose(
            "CREATE INDEX IF NOT EXISTS {} ON ONLY {} ({})",
            *(sql.Identifier(name), member.identifier, _compose_key(key)),
        )
        undo = compose("DROP INDEX IF EXISTS {}", sql.Identifier(member.schema, name)).as_string()
        yield Step(StepKind.BEGIN_INDEX, name, frame_briefly(wait, statement), LockMode.SHARE, undo=undo)
    for part in family.below(member):
        if any(child.parent == name and child.index.valid for child in part.indexes):
            continue
        ready = next((child for child in part.indexes if _can_be_attached(child, key)), None)
        part_name = ready.index.name if ready else key.name_for(part.name)
        if part.kind == "partitioned table":
            yield from _build_on_partitions(family, part, key=key, wait=wait)
        elif ready is None:
            yield from _build_on_table(part, part_name, key)
        attached = part.index(part_name)
        if attached is None or attached.parent is None:
            yield _make_attach_step(member, name, part, part_name, wait)


def _can_be_attached(candidate: MemberIndex, key: IndexKey) -> bool:
    return candidate.parent is None and candidate.index.valid and has_key(candidate.index, key)


def has_key(index: Index, key: IndexKey) -> bool:
    """Whether an index is exactly on these columns, in this order, and on nothing else."""
    spelled = ([name + order for name in spellings(column)] for column, order in key.ordered)
    return index.definition.endswith(tuple(f" USING btree ({', '.join(one)})" for one in product(*spelled)))


def _make_attach_step(member: Member, name: str, part: Member, part_name: str, wait: LockWait) -> Step:
    whole, part_index = sql.Identifier(member.schema, name), sql.Identifier(part.schema, part_name)
    statement = compose("ALTER INDEX {} ATTACH PARTITION {}", whole, part_index)
    return Step(StepKind.ATTACH_INDEX, part_name, frame_briefly(wait, statement), LockMode.ACCESS_EXCLUSIVE)


def _compose_key(key: IndexKey) -> sql.Composed:
    compared = (sql.Identifier(column) for column in key.columns[: key.compared])
    ordered = (sql.Identifier(column) + sql.SQL(key.order) for column in key.columns[key.compared :])
    return sql.SQL(", ").join((*compared, *ordered))
