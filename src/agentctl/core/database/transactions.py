"""Transactions that happen once: repeated where that may help, asked about where nobody knows.

`durably` is how credits move and outcomes are written, `in_transaction` the part of it that needs no schema.
What the work is, is not known here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, Self, TypeVar

import psycopg
from msgspec import Struct

from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.errors import IN_THE_WAY, ColumnMissing, is_connection_lost
from agentctl.core.database.foresight import Mistaken
from agentctl.core.database.quoting import compose
from agentctl.core.database.retries import try_while
from agentctl.core.database.statements import Statement
from agentctl.core.errors import AgentctlError, ConnectionFailed, OutcomeUnknown

T = TypeVar("T")

CONSTRAINTS = Statement(compose("SET CONSTRAINTS ALL IMMEDIATE"))
"""Checks what was deferred to the COMMIT."""
NUMBER = Statement(compose("SELECT pg_current_xact_id_if_assigned()::text AS number"))
"""Asks for the transaction's number, by which its COMMIT can be asked about; the last statement before it."""


class Schema(Protocol):
    """What is known of the database's tables."""

    @property
    def session_zone(self) -> str | None:
        """The zone in which the session writes times that have none; None for the database's own."""

    def read_again(self, connection: Connection) -> Self:
        """Read the tables once more."""


S = TypeVar("S", bound=Schema)


class Commit(Struct, Generic[T]):
    """A transaction whose COMMIT is about to be sent; knows afterwards whether it arrived.

    Attributes:
        number: PostgreSQL's, of the transaction; None as long as no COMMIT can have been sent.
        result: what the transaction's work returned.
        in_doubt: whether a COMMIT that has no number may have arrived; its work can be repeated.

    """

    number: str | None = None
    result: T | None = None
    in_doubt: bool = False

    def has_arrived(self, database: Database) -> bool:
        """Ask on another connection: reading is safe where repeating would not be.

        Raises:
            OutcomeUnknown: the database stayed away, or would not say.

        """
        if self.number is None:
            return False
        try:
            return _read_transaction_status(database, self.number) == "committed"
        except AgentctlError as error:  # away; or it will not say, as another server after a failover
            raise OutcomeUnknown(
                f"It is not known whether the database committed the last change: {error.message}",
                hint="When it answers again, check what it holds before you repeat the command.",
            ) from error


def _read_transaction_status(database: Database, number: str) -> str:
    """Return `committed` or `aborted`; waits while the server is still busy with it."""
    query = "SELECT pg_xact_status(%(number)s::xid8) AS status"

    def read_status() -> str:
        status = database.run_reconnecting(
            lambda connection: connection.read_value(query, {"number": number})
        )
        if status == "in progress":
            raise _StillBusy
        return str(status)

    return try_while(lambda error: isinstance(error, _StillBusy), read_status)


class _StillBusy(ConnectionFailed):
    """The server has not noticed yet that the client of a transaction is gone."""

    def __init__(self) -> None:
        super().__init__(
            "The server is still busy with a transaction whose connection was lost.", retryable=True
        )


def durably(
    target: Database | Connection,
    schema: S,
    work: Callable[[Connection, S], T],
    *,
    commit: Commit[T] | None = None,
    foreseen: Sequence[Statement] = (),
    repeatable: bool = False,
) -> T:
    """Do `work` in one transaction, and do it once, whatever gets in its way.

    A column that has vanished meanwhile costs one more attempt, on the schema as it is then; what else is
    repeated, `in_transaction` says. On a database, a connection that fails is opened again for a minute.

    Args:
        target: the database; or a connection to it, in no transaction, which is not replaced when it fails.
        schema: the tables as they were known last.
        work: what belongs together; it has no effect outside of the database.
        commit: is filled in before the COMMIT, for a caller that may be interrupted. One that an interrupted
            attempt has filled in is asked about first.
        foreseen: what the work asks first, and what may leave with BEGIN; see `in_transaction`.
        repeatable: see `in_transaction`.

    Raises:
        ConnectionFailed: the database stayed away.
        OutcomeUnknown: the COMMIT was sent, and the database cannot be asked.

    """
    commit = commit or Commit()
    if isinstance(target, Database):
        if commit.result is not None and commit.has_arrived(target):
            return commit.result
        return target.run_reconnecting(
            lambda connection: durably(
                connection, schema, work, commit=commit, foreseen=foreseen, repeatable=repeatable
            )
        )
    foreseen = [*_compose_zone(schema), *foreseen] if foreseen else ()
    try:
        return in_transaction(
            target,
            lambda: _work_in_zone(target, schema, work),
            commit=commit,
            foreseen=foreseen,
            repeatable=repeatable,
        )
    except ColumnMissing:  # the transaction was rolled back, unseen by anybody
        fresh = schema.read_again(target)
        return in_transaction(target, lambda: _work_in_zone(target, fresh, work), commit=commit)


