"""Reads the ledger: one row, a user's latest rows, what executions cost, the marketplace's totals.

It writes nothing and locks nothing; ledger.py does that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql

from agentctl.core.database import Connection
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.models import Credits, Key, LedgerRow, User

_ROWS: LiteralString = (
    "SELECT id, kind, amount, balance_after, execution_id, created_at FROM {ledger} AS l WHERE "
)


@dataclass(frozen=True, slots=True)
class Totals:
    """The marketplace's credits as a whole; `by_kind` sums the ledger."""

    users: int
    balance: Credits
    by_kind: tuple[tuple[str, int, Credits], ...]
    largest: tuple[User, ...]


def find_row(connection: Connection, ledger: TableRole, row_id: Key) -> LedgerRow | None:
    """Return one ledger row by its id, or None."""
    query = sql.SQL(_ROWS + "id = %(id)s").format(ledger=ledger.rows)
    row = connection.execute(query, {"id": row_id}).fetchone()
    return _ledger_row(row) if row else None


def list_rows(connection: Connection, ledger: TableRole, *, user: Key, limit: int) -> tuple[LedgerRow, ...]:
    """Return a user's latest ledger rows, newest first."""
    query = sql.SQL(_ROWS + "user_id = %(user)s ORDER BY created_at DESC, id DESC LIMIT %(limit)s").format(
        ledger=ledger.rows
    )
    rows = connection.execute(query, {"user": user, "limit": limit}).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return tuple(map(_ledger_row, rows))


def rows_of_execution(connection: Connection, ledger: TableRole, execution: Key) -> tuple[LedgerRow, ...]:
    """Return the charge and the refund of one execution, oldest first."""
    query = sql.SQL(_ROWS + "execution_id = %(execution)s ORDER BY created_at, id").format(ledger=ledger.rows)
    return tuple(map(_ledger_row, connection.execute(query, {"execution": execution}).fetchall()))


def sums(
    connection: Connection, ledger: TableRole, executions: Sequence[Key]
) -> dict[Key, tuple[Credits, Credits]]:
    """Return what was charged and what was refunded, both positive, for each of some executions.

    Raises:
        PermissionDenied: row level security hides the ledger.

    """
    query = sql.SQL(
        "SELECT execution_id AS execution, "
        "coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS charged, "
        "coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS refunded "
        "FROM {ledger} AS l WHERE execution_id = ANY (%(executions)s) GROUP BY execution_id"
    ).format(ledger=ledger.rows)
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
        sql.SQL("SELECT count(*) AS users, coalesce(sum(balance), 0) AS balance FROM {} AS u").format(
            users.rows
        )
    ).fetchone()
    if row is None or row["users"] == 0:
        users.require_visible_rows()
    richest = connection.execute(
        sql.SQL(
            "SELECT id, email, balance FROM {} AS u ORDER BY balance DESC NULLS LAST, id LIMIT %(limit)s"
        ).format(users.rows),
        {"limit": largest},
    ).fetchall()
    kinds = _by_kind(connection, ledger) if ledger is not None else []
    return Totals(
        users=row["users"] if row else 0,
        balance=row["balance"] if row else 0,
        by_kind=tuple((kind["kind"], kind["rows"], kind["amount"]) for kind in kinds),
        largest=tuple(User(**user) for user in richest),
    )


def _by_kind(connection: Connection, ledger: TableRole) -> list[dict[str, Any]]:
    query = sql.SQL(
        "SELECT kind, count(*) AS rows, sum(amount) AS amount FROM {} AS l GROUP BY 1 ORDER BY 1"
    ).format(ledger.rows)
    rows = connection.execute(query).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return rows


def _ledger_row(row: dict[str, Any]) -> LedgerRow:
    return LedgerRow(**row)
