"""Connections to PostgreSQL, and the one place where psycopg's errors become ours.

It opens, names and bounds connections, and retries transactions that PostgreSQL asks to be retried. Every
statement leaves from here, with its names qualified (`qualified_sql.py`). It knows no table, and it never
shows a connection string: libpq quotes parts of a malformed one, password included.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, LiteralString, NoReturn, Self, TypeVar, cast
from urllib.parse import quote

import psycopg
from psycopg import conninfo, errors, pq, sql
from psycopg.abc import Params, PQGen, Query
from psycopg.rows import dict_row
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_random_exponential,
)
from tenacity.retry import retry_base

from agentctl import __version__
from agentctl.core.database.advice import advise
from agentctl.core.database.loaders import register_loaders
from agentctl.core.database.qualified_sql import qualify_names
from agentctl.core.database.quoting import with_marks_doubled
from agentctl.core.errors import (
    AgentctlError,
    ConfigError,
    ConnectionFailed,
    DatabaseTrouble,
    OutcomeUnknown,
    PermissionDenied,
    SchemaLacks,
)

# A pooler in transaction mode hands each transaction another server: nothing may live in the session.
_DEFAULTS = {
    "application_name": f"agentctl/{__version__}",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_CANCEL_SECONDS = 5.0
_COME_BACK_SECONDS = 60  # in which a database that went away may come back
_TRY_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)
_RETRY_SECONDS = 60  # in which others may get out of a transaction's way
_SHUTDOWNS = frozenset({"57P01", "57P02", "57P03", "57P05"})

# What psycopg logs is told by the errors that it raises; unhandled, it would reach stderr as it comes.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

T = TypeVar("T")
Schema = TypeVar("Schema")


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is; opens connections to it.

    Attributes:
        parameters: libpq's connection parameters, the password among them; never shown.
        name: `user@host/dbname`, for people.
        answer_within: how long any statement may take; None for as long as it likes, as writing must.

    """

    parameters: dict[str, Any] = field(repr=False)
    name: str
    answer_within: timedelta | None = None

    @property
    def place(self) -> str:
        """`host:port/dbname`: which database it is, whoever connects."""
        parts = (self.parameters.get(key) or "" for key in ("host", "port", "dbname"))
        return "{}:{}/{}".format(*parts)

    @contextmanager
    def connect(self) -> Iterator["Connection"]:
        """Open a connection in autocommit mode, rows as dictionaries; psycopg's errors come out as ours.

        Raises:
            ConnectionFailed: no server, no such database, wrong password, or a connection that broke.
            PermissionDenied, SchemaLacks, DatabaseTrouble: from any statement inside the block.

        """
        with (
            translated(self),
            Connection.connect(
                "",
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
                cursor_factory=_Cursor,
                **self.parameters,
            ) as connection,
        ):
            connection.database = self
            # Stands in BEGIN itself, so that it costs no round trip. What the database or the role has by
            # default may be stricter: whoever waits for a user's lock would then be refused once it is free.
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            _speak_utf8(connection)
            register_loaders(connection)
            connection.server_cursor_factory = _ServerCursor
            yield connection

    def again(self, work: Callable[["Connection"], T]) -> T:
        """Do `work` on a new connection, and for a minute anew whenever a connection fails.

        `work` must be safe to repeat: nobody knows how far it got.

        Raises:
            ConnectionFailed: the database stayed away.

        """
        for attempt in Retrying(
            retry=retry_if_exception_type(ConnectionFailed),
            stop=stop_after_delay(_COME_BACK_SECONDS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            reraise=True,
        ):
            with attempt, self.connect() as connection:
                result = work(connection)
        return result


def _speak_utf8(connection: "Connection") -> None:
    """Talk to a database of another encoding in UTF-8, in which JSON and a migration's statements are.

    One whose encoding is none (SQL_ASCII) would refuse to, where a text is not UTF-8.
    """
    if connection.info.parameter_status("client_encoding") not in {"UTF8", "SQL_ASCII"}:
        connection.execute("SET client_encoding TO 'UTF8'")


class Connection(psycopg.Connection[dict[str, Any]]):
    """A connection that knows where it leads, so that what it has begun can be asked about on another.

    Its transactions are READ COMMITTED, whatever the database's default is, unless their first statement asks
    for a snapshot.
    """

    database: Database

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """Wait for an answer as psycopg does, and no longer than the database's statements may take.

        Raises:
            _AnswerOverdue: it was cancelled, as far as the server can be reached, and the connection closed.

        """
        limit = self.database.answer_within if hasattr(self, "database") else None
        if limit is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(_ending(gen, limit), *args, **options)
        except _AnswerOverdue:
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=_CANCEL_SECONDS)
            self.close()
            raise

    def execute(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool = False,
    ) -> psycopg.Cursor[dict[str, Any]]:
        """Run a statement, and run one that stands alone again where it could not be serialized.

        A statement outside of a transaction has the database's default isolation; under SERIALIZABLE even one
        that only reads may be refused. It left nothing behind then.
        """
        run: Callable[..., psycopg.Cursor[dict[str, Any]]] = super().execute
        if params is not None and isinstance(query, sql.Composed):
            query = with_marks_doubled(query, self)
        for attempt in _retrying(retry_if_exception(self._is_alone_and_refused)):
            with attempt:
                cursor = run(query, params, prepare=prepare, binary=binary)
        return cursor

    def _is_alone_and_refused(self, error: BaseException) -> bool:
        idle = self.info.transaction_status is pq.TransactionStatus.IDLE
        return idle and isinstance(error, errors.SerializationFailure)


