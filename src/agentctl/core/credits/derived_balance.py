"""Tells whether the application computes the balance from other columns: a change of it alone is undone then.

A generated column says so itself. Otherwise the rows do: two or three exact numbers beside the balance, whose
sum it is in every row that was looked at. One number that equals the balance proves nothing: what was bought
is the balance as long as nobody has spent anything.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from psycopg import sql

from agentctl.core import amounts
from agentctl.core.credits.deduction import WHOLE_NUMBERS
from agentctl.core.database.connection import Connection
from agentctl.core.errors import SchemaLacks
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping import Marketplace

_EXACT_TYPES = frozenset({*WHOLE_NUMBERS, "numeric"})
_MOST_COLUMNS, _MOST_ROWS, _FEWEST = 8, 200, 2


def require_own_balance(connection: Connection, market: Marketplace) -> None:
    """Refuse to move a balance that is computed, unless the configuration says which part of it to move.

    Raises:
        SchemaLacks: it is computed; the hint has the line for each part.

    """
    balances = market.balances
    column = balances.column("balance")
    if column is None or "balance_part" in balances:
        return
    parts = () if column.generated else _find_parts(_read_rows(connection, market))
    if not column.generated and not parts:
        return
    section = "users" if balances.table is market.users.table else "balances"
    names = parts or _list_numbers(market)
    lines = "\n".join(f"  balance_part = {toml_text(name)}" for name in names)
    sum_ = f" from {' + '.join(parts)}" if parts else ""
    raise SchemaLacks(
        f"{balances.name}.{column.name} is computed{sum_}: a change of it alone would be undone.",
        hint=f"Say which part grants and refunds go to, in [profiles.NAME.schema.{section}]:\n{lines}",
        code="balance_derived",
    )


def _list_numbers(market: Marketplace) -> tuple[str, ...]:
    """Return the columns of exact numbers beside the balance that this role may read."""
    taken = {*market.balances.columns.values(), *market.users.columns.values()}
    columns = (column for column in market.balances.table.columns if column.name not in taken)
    names = (column.name for column in columns if column.base_type in _EXACT_TYPES and column.readable)
    return tuple(names)[:_MOST_COLUMNS]


def _read_rows(connection: Connection, market: Marketplace) -> list[dict[str, Any]]:
    """Return some balances with the numbers beside them; none of a view, which would run its functions."""
    names = _list_numbers(market)
    if len(names) < _FEWEST or market.balances.table.kind not in {"table", "partitioned table"}:
        return []
    query = market.balances.query(
        "SELECT {balance} AS balance, {numbers} FROM {table} WHERE {balance} <> 0 LIMIT {most}",
        numbers=sql.SQL(", ").join(map(sql.Identifier, names)),
        most=sql.Literal(_MOST_ROWS),
    )
    return connection.execute(query).fetchall()


def _find_parts(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the numbers whose sum is the balance in every row, or none."""
    if len(rows) < _FEWEST:
        return ()
    names = [name for name in rows[0] if name != "balance"]
    for size in (2, 3):
        for parts in combinations(names, size):
            if all(any(row[name] for row in rows) for name in parts) and all(
                _adds_up(row, parts) for row in rows
            ):
                return parts
    return ()


def _adds_up(row: Mapping[str, Any], parts: Sequence[str]) -> bool:
    numbers = [row[name] or 0 for name in (*parts, "balance")]
    if not all(isinstance(number, int | Decimal) for number in numbers):
        return False
    return amounts.total(numbers[:-1]) == numbers[-1]
