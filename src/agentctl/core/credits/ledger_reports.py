"""Reads the ledger: one row, a user's latest rows, what executions cost, the marketplace's totals.

It writes nothing and locks nothing; `movements` does that.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

from msgspec import Struct

from agentctl.core.credits.users import read_user
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_text, read_time
from agentctl.core.errors import PermissionDenied
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.models import Amount, Key, LedgerRow, User, Verbatim

NO_AMOUNT = Verbatim("NaN")
"""The sum of amounts if one of them is not a number."""

_ROWS: LiteralString = (
    "SELECT id, kind, amount, balance_after, execution_id, created_at FROM {ledger} AS l WHERE "
)


class Totals(Struct, frozen=True):
    """The marketplace's credits as a whole; `by_kind` sums the ledger."""

    users: int
    balance: Amount
    by_kind: tuple[tuple[str | None, int, Amount], ...]
    largest: tuple[User, ...]


def find_row(connection: Connection, ledger: TableRole, row_id: Key) -> LedgerRow | None:
    """Return one ledger row by its id, or None."""
    query = compose(_ROWS + "id = %(id)s", ledger=ledger.rows)
    row = connection.execute(query, {"id": row_id}).fetchone()
    return _read_ledger_row(ledger, row) if row else None


def list_rows(connection: Connection, ledger: TableRole, *, user: Key, limit: int) -> tuple[LedgerRow, ...]:
    """Return a user's latest ledger rows, newest first."""
    query = compose(
        _ROWS + "user_id = %(user)s ORDER BY created_at DESC, id DESC LIMIT %(limit)s", ledger=ledger.rows
    )
    rows = connection.execute(query, {"user": user, "limit": limit}).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return tuple(_read_ledger_row(ledger, row) for row in rows)


def rows_of_execution(connection: Connection, ledger: TableRole, execution: Key) -> tuple[LedgerRow, ...]:
    """Return the charge and the refund of one execution, oldest first."""
    query = compose(_ROWS + "execution_id = %(execution)s ORDER BY created_at, id", ledger=ledger.rows)
    rows = connection.execute(query, {"execution": execution}).fetchall()
    return tuple(_read_ledger_row(ledger, row) for row in rows)


def sums(
    connection: Connection, ledger: TableRole, executions: Sequence[Key]
) -> dict[Key, tuple[Amount, Amount]]:
    """Return what was charged and what was refunded, both positive, for each of some executions.

    Both are `NaN` where one of the rows does not hold a number.

    Raises:
        PermissionDenied: row level security hides the ledger.

    """
    query = compose(
        "SELECT execution_id AS execution, coalesce(bool_and({countable}), true) AS exact, "
        "coalesce(-sum(amount) FILTER (WHERE amount < 0 AND {countable}), 0) AS charged, "
        "coalesce(sum(amount) FILTER (WHERE amount > 0 AND {countable}), 0) AS refunded "
        "FROM {ledger} AS l WHERE execution_id = ANY (%(executions)s) GROUP BY execution_id",
        ledger=ledger.rows,
        countable=ledger.countable("amount"),
    )
    rows = connection.execute(query, {"executions": list(executions)}).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return {row["execution"]: (_read_sum(row, "charged"), _read_sum(row, "refunded")) for row in rows}


def _read_sum(row: dict[str, Any], name: str) -> Amount:
    """Return a sum, or `NaN` where a row of it does not hold a number."""
    return row[name] if row["exact"] else NO_AMOUNT


def totals(connection: Connection, market: Marketplace, *, largest: int) -> Totals:
    """Return the marketplace's totals and its largest balances.

    Raises:
        PermissionDenied: row level security hides the users or the ledger.

    """
    users, ledger = market.users, market.ledger
    row = connection.execute(
        compose(
            "SELECT count(*) AS users, coalesce(bool_and({countable}), true) AS exact, "
            "coalesce(sum(balance) FILTER (WHERE {countable}), 0) AS balance FROM {users} AS u",
            users=users.rows,
            countable=market.balances.countable("balance"),
        )
    ).fetchone()
    if row is None or row["users"] == 0:
        users.require_visible_rows()
        if users.table.row_security.may_hide_rows():
            raise PermissionDenied(
                f"Row level security hides rows of {users.table.full_name} from this role, which sees none.",
                hint="Connect as a role with BYPASSRLS (Supabase: postgres or service_role).",
                code="row_level_security",
            )
    richest = connection.execute(
        compose(
            "SELECT id, email, balance, held FROM {} AS u "
            "ORDER BY balance DESC NULLS LAST, id LIMIT %(limit)s",
            users.rows,
        ),
        {"limit": largest},
    ).fetchall()
    kinds = _count_by_kind(connection, ledger) if ledger is not None else []
    return Totals(
        users=row["users"] if row else 0,
        balance=_read_sum(row, "balance") if row else 0,
        by_kind=tuple((read_text(kind["kind"]), kind["rows"], _read_sum(kind, "amount")) for kind in kinds),
        largest=tuple(map(read_user, richest)),
    )


def _count_by_kind(connection: Connection, ledger: TableRole) -> list[dict[str, Any]]:
    query = compose(
        "SELECT kind, count(*) AS rows, coalesce(bool_and({countable}), true) AS exact, "
        "coalesce(sum(amount) FILTER (WHERE {countable}), 0) AS amount "
        "FROM {ledger} AS l GROUP BY 1 ORDER BY 1",
        ledger=ledger.rows,
        countable=ledger.countable("amount"),
    )
    rows = connection.execute(query).fetchall()
    if not rows:
        ledger.require_visible_rows()
    return rows


def _read_ledger_row(ledger: TableRole, row: dict[str, Any]) -> LedgerRow:
    return LedgerRow(
        id=row["id"],
        kind=read_text(row["kind"]),
        amount=read_amount(row["amount"]),
        balance_after=read_amount(row["balance_after"]),
        execution_id=row["execution_id"],
        created_at=read_time(row["created_at"], ledger.zone),
    )
