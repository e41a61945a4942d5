"""Waits for locks in many short attempts, so that nobody queues behind them; names who is in the way."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString, NoReturn, TypeVar

from psycopg import sql
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import sqlstate_of
from agentctl.core.database.quoting import compose
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.migration.plan import LockMode, LockWait

_LOCK_NOT_AVAILABLE, _QUERY_CANCELED = "55P03", "57014"
# duplicate_table, deadlock_detected: two migrations were at it at once; another look tells who was first.
_COLLISIONS = frozenset({"42P07", "40P01"})
_SHOWN = 3
_BLOCKERS: LiteralString = """
WITH RECURSIVE family AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = %(table)s
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits i JOIN family ON i.inhparent = family.oid
)
SELECT a.pid, coalesce(a.usename, '') AS "user", coalesce(a.query, '') AS query,
       coalesce(clock_timestamp() - coalesce(a.xact_start, a.query_start), '0') AS age
FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid()
  AND EXISTS (SELECT FROM pg_locks l JOIN family ON l.relation = family.oid
              WHERE l.pid = a.pid AND l.granted AND l.mode = ANY(%(modes)s)
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY a.xact_start
"""

T = TypeVar("T")


class NotHadError(Exception):
    """A lock is somebody else's, and was not waited for."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that has what a step waits for; `query` is its last statement, `age` its transaction's."""

    pid: int
    user: str
    query: str
    age: timedelta


@dataclass(frozen=True, slots=True)
class LockAwaited:
    """A lock was not had; it is tried again after a pause in which nobody waits.

    Attributes:
        reason: why not.
        attempt: how many there have been.
        waited: since the first one began.
        blockers: who had the lock a moment later; nobody where they have gone meanwhile.

    """

    reason: str
    attempt: int
    waited: timedelta
    blockers: tuple[Blocker, ...]


def blockers(connection: Connection, *, schema: str, table: str, mode: LockMode) -> tuple[Blocker, ...]:
    """Return the sessions that keep a table, or one below it, from being locked; the oldest come first."""
    values = {"schema": schema, "table": table, "modes": list(mode.waits_for)}
    rows = connection.execute(_BLOCKERS, values).fetchall()
    return tuple(Blocker(**row) for row in rows)


def patiently(
    work: Callable[[], T],
    *,
    wait: LockWait,
    in_the_way: Callable[[], tuple[Blocker, ...]],
    told: Callable[[LockAwaited], None],
    reason: str = "Table locked",
) -> T:
    """Do what needs a lock, again and again with random pauses until it is had.

    Args:
        work: one attempt, under a lock timeout.
        wait: when to give up.
        in_the_way: asks who has the lock.
        told: hears of every attempt that gave way.
        reason: why an attempt may fail.

    Raises:
        DatabaseTrouble: it was not had in time; retryable, and names who is in the way.

    """
    began = time.monotonic()
    last: tuple[Blocker, ...] = ()

    def gave_way(state: RetryCallState) -> None:
        nonlocal last
        last = in_the_way()
        told(LockAwaited(reason, state.attempt_number, timedelta(seconds=time.monotonic() - began), last))

    def gave_up(state: RetryCallState) -> NoReturn:
        raise _gave_up(reason, state.attempt_number, in_the_way() or last)

    retrying = Retrying(
        retry=retry_if_exception(_may_be_tried_again),
        stop=stop_before_delay(wait.give_up_after.total_seconds()),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        before_sleep=gave_way,
        retry_error_callback=gave_up,
    )
    return retrying(work)


def is_collision(error: BaseException) -> bool:
    """Whether another migration was faster."""
    return sqlstate_of(error) in _COLLISIONS


def _may_be_tried_again(error: BaseException) -> bool:
    # Statements have a time limit of their own only while they wait for several locks.
    return (
        isinstance(error, NotHadError)
        or is_collision(error)
        or sqlstate_of(error) in {_LOCK_NOT_AVAILABLE, _QUERY_CANCELED}
    )


def _gave_up(reason: str, attempts: int, last: tuple[Blocker, ...]) -> DatabaseTrouble:
    said = "".join(f"\n{described(one)}" for one in last[:_SHOWN])
    msg = f"{reason}: the lock was not available in {attempts} attempts.{said}"
    hint = "These attempts leave nothing waiting. Try again, or pass a longer --give-up-after."
    if last:
        statement = compose("SELECT pg_terminate_backend({});", sql.Literal(last[0].pid))
        hint += f" To end a session for good: {statement.as_string()}"
    return DatabaseTrouble(msg, hint=hint, code="locked", retryable=True)


def described(blocker: Blocker) -> str:
    """Name a session in one line: who, since when, with what."""
    query = " ".join(blocker.query.split())
    seconds = round(blocker.age.total_seconds())
    return f"In the way: pid {blocker.pid}, user {blocker.user or '?'}, for {seconds} s: {query[:200] or '?'}"
