"""Lets one migration of a table be at work at a time.

Two concurrent index builds of one table can deadlock, and the loser leaves an index that is invalid. The lock
lives in a transaction of its own: it outlasts no connection, however that ends, and a pooler in transaction
mode cannot take it away. What a migration does is right without it, too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import LiteralString

from agentctl.core.database.connection import Connection
from agentctl.core.migration.locks import Blocker, LockAwaited, NotHadError, patiently
from agentctl.core.migration.plan import Plan

_PURPOSE = 0x61676374  # `agct`: one of the two numbers that an advisory lock has; the other one is the table
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
def alone(connection: Connection, planned: Plan, told: Callable[[LockAwaited], None]) -> Iterator[None]:
    """Wait until no other migration of the table is at work, and keep others waiting until the block ends.

    Raises:
        DatabaseTrouble: it was not over in time; retryable, and names the session.

    """
    table = {"purpose": _PURPOSE, "table": planned.table}
    with connection.database.connect() as guard:
        patiently(
            partial(_try, guard, table),
            wait=planned.wait,
            in_the_way=partial(_holder, guard, table),
            told=told,
            reason="Another migration of this table is running",
        )
        # The last query's portal would hold its snapshot, which a concurrent build waits for: this closes it.
        guard.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _try(guard: Connection, table: dict[str, object]) -> None:
    # A snapshot that lasts as long as the transaction, the database's default perhaps, would have every
    # concurrent index build wait for it: for ever.
    guard.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
    row = guard.execute(_TRY, table).fetchone()
    if row is None or not row["had"]:
        guard.execute("ROLLBACK")
        raise NotHadError


def _holder(guard: Connection, table: dict[str, object]) -> tuple[Blocker, ...]:
    return tuple(Blocker(**row) for row in guard.execute(_HOLDER, table).fetchall())
