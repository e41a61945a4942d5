"""Composes the statements of steps, from identifiers and never from bare names.

A step that needs a strong lock is one transaction, which gives up before others notice.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.migration.plan import LockWait
from agentctl.core.migration.survey import Survey

RELOAD = sql.SQL("NOTIFY pgrst, 'reload schema'")
"""Makes PostgREST reload the columns that it caches; without PostgREST nobody listens.

Source: https://docs.postgrest.org/en/stable/references/schema_cache.html
"""
_LOCK_TIMEOUT: LiteralString = "SET LOCAL lock_timeout = {}"
_TIME_LIMIT: LiteralString = "SET LOCAL statement_timeout = {}"
_LOCK: LiteralString = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"
_RENAME: LiteralString = "ALTER TABLE {} RENAME COLUMN {} TO {}"


def rename_column(table: sql.Identifier, old: str, new: str) -> sql.Composed:
    """Return the statement that gives a column another name."""
    return compose(_RENAME, table, sql.Identifier(old), sql.Identifier(new))


def drop_columns(table: sql.Identifier, names: Sequence[str]) -> sql.Composed:
    """Return the statement that drops those of the columns that exist."""
    dropped = (compose("DROP COLUMN IF EXISTS {}", sql.Identifier(name)) for name in names)
    return compose("ALTER TABLE {}\n    {}", table, sql.SQL(",\n    ").join(dropped))


def drop_index(index: sql.Identifier) -> sql.Composed:
    """Return the statement that drops an index, if it exists, while others read and write."""
    return compose("DROP INDEX CONCURRENTLY IF EXISTS {}", index)


def frame_briefly(
    wait: LockWait, *statements: sql.Composable, family: Survey | None = None
) -> tuple[str, ...]:
    """Return statements framed by a transaction with a lock timeout.

    Args:
        wait: how long one attempt may make others wait.
        statements: what the transaction does.
        family: the table to lock first, if there are others below it: `lock_timeout` counts anew for each of
            them, so one time limit is set for all.

    """
    limit = sql.Literal(wait.limit)
    first: tuple[sql.Composable, ...] = ()
    if family is not None and len(family.members) > 1:
        first = (
            compose(_TIME_LIMIT, limit),
            compose(_LOCK, family.table.identifier),
            compose(_TIME_LIMIT, sql.Literal(0)),
        )
    inner = (compose(_LOCK_TIMEOUT, limit), *first, *statements)
    return ("BEGIN", *(statement.as_string() for statement in inner), "COMMIT")
