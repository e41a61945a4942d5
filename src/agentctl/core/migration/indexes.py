"""Plans indexes: concurrently on a table, and part by part on a partitioned one.

PostgreSQL builds no index of a partitioned table concurrently. So the table gets one on itself alone, which
is nothing yet; each partition gets its own, concurrently; and when all are attached, PostgreSQL makes the
whole valid.
"""

from collections.abc import Iterator

from psycopg import sql

from agentctl.core.database.quoting import compose, spellings
from agentctl.core.mapping.optional_columns import IndexKey, index_name, serves
from agentctl.core.migration.plan import LockMode, LockWait, Step, StepKind
from agentctl.core.migration.statements import brief, drop_index
from agentctl.core.migration.survey import Member, MemberIndex, Survey


def index_steps(family: Survey, member: Member, *, key: IndexKey, wait: LockWait) -> Iterator[Step]:
    """Plan an index on a table and on all below it, where none does its work.

    Args:
        family: the table's.
        member: where to begin.
        key: the column that it is on, and named after.
        wait: the lock timeout of the brief steps.

    """
    served = _served(member, key)
    if member.kind == "partitioned table":
        if not served:
            yield from _partitioned(family, member, key=key, wait=wait)
        return
    if not served:
        yield from _built(member, index_name(member.name, key.column), key)
    for heir in family.below(member):
        yield from index_steps(family, heir, key=key, wait=wait)


def index_obstacles(family: Survey, *, key: IndexKey) -> Iterator[str]:
    """Name the indexes of another definition that have a name which is wanted."""
    for member in family.members:
        own = member.index(index_name(member.name, key.column))
        if own is not None and not serves(own.index, key.column) and not _served(member, key):
            yield f"Index {own.index.name} exists with another definition: {own.index.definition}."


def _served(member: Member, key: IndexKey) -> bool:
    return any(found.index.valid and serves(found.index, key.column) for found in member.indexes)


def _built(member: Member, name: str, key: IndexKey) -> Iterator[Step]:
    drop = drop_index(sql.Identifier(member.schema, name))
    if member.index(name) is not None:
        yield _concurrent(StepKind.DROP_INDEX, name, drop)
    build = compose(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({})",
        *(sql.Identifier(name), member.identifier, _composed(key)),
    )
    yield _concurrent(StepKind.BUILD_INDEX, name, build, scans=True, undo=drop.as_string())


def _concurrent(
    kind: StepKind, name: str, statement: sql.Composed, *, scans: bool = False, undo: str | None = None
) -> Step:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE
    return Step(kind, name, (statement.as_string(),), mode, brief=False, scans=scans, undo=undo)


def _partitioned(family: Survey, member: Member, *, key: IndexKey, wait: LockWait) -> Iterator[Step]:
    name = index_name(member.name, key.column)
    if member.index(name) is None:
        statement = compose(
            "CREATE INDEX IF NOT EXISTS {} ON ONLY {} ({})",
            *(sql.Identifier(name), member.identifier, _composed(key)),
        )
        undo = compose("DROP INDEX IF EXISTS {}", sql.Identifier(member.schema, name)).as_string()
        yield Step(StepKind.BEGIN_INDEX, name, brief(wait, statement), LockMode.SHARE, undo=undo)
    for part in family.below(member):
        if any(found.parent == name and found.index.valid for found in part.indexes):
            continue
        ready = next((found for found in part.indexes if _can_be_attached(found, key)), None)
        part_name = ready.index.name if ready else index_name(part.name, key.column)
        if part.kind == "partitioned table":
            yield from _partitioned(family, part, key=key, wait=wait)
        elif ready is None:
            yield from _built(part, part_name, key)
        attached = part.index(part_name)
        if attached is None or attached.parent is None:
            yield _attach(member, name, part, part_name, wait)


def _can_be_attached(found: MemberIndex, key: IndexKey) -> bool:
    wanted = tuple(f" USING btree ({column}{key.order})" for column in spellings(key.column))
    return found.parent is None and found.index.valid and found.index.definition.endswith(wanted)


def _attach(member: Member, name: str, part: Member, part_name: str, wait: LockWait) -> Step:
    whole, one = sql.Identifier(member.schema, name), sql.Identifier(part.schema, part_name)
    statement = compose("ALTER INDEX {} ATTACH PARTITION {}", whole, one)
    return Step(StepKind.ATTACH_INDEX, part_name, brief(wait, statement), LockMode.ACCESS_EXCLUSIVE)


def _composed(key: IndexKey) -> sql.Composed:
    return sql.Identifier(key.column) + sql.SQL(key.order)
