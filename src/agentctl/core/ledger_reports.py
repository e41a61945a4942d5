"""Reads the ledger: one row, a user's latest rows, what executions cost, the marketplace's totals.

It writes nothing and locks nothing; ledger.py does that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agentctl.core.database import Connection
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.models import Credits, Key, LedgerRow, User

_LEDGER_PARTS = ("id", "kind", "amount", "balance_after", "execution", "created_at")


@dataclass(frozen=True, slots=True)
class Totals:
    """The marketplace's credits as a whole; `by_kind` sums the ledger."""

    users: int
    balance: Credits
    by_kind: tuple[tuple[str, int, Credits], ...]
    largest: tuple[User, ...]


def find_row(connection: Connection, ledger: TableRole, row_id: Key) -> LedgerRow | None:
    """Return one ledger row by its id, or None."""
    query = ledger.query(
        "SELECT {parts} FROM {table} AS l WHERE {id} = %(id)s", parts=ledger.select(_LEDGER_PARTS, of="l")
    )
    row = connection.execute(query, {"id": row_id}).fetchone()
    return _ledger_row(row) if row else None


def list_rows(connection: Connection, ledger: TableRole, *, user: Key, limit: int) -> tuple[LedgerRow, ...]:
    """Return a user's latest ledger rows, newest first."""
    query = ledger.query(
        "SELECT {parts} FROM {table} AS l WHERE {user} = %(user)s "
        "ORDER BY {created_at} DESC, {id} DESC LIMIT %(limit)s",
        parts=ledger.select(_LEDGER_PARTS, of="l"),
    )
    rows = connection.execute(query, {"user": user, "limit": limit}).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return tuple(map(_ledger_row, rows))


def rows_of_execution(connection: Connection, ledger: TableRole, execution: Key) -> tuple[LedgerRow, ...]:
    """Return the charge and the refund of one execution, oldest first."""
    query = ledger.query(
        "SELECT {parts} FROM {table} AS l WHERE {execution} = %(execution)s ORDER BY {created_at}, {id}",
        parts=ledger.select(_LEDGER_PARTS, of="l"),
    )
    return tuple(map(_ledger_row, connection.execute(query, {"execution": execution}).fetchall()))


def sums(
    connection: Connection, ledger: TableRole, executions: Sequence[Key]
) -> dict[Key, tuple[Credits, Credits]]:
    """Return what was charged and what was refunded, both positive, for each of some executions.

    Raises:
        PermissionDenied: row level security hides the ledger.

    """
    query = ledger.query(
        "SELECT {execution} AS execution, "
        "coalesce(-sum({amount}) FILTER (WHERE {amount} < 0), 0) AS charged, "
        "coalesce(sum({amount}) FILTER (WHERE {amount} > 0), 0) AS refunded "
        "FROM {table} WHERE {execution} = ANY (%(executions)s) GROUP BY {execution}"
    )
    rows = connection.execute(query, {"executions": list(executions)}).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return {row["execution"]: (row["charged"], row["refunded"]) for row in rows}


def totals(connection: Connection, market: Marketplace, *, largest: int) -> Totals:
    """Return the marketplace's totals and its largest balances.

    Raises:
        PermissionDenied: row level security hides the users or the ledger.

    """
    users, ledger = market.users, market.ledger
    row = connection.execute(
        users.query("SELECT count(*) AS users, coalesce(sum({balance}), 0) AS balance FROM {table}")
    ).fetchone()
    if row is None or row["users"] == 0:
        users.require_visible_rows()
    kinds = connection.execute(
        ledger.query(
            "SELECT {kind}::text AS kind, count(*) AS rows, sum({amount}) AS amount FROM {table} "
            "GROUP BY 1 ORDER BY 1"
        )
    ).fetchall()
    if not kinds:
        ledger.require_visible_rows()
    richest = connection.execute(
        users.query(
            "SELECT {id} AS id, {email} AS email, {balance} AS balance FROM {table} "
            "ORDER BY {balance} DESC, {id} LIMIT %(limit)s"
        ),
        {"limit": largest},
    ).fetchall()
    return Totals(
        users=row["users"] if row else 0,
        balance=row["balance"] if row else 0,
        by_kind=tuple((kind["kind"], kind["rows"], kind["amount"]) for kind in kinds),
        largest=tuple(User(**user) for user in richest),
    )


def _ledger_row(row: dict[str, object]) -> LedgerRow:
    execution = row.pop("execution")
    return LedgerRow(**row, execution_id=execution)  # type: ignore[arg-type]  # the driver gives the columns' types
