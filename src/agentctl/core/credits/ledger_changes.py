"""Finds the ledger rows that this transaction has written, without reading a user's whole ledger.

The rows that name the execution are read before a movement and after it. PostgreSQL counts how many rows each
session has inserted and updated in a table: if it counts as many as were found, there are no others. If it
counts more, a function or a trigger has written a row that names no execution, and the user's newest rows are
searched for it: a row version carries half of its transaction's number. Nothing here commits.
"""

from collections.abc import Iterator
from typing import Any, LiteralString

from msgspec import Struct
from psycopg import sql

from agentctl.core.catalog.introspection import Table
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import require_amount
from agentctl.core.database.statements import Statement
from agentctl.core.mapping import Ledger
from agentctl.core.mapping.vocabulary import WHOLE
from agentctl.core.models import Credits, Key

_HAS_VERSIONS = frozenset({"table", "partitioned table"})
_NEWEST = 100
"""How many of the newest rows are searched first: few others can be written while the user is locked."""

_TOUCHED: LiteralString = (
    "SELECT CASE WHEN current_setting('track_counts')::boolean THEN ("
    "WITH RECURSIVE parts AS (SELECT {name}::regclass::oid AS part "
    "UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN parts AS p ON i.inhparent = p.part) "
    "SELECT sum(pg_stat_get_xact_tuples_inserted(part) + pg_stat_get_xact_tuples_updated(part))::bigint "
    "FROM parts) END AS touched"
)
_LINES: LiteralString = (
    "SELECT c.touched, l.id, l.user_id, l.execution_id, l.amount "
    "FROM ({touched}) AS c LEFT JOIN {rows} AS l ON {linked}"
)
# Our own transaction's number, and those of its subtransactions, as PL/pgSQL's EXCEPTION blocks are. They are
# later than ours, before the snapshot's end (see _end_snapshot_after_us), and in progress. The number of a
# frozen row, which may be of any age, is asked about only where it lies between the two.
_SEARCH: LiteralString = """
    SELECT id, user_id, execution_id, amount FROM {rows} AS l WHERE id = ANY (
        SELECT numbered.id
        FROM (
            SELECT r.id, t.own, t.ending, ((r.version::text::bigint - t.own) & 4294967295) AS ahead
            FROM (SELECT {id} AS id, {user} AS payer, xmin AS version FROM {table} {among}) AS r
            CROSS JOIN (
                SELECT pg_current_xact_id()::text::bigint AS own,
                       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ending
            ) AS t
            WHERE r.payer = {payer}
        ) AS numbered
        WHERE CASE WHEN numbered.ahead = 0 THEN true
                   WHEN (numbered.own + numbered.ahead) < numbered.ending
                   THEN pg_xact_status((numbered.own + numbered.ahead)::text::xid8) = 'in progress'
                   ELSE false END
    )"""
_SUBTRANSACTION = (
    Statement(compose("SAVEPOINT agentctl")),
    Statement(compose("SELECT pg_logical_emit_message(true, 'agentctl'::text, ''::text)")),
    Statement(compose("ROLLBACK TO SAVEPOINT agentctl")),
    Statement(compose("RELEASE SAVEPOINT agentctl")),
)
_OF_USER: LiteralString = "WHERE {user} = {payer}"
_NEWEST_OF_USER: LiteralString = "WHERE {user} = {payer} ORDER BY {created_at} DESC LIMIT {limit}"
_NEWEST_OF_ALL: LiteralString = "ORDER BY {id} DESC LIMIT {limit}"


class Line(Struct, frozen=True):
    """What a movement needs to know of a ledger row; `amount` is negative for a charge."""

    id: Key
    user: Key
    execution: Key | None
    amount: Credits


class LedgerState(Struct, frozen=True):
    """What the ledger shows of a movement at one instant of its transaction.

    Attributes:
        lines: the rows that name the execution, whoever wrote them.
        touched: how many rows this session has inserted or updated so far, by PostgreSQL's own count; only
            its growth means something. None where the server does not count, or where the ledger is a view.

    """

    lines: tuple[Line, ...]
    touched: int | None


