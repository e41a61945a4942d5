"""Connections to PostgreSQL: opens, names and bounds them.

Every statement leaves from here, with its names qualified (`cursors`), and every error leaves as one of ours
(`errors`). It knows no table, and it never shows a connection string: libpq quotes parts of a malformed one,
password included.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import psycopg
from msgspec import Struct
from psycopg import pq, sql
from psycopg.abc import Params, PQGen, Query
from psycopg.rows import dict_row

from agentctl import __version__
from agentctl.core.database.connection_url import read_parameters
from agentctl.core.database.cursors import QualifyingCursor, QualifyingServerCursor
from agentctl.core.database.errors import NotSerialized, is_connection_lost, translate
from agentctl.core.database.foresight import Answer, Foresight, ReadAhead, Rows, WorkAhead, require_rows
from agentctl.core.database.loaders import register_loaders
from agentctl.core.database.quoting import compose, with_marks_doubled
from agentctl.core.database.read_deadline import AnswerOverdue, end_within
from agentctl.core.database.retries import try_while
from agentctl.core.database.statements import Statement
from agentctl.core.errors import ConnectionFailed
from agentctl.core.models import Reticent

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

# What the database or the role has by default may be stricter: whoever waits for a user's lock would then be
# refused once it is free.
_BEGIN = Statement(compose("BEGIN ISOLATION LEVEL READ COMMITTED"))
_COMMIT = Statement(compose("COMMIT"))

# What psycopg logs, the errors that it raises say too; unhandled, it would reach stderr as it comes.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

T = TypeVar("T")


class Database(Reticent, Struct, frozen=True):
    """Where the database is; opens connections to it.

    Attributes:
        parameters: libpq's connection parameters, the password among them; never shown.
        name: `user@host/dbname`, for people.
        answer_within: how long any statement may take; None for as long as it likes, as writing must.

    """

    unsaid: ClassVar = frozenset({"parameters"})

    parameters: dict[str, Any]
    name: str
    answer_within: timedelta | None = None

    @property
    def address(self) -> str:
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
            self.translating_errors(),
            Connection.connect(
                "",
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
                cursor_factory=QualifyingCursor,
                **self.parameters,
            ) as connection,
        ):
            connection.database = self
            # Stands in BEGIN itself, so that it costs no round trip. What the database or the role has by
            # default may be stricter: whoever waits for a user's lock would then be refused once it is free.
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            _speak_utf8(connection)
            register_loaders(connection)
            connection.server_cursor_factory = QualifyingServerCursor
            yield connection

    @contextmanager
    def translating_errors(self) -> Iterator[None]:
        """Turn the errors that psycopg raises in this block into ours."""
        try:
            yield
        except psycopg.Error as error:
            password = str(self.parameters.get("password") or "")
            raise translate(error, database=self.name, password=password) from error

    def run_reconnecting(self, work: Callable[["Connection"], T]) -> T:
        """Do `work` on a new connection, and for a minute anew whenever a connection fails.

        `work` must be safe to repeat: nobody knows how far it got.

        Raises:
            ConnectionFailed: the database stayed away.

        """

        def work_connected() -> T:
            with self.connect() as connection:
                return work(connection)

        return try_while(_has_no_connection, work_connected, first_pause=0.2, longest_pause=5)


def _has_no_connection(error: BaseException) -> bool:
    return isinstance(error, ConnectionFailed)


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
    _foresight: Foresight | None = None

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """Wait for an answer as psycopg does, and no longer than the database's statements may take.

        Raises:
            AnswerOverdue: it was cancelled, as far as the server can be reached, and the connection closed.

        """
        limit = self.database.answer_within if hasattr(self, "database") else None
        if limit is None:
            return super().wait(gen, *args, **options)
        try:
            return super().wait(end_within(limit, gen), *args, **options)
        except AnswerOverdue:
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
        self._leave_foresight()
        run: Callable[..., Rows] = super().execute
        if params is not None and isinstance(query, sql.Composed):
            query = with_marks_doubled(query, self)
        return try_while(
            self._is_alone_and_refused, lambda: run(query, params, prepare=prepare, binary=binary)
        )

    def run(self, statement: Statement) -> Rows:
        """Run a statement as `execute` does, or return the answer of one that was sent ahead."""
        foreseen = self._foresight.take(statement) if self._foresight is not None else None
        return self.execute(statement.query, statement.values) if foreseen is None else foreseen

    @contextmanager
    def reading_ahead(self, statements: Sequence[Statement]) -> Iterator[None]:
        """Send statements that only read together, and answer the block's from them where it asks the same.

        Args:
            statements: if one fails, the block asks those behind it anew.

        """
        answers = self._send_together(statements) if statements else []
        # What could not be serialized is asked again, as `execute` does.
        answers = [(sent, answer) for sent, answer in answers if not isinstance(answer, NotSerialized)]
        self._foresight = ReadAhead(answers)
        try:
            yield
        finally:
            self._foresight = None

    @contextmanager
    def working_ahead(self, statements: Sequence[Statement], *, commits: bool = False) -> Iterator[None]:
        """Do the block in a transaction whose first statements leave with its BEGIN; COMMIT, or roll it back.

        Args:
            statements: in the order in which the block asks them; it may ask more behind them.
            commits: whether COMMIT leaves with them. The block has no say then: it asks nothing else.

        Raises:
            Mistaken: it asked something else, and everything was rolled back that was not committed.

        """
        ending = [_COMMIT] if commits else []
        try:
            foresight = WorkAhead(self._send_together([_BEGIN, *statements, *ending]))
            foresight.take(_BEGIN)
            self._foresight = foresight
            yield
            for statement in ending:
                foresight.take(statement)
            foresight.leave()
            self.commit()  # does nothing where that is done
        except BaseException:
            with suppress(psycopg.Error):  # a connection that is lost has rolled back
                self.rollback()
            raise
        finally:
            self._foresight = None

    def _leave_foresight(self) -> None:
        """Make sure that nothing was sent ahead of a statement which it must come before."""
        if self._foresight is not None:
            self._foresight.leave()

    def _send_together(self, statements: Sequence[Statement]) -> list[tuple[Statement, Answer]]:
        """Send statements in one flight, and return their answers up to the first that is an error."""
        cursors: list[Rows] = []
        ending: list[psycopg.Error] = []
        try:
            with self.pipeline():
                for statement in statements:
                    query, values = statement.query, statement.values
                    cursors.append(self.cursor())
                    cursors[-1].execute(query if values is None else with_marks_doubled(query, self), values)
        except psycopg.Error as error:
            ending.append(error)
        answers = [cursor for cursor in cursors if cursor.pgresult is not None]
        return list(zip(statements, [*answers, *ending], strict=False))

    def execute_as_written(self, query: Query) -> psycopg.Cursor[dict[str, Any]]:
        """Run a message that says itself where its names are looked up; repeated as `execute` repeats."""
        return try_while(self._is_alone_and_refused, lambda: psycopg.Cursor(self).execute(query))

    def run_together(self, *statements: Statement) -> list[Rows]:
        """Run statements in one flight, and return the rows of each; see `execute`."""
        self._leave_foresight()

        def send() -> list[Rows]:
            return [require_rows(answer) for _, answer in self._send_together(statements)]

        return try_while(self._is_alone_and_refused, send)

    def read_value(self, query: Query, params: Params | None = None) -> Any:
        """Run a statement that answers with one value, and return it; None where there is no row."""
        row = self.execute(query, params).fetchone()
        return next(iter(row.values())) if row else None

    def _is_alone_and_refused(self, error: BaseException) -> bool:
        idle = self.info.transaction_status is pq.TransactionStatus.IDLE
        return idle and isinstance(error, NotSerialized)


def read_database_url(url: str, *, source: str) -> Database:
    """Read a connection string, without connecting.

    Args:
        url: a URI or a libpq keyword string.
        source: where it was found, for messages.

    Raises:
        ConfigError: it cannot be understood.

    """
    parameters = read_parameters(url, source=source)
    user, host, name = (parameters.get(key) for key in ("user", "host", "dbname"))
    return Database(
        {**_DEFAULTS, **parameters}, name=f"{user or ''}@{host or 'localhost'}/{name or user or ''}"
    )


def ask_or_none(connection: Connection, statement: Statement) -> dict[str, Any] | None:
    """Return the first row of a statement that the server may refuse; None where it does, or finds none.

    Args:
        connection: in no transaction, since an error would end it.
        statement: one that only reads.

    Raises:
        psycopg.Error: the connection is lost.

    """
    try:
        return connection.run(statement).fetchone()
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError) and is_connection_lost(error):
            raise
        return None
