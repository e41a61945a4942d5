"""Plants executions with their ledger rows, in plain SQL, as the web application would have written them.

It does not use agentctl, so a test can compare agentctl's output with what was planted.
"""

from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from support.marketplace import Marketplace

OPS = UUID("00000000-0000-4000-8000-0000000000a1")
POOR = UUID("00000000-0000-4000-8000-0000000000a2")
SEO_BLOG = UUID("00000000-0000-4000-8000-0000000000b1")
PLAIN = UUID("00000000-0000-4000-8000-0000000000b2")


def plant(
    marketplace: Marketplace,
    *,
    status: str = "success",
    charged: int = 0,
    key: UUID | None = None,
    user: UUID = OPS,
    agent: UUID = SEO_BLOG,
    **columns: Any,
) -> UUID:
    """Write an execution, charge its user the given amount, and return its id."""
    execution = key or uuid4()
    values = {"id": execution, "user_id": user, "agent_id": agent, "status": status, **columns}
    insert = sql.SQL("INSERT INTO agent_executions ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join(map(sql.Placeholder, values))
    )
    with marketplace.connect() as connection, connection.transaction():
        connection.execute(insert, values)
        if charged:
            connection.execute(
                "SELECT deduct_credits_atomic(%s, %s, %s, %s)", (user, charged, agent, execution)
            )
    return execution


def balance(marketplace: Marketplace, user: UUID = OPS) -> int:
    """Return a user's balance; require that every user's balance is the sum of the ledger."""
    wrong = marketplace.execute(
        "SELECT email, credits FROM profiles p WHERE credits <> "
        "(SELECT coalesce(sum(amount), 0) FROM credit_transactions t WHERE t.user_id = p.id)"
    )
    assert not wrong, f"balances that are not the sum of their ledger: {wrong}"
    [(credits_held,)] = marketplace.execute("SELECT credits FROM profiles WHERE id = %s", (user,))
    assert isinstance(credits_held, int)
    return credits_held


def refunds(marketplace: Marketplace, execution: UUID) -> list[int]:
    """Return the amounts that were refunded for an execution."""
    rows = marketplace.execute(
        "SELECT amount FROM credit_transactions WHERE execution_id = %s AND amount > 0", (execution,)
    )
    return [amount for (amount,) in rows]
