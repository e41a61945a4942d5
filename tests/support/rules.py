"""Finds violations of the contract's rules 2, 4 and 7, in plain SQL, at one instant.

It does not use agentctl, and knows only the reference schema, where the ledger begins with the balance.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from support.marketplace import Database

_RULES = Path(__file__).with_name("rules.sql").read_bytes()


def violations(marketplace: Database, *, uncharged: Collection[UUID | str] = ()) -> list[str]:
    """Return a sentence for each violation that another session can see now; a test expects none.

    Args:
        marketplace: with the tables of sql/minimal.sql and sql/credits.sql.
        uncharged: the executions that are not charged, such as those of `--no-charge`.

    """
    with marketplace.connect() as connection:
        allowed = [UUID(str(execution)) for execution in uncharged]
        rows = connection.execute(_RULES, {"uncharged": allowed}).fetchall()
    return [violation for (violation,) in rows]
