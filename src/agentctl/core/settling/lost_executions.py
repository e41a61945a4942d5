"""Executions whose rows are gone, while the ledger still has their charges.

It finds them by the ledger's rows, and gives back what they still cost, once. A missing row says nothing of
how an execution ended, so only an operator who names the execution gives anything back.
"""

from typing import Any, LiteralString

from psycopg import sql

from agentctl.core.credits import balances, movements
from agentctl.core.credits.movements import Movement
from agentctl.core.database.connection import Connection
from agentctl.core.database.quoting import compose
from agentctl.core.database.row_values import read_amount, read_time
from agentctl.core.errors import Refused
from agentctl.core.executions import lookup
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping import Ledger, Marketplace
from agentctl.core.models import AgentRef, Execution, UserRef
from agentctl.core.times import moment_of

_MOST_NAMED = 5
_LOST: LiteralString = """
SELECT l.execution_id, array_agg(DISTINCT l.user_id) AS users,
       coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS charged,
       coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS refunded,
       max(l.created_at) AS created_at
FROM {ledger} AS l
WHERE {fits} AND NOT EXISTS (SELECT FROM {executions} AS e WHERE e.id = l.execution_id)
GROUP BY l.execution_id ORDER BY l.execution_id LIMIT {limit}
"""


def get_execution_or_charge(connection: Connection, market: Marketplace, prefix: str) -> Execution:
    """Return the one execution whose id begins with a text, from its row or else from its charge.

    Raises:
        Refused: none does, or several do; they are listed then.
        PermissionDenied: row level security hides all executions.

    """
    try:
        return lookup.get_execution(connection, market, prefix)
    except Refused as refused:
        lost = _find_lost(connection, market, prefix) if refused.code == "execution_not_found" else None
        if lost is None:
            raise
        return lost


def _find_lost(connection: Connection, market: Marketplace, prefix: str) -> Execution | None:
    ledger_role = market.ledger
    # A row that this role cannot see is not gone.
    if ledger_role is None or not ledger_role.is_linked or market.executions.is_filtered:
        return None
    column = sql.Identifier("l", "execution_id")
    fits = lookup.begins_with(column, ledger_role.base_type("execution"), prefix)
    if fits is None:
        return None
    query = compose(
        _LOST,
        ledger=ledger_role.rows,
        executions=market.executions.rows,
        fits=fits,
        limit=sql.Literal(_MOST_NAMED),
    )
    rows = connection.execute(query).fetchall()
    if len(rows) > 1:
        listed = "\n".join(f"  {row['execution_id']}" for row in rows)
        raise Refused(
            f"Several executions whose rows are gone begin with {prefix!r}:\n{listed}",
            hint="Use more of the id.",
            code="execution_ambiguous",
        )
    return _read_lost(ledger_role, rows[0]) if rows else None


def _read_lost(ledger: Ledger, row: dict[str, Any]) -> Execution:
    if len(row["users"]) > 1:
        raise Refused(
            f"The row of execution {row['execution_id']} is gone, and the ledger names several users for it.",
            hint="See which: agentctl audit --check charge-without-execution",
        )
    return Execution(
        id=row["execution_id"],
        agent=AgentRef(None, None, None),
        user=UserRef(row["users"][0], None),
        status=None,
        created_at=read_time(row["created_at"], ledger.zone),
        charged=read_amount(row["charged"]),
        refunded=read_amount(row["refunded"]),
        creation=moment_of(row["created_at"], ledger.zone),
        is_lost=True,
    )


def refund_lost(
    connection: Connection, market: Marketplace, execution: Execution, *, reason: str | None
) -> Movement:
    """Give back what an execution without a row still costs.

    Args:
        connection: in a transaction.
        market: the tables.
        execution: as its charge tells it.
        reason: an operator's, for the ledger's description.

    Raises:
        Refused: its row is there again, its user is gone, or it was already refunded.

    """
    payer = execution.user.id
    if payer is None:
        raise Refused(
            f"The ledger names no user for execution {execution.id}, so its credits cannot be given back.",
            code="no_user",
        )
    balances.lock_user(connection, market, payer)  # a run writes its row under this lock
    if lookup.find_execution(connection, market, execution.id) is not None:
        raise Refused(
            f"The row of execution {execution.id} exists again.",
            hint=f"See: {shell_command('agentctl history', str(execution.id))}",
            code="execution_exists",
        )
    movement = movements.refund(connection, market, user=payer, execution=execution.id, reason=reason)
    if movement is None:
        raise Refused(
            f"Execution {execution.id} was already refunded; its row is gone.", code="already_refunded"
        )
    return movement
