"""Tells whether the application computes the balance from other columns: a change of it alone is undone then.

A generated column says so itself. Otherwise the rows do: two or three exact numbers beside the balance, whose
sum it is in every row that was looked at. One number that equals the balance proves nothing: what was bought
is the balance as long as nobody has spent anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from psycopg import sql

from agentctl.core import amounts
from agentctl.core.database.connection import Connection
from agentctl.core.database.statements import Statement
from agentctl.core.errors import SchemaLacks
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.checks import balance_derived
from agentctl.core.mapping.checks.balance_derived import find_generated

_MOST_ROWS, _FEWEST = 200, 2


def require_own_balance(connection: Connection, market: Marketplace) -> None:
    """Refuse to move a balance that is computed, unless the configuration says which part of it to move.

    Raises:
        SchemaLacks: it is computed; the hint has the line for each part.

    """
    for finding in (*find_generated(market.balances, market.users), *_find_sum(connection, market)):
        raise SchemaLacks(finding.message, hint=finding.hint, code="balance_derived")


def find_sums(connection: Connection, market: Marketplace) -> Iterator[Finding]:
    """Yield what rows show of a balance, for schema-check; no row is read that could execute anything."""
    balances = market.balances
    columns = [balances.column(part) for part in ("user", "balance")]
    if balances.table.inspectable and all(column is not None and column.readable for column in columns):
        yield from _find_sum(connection, market)


def _find_sum(connection: Connection, market: Marketplace) -> Iterator[Finding]:
    balances = market.balances
    asked = compose_rows(market)
    parts = _find_parts(connection.run(asked).fetchall()) if asked is not None else ()
    if parts:
        yield balance_derived.explain(balances, market.users, parts)


def compose_rows(market: Marketplace) -> Statement | None:
    """Return the statement that reads some balances with the numbers beside them, which may be their parts.

    None where there are none, or in a view, which would run its functions.
    """
    column = market.balances.column("balance")
    if column is None or column.generated or "balance_part" in market.balances:
        return None
    names = balance_derived.list_numbers(market.balances, market.users)
    if len(names) < _FEWEST or market.balances.table.kind not in {"table", "partitioned table"}:
        return None
    query = market.balances.query(
        "SELECT {balance} AS balance, {numbers} FROM {table} WHERE {balance} <> 0 LIMIT {most}",
        numbers=sql.SQL(", ").join(map(sql.Identifier, names)),
        most=sql.Literal(_MOST_ROWS),
    )
    return Statement(query)


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
