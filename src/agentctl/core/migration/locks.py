"""Waits for locks in many short attempts, so that nobody queues behind them, and names the blockers."""

from collections.abc import Callable
from datetime import timedelta
from typing import LiteralString, NoReturn, TypeVar

from msgspec import Struct
from psycopg import sql
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import sqlstate_of
from agentctl.core.database.quoting import compose
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.migration.plan import LockMode, LockWait

_LOCK_NOT_AVAILABLE, _QUERY_CANCELED = "55P03", "57014"
# duplicate_table, deadlock_detected: two migrations met, and looking at the table again settles it.
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


class LockUnavailable(Exception):
    """Somebody else has the lock, and it was not waited for."""


class Blocker(Struct, frozen=True):
    """A session that has what a step waits for; `query` is its last statement, `age` its transaction's."""

    pid: int
    user: str
    query: str
    age: timedelta


class LockAwaited(Struct, frozen=True):
    """An attempt to get a lock failed; the next one follows a pause in which nobody waits.

    Attributes:
        reason: why it failed.
        attempt: the number of attempts so far.
        blockers: the sessions that had the lock a moment later; none if they ended meanwhile.

    """

    reason: str
    attempt: int
    blockers: tuple[Blocker, ...]


def find_blockers(connection: Connection, *, schema: str, table: str, mode: LockMode) -> tuple[Blocker, ...]:
    """Return the sessions that keep a table, or one below it, from being locked; the oldest first."""
    values = {"schema": schema, "table": table, "modes": list(mode.waits_for)}
    rows = connection.execute(_BLOCKERS, values).fetchall()
    return tuple(Blocker(**row) for row in rows)


def retry_for_lock(
    work: Callable[[], T],
    *,
    wait: LockWait,
    list_blockers: Callable[[], tuple[Blocker, ...]],
    on_wait: Callable[[LockAwaited], None],
    reason: str = "Table locked",
) -> T:
    """Do what needs a lock, again and again with random pauses, until it succeeds.

    Args:
        work: one attempt, under a lock timeout.
        wait: when to give up.
        list_blockers: returns the sessions that have the lock.
        on_wait: called after every attempt that failed.
        reason: why an attempt may fail.

    Raises:
        DatabaseTrouble: it did not in time; retryable, and names the sessions in the way.

    """
    last: tuple[Blocker, ...] = ()

    def report_attempt(state: RetryCallState) -> None:
        nonlocal last
        last = list_blockers()
        on_wait(LockAwaited(reason, state.attempt_number, last))

    def give_up(state: RetryCallState) -> NoReturn:
        raise _explain_giving_up(reason, state.attempt_number, list_blockers() or last)

    retrying = Retrying(
        retry=retry_if_exception(_is_retryable),
        stop=stop_before_delay(wait.give_up_after.total_seconds()),
        wait=wait_random_exponential(multiplier=0.1, max=5),
        before_sleep=report_attempt,
        retry_error_callback=give_up,
    )
    return retrying(work)


def is_collision(error: BaseException) -> bool:
    """Whether another migration was faster."""
    return sqlstate_of(error) in _COLLISIONS


def _is_retryable(error: BaseException) -> bool:
    # A statement has a time limit of its own only while it waits for several locks.
    return (
        isinstance(error, LockUnavailable)
        or is_collision(error)
        or sqlstate_of(error) in {_LOCK_NOT_AVAILABLE, _QUERY_CANCELED}
    )


def _explain_giving_up(reason: str, attempts: int, last: tuple[Blocker, ...]) -> DatabaseTrouble:
    lines = "".join(f"\n{describe_blocker(blocker)}" for blocker in last[:_SHOWN])
    noun = "attempt" if attempts == 1 else "attempts"
    hint = "These attempts leave nothing waiting. Try again, or pass a longer --give-up-after."
    if last:
        statement = compose("SELECT pg_terminate_backend({});", sql.Literal(last[0].pid))
        hint += f" To end a session for good: {statement.as_string()}"
    return DatabaseTrouble(
        f"{reason}: the lock was not available in {attempts} {noun}.{lines}",
        hint=hint,
        code="locked",
        retryable=True,
    )


def describe_blocker(blocker: Blocker) -> str:
    """Return one line about a session: its user, how long it has been at work, its statement."""
    query = " ".join(blocker.query.split())
    seconds = round(blocker.age.total_seconds())
    return f"In the way: pid {blocker.pid}, user {blocker.user or '?'}, for {seconds} s: {query[:200] or '?'}"