def read_state(connection: Connection, ledger: Ledger, execution: Key | None) -> LedgerState:
    """Read what the ledger says of an execution, and how much this session has written into it."""
    rows = connection.run(compose_state(ledger, execution)).fetchall()
    lines = tuple(_read_line(row) for row in rows if row["id"] is not None)
    return LedgerState(lines, rows[0]["touched"] if ledger.table.kind in _HAS_VERSIONS else None)


def compose_state(ledger: Ledger, execution: Key | None) -> Statement:
    """Return the statement that `read_state` asks."""
    name = ledger.table.identifier.as_string()
    touched = compose(_TOUCHED, name=sql.Literal(name))
    linked = "l.execution_id = %(execution)s" if execution is not None and ledger.is_linked else "false"
    query = compose(_LINES, touched=touched, rows=ledger.rows, linked=sql.SQL(linked))
    return Statement(query, {"execution": execution})


def lines_written(
    connection: Connection,
    ledger: Ledger,
    *,
    user: Key,
    before: LedgerState,
    now: LedgerState,
    known: tuple[Line, ...] = (),
) -> tuple[Line, ...]:
    """Return the rows that this transaction has written since `before` for a user or for the execution.

    It does not see a row of another user that does not name the execution.

    Args:
        connection: in a READ COMMITTED transaction that holds the user's lock.
        ledger: the table.
        user: whose rows are searched.
        before: read before anything was written.
        now: read afterwards.
        known: rows that the caller has inserted.

    """
    written = {line.id: line for line in (*known, *now.lines) if line not in before.lines}
    if ledger.table.kind not in _HAS_VERSIONS or len(written) == _count_written(before, now):
        return tuple(written.values())
    _end_snapshot_after_us(connection)
    for among in _list_searches(ledger):
        written |= {line.id: line for line in _search_lines(connection, ledger, among, user=user)}
        if len(written) == _count_written(before, now):
            break
    return tuple(written.values())


def _count_written(before: LedgerState, now: LedgerState) -> int | None:
    """Return how many rows were written between two instants; None where the server does not count."""
    return None if before.touched is None or now.touched is None else now.touched - before.touched


def _end_snapshot_after_us(connection: Connection) -> None:
    """Let the next snapshot end after every subtransaction that this transaction has had.

    A snapshot ends after the latest transaction that has *ended*, so a subtransaction is begun and rolled
    back: a transactional message gives it a number, and disappears with it.
    """
    connection.run_together(*_SUBTRANSACTION)


def _list_searches(ledger: Ledger) -> Iterator[sql.Composable]:
    """Yield which rows to search for ours, the fewest first: the newest rows, if an index finds them."""
    limit = sql.Literal(_NEWEST)
    payer = ledger.compose_reference("user", sql.Placeholder("user"))
    if _finds_newest_of_user(ledger):
        yield ledger.query(_NEWEST_OF_USER, limit=limit, payer=payer)
    elif ledger.base_type("id") in WHOLE and ledger.table.is_unique(ledger.columns["id"]):
        yield ledger.query(_NEWEST_OF_ALL, limit=limit)
    yield ledger.query(_OF_USER, payer=payer)


def _finds_newest_of_user(ledger: Ledger) -> bool:
    if "created_at" not in ledger:
        return False
    return has_index(ledger.table, ledger.columns["user"], ledger.columns["created_at"])


def has_index(table: Table, *columns: str) -> bool:
    """Whether an index of all rows begins with these columns, in this order."""
    return any(
        index.method == "btree" and index.valid and not index.partial and index.begins_with(*columns)
        for index in table.indexes
    )


def _search_lines(
    connection: Connection, ledger: Ledger, among: sql.Composable, *, user: Key
) -> tuple[Line, ...]:
    query = compose(
        _SEARCH,
        rows=ledger.rows,
        table=ledger.table.identifier,
        id=ledger.query("{id}"),
        user=ledger.query("{user}"),
        payer=ledger.compose_reference("user", sql.Placeholder("user")),
        among=among,
    )
    return tuple(map(_read_line, connection.execute(query, {"user": ledger.stored("user", user)}).fetchall()))


def _read_line(row: dict[str, Any]) -> Line:
    amount = require_amount(row["amount"], f"The amount of ledger row {row['id']}")
    return Line(row["id"], row["user_id"], row["execution_id"], amount)