class _AnswerOverdue(psycopg.OperationalError):
    """A statement was not answered in time."""


def _ending(waiting: PQGen[T], limit: timedelta) -> PQGen[T]:
    """Wait for what another generator waits for, until the limit has passed and nothing has come."""
    end = time.monotonic() + limit.total_seconds()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= end:
                msg = f"the database has not answered within {limit.total_seconds():g} seconds"
                raise _AnswerOverdue(msg)
            wanted = waiting.send(ready)
    except StopIteration as done:
        return cast("T", done.value)


def _retrying(condition: retry_base) -> Retrying:
    """Try again while `condition` holds, with pauses that differ from everybody else's, for a minute."""
    return Retrying(
        retry=condition,
        stop=stop_after_delay(_RETRY_SECONDS),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        reraise=True,
    )


class _Cursor(psycopg.Cursor[dict[str, Any]]):
    """A cursor whose statements leave with every name qualified."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """Execute a statement as psycopg does."""
        return super().execute(_qualified(query, self), params, **options)

    @contextmanager
    def copy(self, statement: Query, params: Params | None = None, **options: Any) -> Iterator[psycopg.Copy]:
        """Copy as psycopg does."""
        with super().copy(_qualified(statement, self), params, **options) as copy:
            yield copy


class _ServerCursor(psycopg.ServerCursor[dict[str, Any]]):
    """A cursor on the server, likewise."""

    def execute(self, query: Query, params: Params | None = None, **options: Any) -> Self:
        """Execute a statement as psycopg does."""
        return super().execute(_qualified(query, self), params, **options)


def _qualified(query: Query, cursor: psycopg.Cursor[Any] | psycopg.ServerCursor[Any]) -> str:
    if isinstance(query, sql.Composable):
        text = query.as_string(cursor)
    elif isinstance(query, str):
        text = query
    elif isinstance(query, bytes):
        text = query.decode()
    else:
        msg = "A statement is text, or composed of psycopg's parts."
        raise TypeError(msg)
    return qualify_names(text)


def at(url: str, *, place: str) -> Database:
    """Read a connection string, without connecting.

    Args:
        url: a URI or a libpq keyword string.
        place: where it was found, for messages.

    Raises:
        ConfigError: libpq does not understand it.

    """
    try:
        given = conninfo.conninfo_to_dict(url.strip())
    except (psycopg.Error, ValueError):  # ValueError: it is no text that could be sent
        given = {}
    if not given or "\0" in url or _is_misread(given):
        msg = f"The database URL in {place} cannot be understood (it is not shown: it may hold a password)."
        hint = (
            "Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ : / # % in the "
            "password must be percent-encoded."
        )
        raise ConfigError(msg, hint=hint) from None
    user, host, name = (given.get(key) for key in ("user", "host", "dbname"))
    return Database({**_DEFAULTS, **given}, name=f"{user or ''}@{host or 'localhost'}/{name or user or ''}")


def _is_misread(given: Mapping[str, Any]) -> bool:
    """Whether libpq took a part of the password for host, port or database: it was not percent-encoded."""
    host, port, name = (str(given.get(key) or "") for key in ("host", "port", "dbname"))
    return bool(re.search("[^,]@", host) or "@" in name or re.search("[^0-9,]", port))


@dataclass(slots=True)
class Commit(Generic[T]):
    """A transaction whose COMMIT is about to be sent; tells afterwards whether it arrived.

    Attributes:
        number: PostgreSQL's, of the transaction; None as long as no COMMIT can have been sent.
        result: what the transaction's work returned.

    """

    number: str | None = None
    result: T | None = None

    def arrived(self, database: Database) -> bool:
        """Ask on another connection: reading is safe where repeating would not be.

        Raises:
            OutcomeUnknown: the database stayed away, or would not say.

        """
        if self.number is None:
            return False
        try:
            return _status_of(database, self.number) == "committed"
        except AgentctlError as error:  # away; or it will not say, as another server after a failover
            msg = f"It is not known whether the database committed the last change: {error.message}"
            hint = "When it answers again, check what it holds before you repeat the command."
            raise OutcomeUnknown(msg, hint=hint) from error


def _status_of(database: Database, number: str) -> str:
    """Return `committed` or `aborted`; waits while the server is still busy with it."""
    query = "SELECT pg_xact_status(%(number)s::xid8) AS status"

    def status(connection: Connection) -> str:
        row = connection.execute(query, {"number": number}).fetchone()
        return str(row["status"]) if row else ""

    waiting = Retrying(
        retry=retry_if_result(lambda found: found == "in progress"),
        stop=stop_after_delay(_COME_BACK_SECONDS),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        retry_error_callback=_still_at_work,
    )
    return database.again(lambda connection: waiting(status, connection))


def _still_at_work(_: RetryCallState) -> NoReturn:
    msg = "The server is still busy with a transaction whose connection was lost."
    raise ConnectionFailed(msg, retryable=True)


def ask_or_none(connection: Connection, query: LiteralString) -> dict[str, Any] | None:
    """Return the first row of a query that the server may refuse; None where it does, or finds none.

    Args:
        connection: in no transaction, since an error would end it.
        query: one that only reads.

    Raises:
        psycopg.Error: the connection is lost.

    """
    try:
        return connection.execute(query).fetchone()
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError) and _is_lost(error):
            raise
        return None


def in_transaction(connection: Connection, work: Callable[[], T], *, commit: Commit[T] | None = None) -> T:
    """Run `work` in one transaction, from its start again when PostgreSQL says that this may help.

    That is after a serialization failure, a deadlock or a lock timeout, for a minute; the transaction was
    rolled back then, so that `work` must have no effect outside of the database. Where the connection is
    lost with the COMMIT under way, the database is asked whether it arrived; nothing is done twice.

    Args:
        connection: not in a transaction.
        work: what belongs together.
        commit: is filled in before the COMMIT, for a caller that may be interrupted.

    Raises:
        OutcomeUnknown: the COMMIT was sent, and the database cannot be asked.

    """
    commit = commit or Commit()
    for attempt in _retrying(retry_if_exception_type(_TRY_AGAIN)):
        with attempt:
            result = _committed(connection, work, commit)
    return result


def _committed(connection: Connection, work: Callable[[], T], commit: Commit[T]) -> T:
    commit.number = None
    try:
        with connection.transaction():
            result = commit.result = work()
            row = connection.execute("SELECT pg_current_xact_id_if_assigned()::text AS number").fetchone()
            commit.number = row["number"] if row else None
    except psycopg.OperationalError as error:
        if not _is_lost(error) or not commit.arrived(connection.database):
            raise
    return result


def _is_lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone, so that nobody knows what became of the last statement."""
    state = error.sqlstate or "08"
    return state.startswith("08") or state in _SHUTDOWNS


