"""What psycopg's errors mean, and the one place where they become ours.

Nothing else knows `psycopg.errors`. It never shows a connection string: libpq quotes parts of a malformed
one, password included.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
from psycopg import errors

from agentctl.core.database.advice import advise
from agentctl.core.database.read_deadline import AnswerOverdue
from agentctl.core.errors import (
    AgentctlError,
    ConnectionFailed,
    DatabaseTrouble,
    PermissionDenied,
    SchemaLacks,
)

NotSerialized = errors.SerializationFailure
ColumnMissing = errors.UndefinedColumn
IN_THE_WAY = (NotSerialized, errors.DeadlockDetected, errors.LockNotAvailable)
"""Errors of a transaction that others were in the way of: it was rolled back, and may succeed later."""
Vanished = errors.InternalError_
"""What a statement had found in the catalog was dropped before it was looked at."""

_SHUTDOWNS = frozenset({"57P01", "57P02", "57P03", "57P05"})


def is_connection_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, so that nobody knows what became of the last statement."""
    state = error.sqlstate or "08"
    return state.startswith("08") or state in _SHUTDOWNS


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code for what went wrong, or None where it was something else."""
    return error.sqlstate if isinstance(error, psycopg.Error) else None


def read_refusal(error: BaseException) -> str | None:
    """Return what a function of the database said when it refused, or None where that was something else.

    RAISE EXCEPTION is P0001 unless its author chose a code of their own, which PostgreSQL does not know; a
    CHECK such as `credits >= 0` refuses with 23514.
    """
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return None
    if error.sqlstate not in {"P0001", "23514"} and _is_known(error.sqlstate):
        return None
    return error.diag.message_primary or "it did not say why"


def _is_known(sqlstate: str) -> bool:
    try:
        errors.lookup(sqlstate)
    except KeyError:
        return False
    return True


@contextmanager
def raising_if_reference_is_gone(refusal: AgentctlError) -> Iterator[None]:
    """Raise this error where a row is refused because what it refers to is not there any more."""
    try:
        yield
    except errors.ForeignKeyViolation as error:
        raise refusal from error


def translate(error: psycopg.Error, *, database: str, password: str) -> AgentctlError:
    """Return the error of ours that says what one of psycopg's means.

    Args:
        error: psycopg's.
        database: `user@host/dbname`, for people.
        password: is taken out of what the server said.

    """
    state = error.sqlstate or ""
    reason = _redact_password(str(error), password)
    message = f"{database}: {reason}."
    if state == "42501":
        return PermissionDenied(message, hint="Connect as a role with that privilege, or grant it.")
    if state in {"42P01", "42703", "42883"}:
        return _translate_lack(error, message)
    if state == "25006":
        return DatabaseTrouble(
            f"{database} is read-only: {reason}.",
            hint="Connect to the primary, not to a replica.",
            code="read_only",
        )
    if state == "57014" or isinstance(error, AnswerOverdue):
        return _translate_timeout(message, by_server=bool(state))
    if state[:2] in {"08", "57"} or (not state and isinstance(error, psycopg.OperationalError)):
        advice = advise(str(error))
        return ConnectionFailed(message, hint=advice.hint, retryable=advice.retryable)
    retryable = state in {"40001", "40P01", "55P03", "53300"}
    suffix = f" (SQLSTATE {state})" if state else ""
    return DatabaseTrouble(f"{database}: {reason}{suffix}.", retryable=retryable)


def _translate_lack(error: psycopg.Error, message: str) -> SchemaLacks:
    if error.sqlstate == "42703" and not error.diag.context:
        # In no function: a statement of ours, which names the columns that the catalog had a moment ago.
        return SchemaLacks(
            message,
            hint="The schema changed while the command was running: run it again.",
            code="schema_changed",
            retryable=True,
        )
    return SchemaLacks(message, hint="See what is missing: agentctl schema-check.")


def _translate_timeout(message: str, *, by_server: bool) -> DatabaseTrouble:
    if by_server:
        return DatabaseTrouble(
            message,
            hint="Give the role more time: ALTER ROLE ... SET statement_timeout = '10min'.",
            code="statement_cancelled",
        )
    return DatabaseTrouble(
        message,
        hint="See what it is waiting for (SELECT * FROM pg_stat_activity), or allow it more "
        'time: [profiles.NAME] read_timeout = "15m"',
        code="read_timeout",
    )


def _redact_password(text: str, password: str) -> str:
    """Return the first line that says what happened, without the password in any spelling."""
    for secret in {password, quote(password, safe="")} - {""}:
        text = text.replace(secret, "***")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "?"
    line = lines[-1] if text.startswith("connection failed: Multiple") else lines[0]
    return line.rstrip(".")
