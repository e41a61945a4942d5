"""Reads the ledger: one row, a user's latest rows, what executions cost, the marketplace's totals.

It writes nothing and locks nothing; `movements` does that.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, LiteralString

from msgspec import Struct
from psycopg import sql

from agentctl.core.credits.users import read_user
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_text, read_time
from agentctl.core.database.statements import Statement
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
    rows = connection.run(compose_rows_of_execution(ledger, execution)).fetchall()
    return tuple(_read_ledger_row(ledger, row) for row in rows)


def compose_rows_of_execution(ledger: TableRole, execution: Key) -> Statement:
    """Return the statement that reads the rows of one execution."""
    query = compose(_ROWS + "execution_id = %(execution)s ORDER BY created_at, id", ledger=ledger.rows)
    return Statement(query, {"execution": execution})


def select_sums(ledger: TableRole, executions: sql.Composable) -> sql.Composed:
    """Return the query for what was charged and refunded for each execution of an array; see `read_sums`."""
    return compose(
        "SELECT execution_id AS execution, coalesce(bool_and({countable}), true) AS exact, "
        "coalesce(-sum(amount) FILTER (WHERE amount < 0 AND {countable}), 0) AS charged, "
        "coalesce(sum(amount) FILTER (WHERE amount > 0 AND {countable}), 0) AS refunded "
        "FROM {ledger} AS l WHERE execution_id = ANY ({executions}) GROUP BY execution_id",
        ledger=ledger.rows,
        countable=ledger.countable("amount"),
        executions=executions,
    )


def read_sums(ledger: TableRole, rows: Sequence[dict[str, Any]]) -> dict[Key, tuple[Amount, Amount]]:
    """Return what was charged and refunded, both positive, for each execution in rows of `select_sums`.

    Both are `NaN` where one of the rows does not hold a number. An execution that cost nothing is missing.

    Raises:
        PermissionDenied: row level security hides the ledger.

    """
    found = [row for row in rows if row["execution"] is not None]
    if not found:
        ledger.require_visible_rows()
    return {row["execution"]: (_read_sum(row, "charged"), _read_sum(row, "refunded")) for row in found}


def sums(
    connection: Connection, ledger: TableRole, executions: Sequence[Key]
) -> dict[Key, tuple[Amount, Amount]]:
    """Return what `read_sums` returns, for each of some executions."""
    query = select_sums(ledger, sql.Placeholder("executions"))
    return read_sums(ledger, connection.execute(query, {"executions": list(executions)}).fetchall())


def _read_sum(row: dict[str, Any], name: str) -> Amount:
    """Return a sum, or `NaN` where a row of it does not hold a number."""
    return row[name] if row["exact"] else NO_AMOUNT


def totals(connection: Connection, market: Marketplace, *, largest: int) -> Totals:
    """Return the marketplace's totals and its largest balances.

    Raises:
        PermissionDenied: row level security hides the users or the ledger.

    """
    users, ledger = market.users, market.ledger
    by_balance = compose(
        "SELECT id, email, balance, held FROM {} AS u ORDER BY balance DESC NULLS LAST, id LIMIT {}",
        users.rows,
        sql.Literal(largest),
    )
    asked = (_count_users(market), by_balance, *([] if ledger is None else [_count_by_kind(ledger)]))
    answers = connection.run_together(*map(Statement, asked))
    (row,), richest, *kinds = (answer.fetchall() for answer in answers)
    if row["users"] == 0:
        users.require_visible_rows()
        if users.table.row_security.may_hide_rows():
            raise PermissionDenied(
                f"Row level security hides rows of {users.table.full_name} from this role, which sees none.",
                hint="Connect as a role with BYPASSRLS (Supabase: postgres or service_role).",
                code="row_level_security",
            )
    if ledger is not None and kinds == [[]]:
        ledger.require_visible_rows()
    return Totals(
        users=row["users"],
        balance=_read_sum(row, "balance"),
        by_kind=tuple(
            (read_text(kind["kind"]), kind["rows"], _read_sum(kind, "amount"))
            for kind in chain.from_iterable(kinds)
        ),
        largest=tuple(map(read_user, richest)),
    )


def _count_users(market: Marketplace) -> sql.Composed:
    return compose(
        "SELECT count(*) AS users, coalesce(bool_and({countable}), true) AS exact, "
        "coalesce(sum(balance) FILTER (WHERE {countable}), 0) AS balance FROM {users} AS u",
        users=market.users.rows,
        countable=market.balances.countable("balance"),
    )


def _count_by_kind(ledger: TableRole) -> sql.Composed:
    return compose(
        "SELECT kind, count(*) AS rows, coalesce(bool_and({countable}), true) AS exact, "
        "coalesce(sum(amount) FILTER (WHERE {countable}), 0) AS amount "
        "FROM {ledger} AS l GROUP BY 1 ORDER BY 1",
        ledger=ledger.rows,
        countable=ledger.countable("amount"),
    )


def _read_ledger_row(ledger: TableRole, row: dict[str, Any]) -> LedgerRow:
    return LedgerRow(
        id=row["id"],
        kind=read_text(row["kind"]),
        amount=read_amount(row["amount"]),
        balance_after=read_amount(row["balance_after"]),
        execution_id=row["execution_id"],
        created_at=read_time(row["created_at"], ledger.zone),
    )