def retry_after_drift(work: Callable[[Schema], T], *, first: Schema, refresh: Callable[[], Schema]) -> T:
    """Run `work` on a schema; where a column has vanished from it meanwhile, once more on a fresh one.

    `work` is a whole transaction: the first one was rolled back, unseen by anybody.
    """
    try:
        return work(first)
    except errors.UndefinedColumn:
        return work(refresh())


def raised_on_purpose(error: BaseException) -> str | None:
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


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code for what went wrong, or None where it was something else."""
    return error.sqlstate if isinstance(error, psycopg.Error) else None


@contextmanager
def refused_as(refusal: AgentctlError) -> Iterator[None]:
    """Raise this where a row is refused because what it refers to is not there any more."""
    try:
        yield
    except errors.ForeignKeyViolation as error:
        raise refusal from error


@contextmanager
def translated(database: Database) -> Iterator[None]:
    """Turn psycopg's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise _translation(error, database) from error


def _translation(error: psycopg.Error, database: Database) -> AgentctlError:
    state = error.sqlstate or ""
    said = _redacted(str(error), database)
    if state == "42501":
        msg = f"{database.name}: {said}."
        return PermissionDenied(msg, hint="Connect as a role with that privilege, or grant it.")
    if state in {"42P01", "42703", "42883"}:
        return _translation_of_lack(error, f"{database.name}: {said}.")
    if state == "25006":
        msg = f"{database.name} is read-only: {said}."
        return DatabaseTrouble(msg, hint="Connect to the primary, not to a replica.", code="read_only")
    if state == "57014" or isinstance(error, _AnswerOverdue):
        hint = "Give the role more time: ALTER ROLE ... SET statement_timeout = '10min'."
        if not state:
            hint = (
                "See what it is waiting for (SELECT * FROM pg_stat_activity), or allow it more "
                'time: [profiles.NAME] read_timeout = "15m"'
            )
        code = "statement_cancelled" if state else "read_timeout"
        return DatabaseTrouble(f"{database.name}: {said}.", hint=hint, code=code)
    if state[:2] in {"08", "57"} or (not state and isinstance(error, psycopg.OperationalError)):
        advice = advise(str(error))
        msg = f"{database.name}: {said}."
        return ConnectionFailed(msg, hint=advice.hint, retryable=advice.retryable)
    again = state in {"40001", "40P01", "55P03", "53300"}
    where = f" (SQLSTATE {state})" if state else ""
    return DatabaseTrouble(f"{database.name}: {said}{where}.", retryable=again)


def _translation_of_lack(error: psycopg.Error, message: str) -> SchemaLacks:
    if error.sqlstate == "42703" and not error.diag.context:
        # In no function: a statement of ours, which names the columns that the catalog had a moment ago.
        hint = "The schema changed while the command was running: run it again."
        return SchemaLacks(message, hint=hint, code="schema_changed", retryable=True)
    return SchemaLacks(message, hint="See what is missing: agentctl schema-check.")


def _redacted(text: str, database: Database) -> str:
    """Return the first line that says what happened, without the password in any spelling."""
    password = str(database.parameters.get("password") or "")
    for secret in {password, quote(password, safe="")} - {""}:
        text = text.replace(secret, "***")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (
        (lines[-1] if text.startswith("connection failed: Multiple") else lines[0]).rstrip(".")
        if lines
        else "?"
    )
