"""Keeps a second migration of a table waiting while one is at work.

Two concurrent index builds of one table can deadlock, and the loser leaves an index that is invalid. The lock
belongs to a transaction of its own, so it ends with its connection, and a pooler in transaction mode cannot
take it away. A migration would be correct without it, too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import LiteralString

from agentctl.core.database.connection import Connection
from agentctl.core.migration.locks import Blocker, LockAwaited, LockUnavailable, retry_for_lock
from agentctl.core.migration.plan import Plan

_PURPOSE = 0x61676374  # `agct`: the first number of the advisory lock; the second one stands for the table
_TRY: LiteralString = "SELECT pg_try_advisory_xact_lock(%(purpose)s, hashtext(%(table)s)) AS had"
_HOLDER: LiteralString = """
SELECT a.pid, coalesce(a.usename, '') AS "user", coalesce(a.application_name, '') AS query,
       coalesce(clock_timestamp() - a.xact_start, '0') AS age
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = %(purpose)s AND l.objid::bigint = (hashtext(%(table)s)::bigint & x'ffffffff'::bigint)
"""


@contextmanager
def hold_migration_lock(
    connection: Connection, planned: Plan, on_wait: Callable[[LockAwaited], None]
) -> Iterator[None]:
    """Wait until no other migration of the table is at work, then keep others out until the block ends.

    Raises:
        DatabaseTrouble: the other one did not end in time; retryable, and names its session.

    """
    table = {"purpose": _PURPOSE, "table": planned.full_name}
    with connection.database.connect() as guard:
        retry_for_lock(
            partial(_take_lock, guard, table),
            wait=planned.wait,
            list_blockers=partial(_list_holders, guard, table),
            on_wait=on_wait,
            reason="Another migration of this table is running",
        )
        # The last query's portal would hold its snapshot, which a concurrent build waits for: this closes it.
        guard.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _take_lock(guard: Connection, table: dict[str, object]) -> None:
    # Under a stricter isolation level, which may be the database's default, the snapshot would last as long
    # as the transaction, and every concurrent index build would wait for it for ever.
    guard.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
    if not guard.read_value(_TRY, table):
        guard.execute("ROLLBACK")
        raise LockUnavailable


def _list_holders(guard: Connection, table: dict[str, object]) -> tuple[Blocker, ...]:
    return tuple(Blocker(**row) for row in guard.execute(_HOLDER, table).fetchall())
