"""Plans indexes: concurrently on a table, and part by part on a partitioned one.

PostgreSQL builds no index of a partitioned table concurrently. So the table gets one on itself alone, which
is nothing yet; each partition gets its own, concurrently; and when all are attached, PostgreSQL makes the
whole valid.
"""

from collections.abc import Iterator

from psycopg import sql

from agentctl.core.migration.plan import LockMode, LockWait, Step, StepKind
from agentctl.core.migration.statements import brief
from agentctl.core.migration.survey import Member, MemberIndex, Survey
from agentctl.core.tracking import index_name, serves


def index_steps(family: Survey, member: Member, *, column: str, key: str, wait: LockWait) -> Iterator[Step]:
    """Plan an index on a table and on all below it, where none does its work.

    Args:
        family: the table's.
        member: where to begin.
        column: what the index is named after.
        key: its key: the column as SQL, with perhaps ` DESC` behind it.
        wait: the lock timeout of the brief steps.

    """
    served = _served(member, key)
    if member.kind == "partitioned table":
        if not served:
            yield from _partitioned(family, member, column=column, key=key, wait=wait)
        return
    if not served:
        yield from _built(member, index_name(member.name, column), key)
    for heir in family.below(member):
        yield from index_steps(family, heir, column=column, key=key, wait=wait)


def index_obstacles(family: Survey, *, column: str, key: str) -> Iterator[str]:
    """Name the indexes of another definition that have a name which is wanted."""
    for member in family.members:
        own = member.index(index_name(member.name, column))
        if own is not None and not serves(own.index, key) and not _served(member, key):
            yield f"Index {own.index.name} exists with another definition: {own.index.definition}."


def _served(member: Member, key: str) -> bool:
    return any(found.index.valid and serves(found.index, key) for found in member.indexes)


def _built(member: Member, name: str, key: str) -> Iterator[Step]:
    full_name = sql.Identifier(member.schema, name).as_string()
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {full_name}"
    if member.index(name) is not None:
        yield _concurrent(StepKind.DROP_INDEX, name, drop)
    build = f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_identifier(name)} ON {member.sql} ({key})"
    yield _concurrent(StepKind.BUILD_INDEX, name, build, scans=True, undo=drop)


def _concurrent(
    kind: StepKind, name: str, statement: str, *, scans: bool = False, undo: str | None = None
) -> Step:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE
    return Step(kind, name, (statement,), mode, brief=False, scans=scans, undo=undo)


def _partitioned(family: Survey, member: Member, *, column: str, key: str, wait: LockWait) -> Iterator[Step]:
    name = index_name(member.name, column)
    if member.index(name) is None:
        statement = f"CREATE INDEX IF NOT EXISTS {_identifier(name)} ON ONLY {member.sql} ({key})"
        undo = f"DROP INDEX IF EXISTS {sql.Identifier(member.schema, name).as_string()}"
        yield Step(StepKind.BEGIN_INDEX, name, brief(wait, statement), LockMode.SHARE, undo=undo)
    for part in family.below(member):
        if any(found.parent == name and found.index.valid for found in part.indexes):
            continue
        ready = next((found for found in part.indexes if _can_be_attached(found, key)), None)
        part_name = ready.index.name if ready else index_name(part.name, column)
        if part.kind == "partitioned table":
            yield from _partitioned(family, part, column=column, key=key, wait=wait)
        elif ready is None:
            yield from _built(part, part_name, key)
        attached = part.index(part_name)
        if attached is None or attached.parent is None:
            yield _attach(member, name, part, part_name, wait)


def _can_be_attached(found: MemberIndex, key: str) -> bool:
    defined_as = found.index.definition.partition(" USING ")[2]
    return found.parent is None and found.index.valid and defined_as == f"btree ({key})"


def _attach(member: Member, name: str, part: Member, part_name: str, wait: LockWait) -> Step:
    whole = sql.Identifier(member.schema, name).as_string()
    one = sql.Identifier(part.schema, part_name).as_string()
    statement = f"ALTER INDEX {whole} ATTACH PARTITION {one}"
    return Step(StepKind.ATTACH_INDEX, part_name, brief(wait, statement), LockMode.ACCESS_EXCLUSIVE)


def _identifier(name: str) -> str:
    return sql.Identifier(name).as_string()