def _work_in_zone(connection: Connection, schema: S, work: Callable[[Connection, S], T]) -> T:
    """Do the work in the zone of times without a zone: defaults and functions write the session's time."""
    for statement in _compose_zone(schema):
        connection.run(statement)
    return work(connection, schema)


def _compose_zone(schema: Schema) -> Iterator[Statement]:
    if schema.session_zone is not None:
        values = {"zone": schema.session_zone}
        yield Statement(compose("SELECT set_config('TimeZone', %(zone)s, true)"), values)


def check_deferred_constraints(connection: Connection) -> None:
    """Check now what was deferred to the COMMIT: what refuses the work refuses it here."""
    connection.run(CONSTRAINTS)


def in_transaction(
    connection: Connection,
    work: Callable[[], T],
    *,
    commit: Commit[T] | None = None,
    foreseen: Sequence[Statement] = (),
    repeatable: bool = False,
) -> T:
    """Run `work` in one transaction, from its start again when PostgreSQL says that this may help.

    That is after a serialization failure, a deadlock or a lock timeout, for a minute; the transaction was
    rolled back then, so that `work` must have no effect outside of the database. Where the connection is
    lost with the COMMIT under way, the database is asked whether it arrived; nothing is done twice.

    Args:
        connection: not in a transaction.
        work: what belongs together.
        commit: is filled in before the COMMIT, for a caller that may be interrupted.
        foreseen: what the work asks first, in its order; NUMBER behind it, if it asks no more than that. A
            work that asks something else is done again without.
        repeatable: whether all that the work writes is foreseen, and writing it again changes nothing: COMMIT
            leaves with it then. Where the connection is lost, the commit is in doubt, and nobody is asked.

    Raises:
        OutcomeUnknown: the COMMIT was sent, and the database cannot be asked.

    """
    commit = commit or Commit()

    def commit_work() -> T:
        try:
            if repeatable and foreseen:
                return _commit_at_once(connection, work, commit, foreseen)
            return _commit_work(connection, work, commit, foreseen)
        except Mistaken:
            return _commit_work(connection, work, commit, ())

    return try_while(lambda error: isinstance(error, IN_THE_WAY), commit_work)


def _commit_at_once(
    connection: Connection, work: Callable[[], T], commit: Commit[T], foreseen: Sequence[Statement]
) -> T:
    was_in_doubt, commit.number, commit.in_doubt = commit.in_doubt, None, True
    try:
        with connection.working_ahead(foreseen, commits=True):
            return work()
    except (psycopg.Error, Mistaken) as error:  # whoever is interrupted stays in doubt
        if isinstance(error, Mistaken) or not is_connection_lost(error):
            commit.in_doubt = was_in_doubt
        raise


def _commit_work(
    connection: Connection, work: Callable[[], T], commit: Commit[T], foreseen: Sequence[Statement]
) -> T:
    commit.number = None
    try:
        with connection.working_ahead(foreseen):
            result = commit.result = work()
            row = connection.run(NUMBER).fetchone()
            commit.number = row["number"] if row else None
    except psycopg.OperationalError as error:
        if not is_connection_lost(error) or not commit.has_arrived(connection.database):
            raise
    return result
