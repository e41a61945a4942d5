"""Looks for what the contract's rules 2, 4 and 7 forbid, in plain SQL, at one instant.

It asks nothing of agentctl, and knows the reference schema only, where the ledger begins with the balance.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from support.marketplace import Database

_RULES = Path(__file__).with_name("rules.sql").read_bytes()


def violations(marketplace: Database, *, uncharged: Collection[UUID | str] = ()) -> list[str]:
    """Return a sentence for each violation that another session can see now; none is what a test wants.

    Args:
        marketplace: with the tables of sql/minimal.sql and sql/credits.sql.
        uncharged: the executions that were never to be charged, as those of `--no-charge`.

    """
    with marketplace.connect() as connection:
        allowed = [UUID(str(execution)) for execution in uncharged]
        rows = connection.execute(_RULES, {"uncharged": allowed}).fetchall()
    return [violation for (violation,) in rows]
