"""What a check of money is: a check with the query that finds what is wrong, and where it has no answer.

A check is data. It knows the vocabulary of its SQL and nothing of connections, of mapped names or of output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from agentctl.core.findings.finding import Check, Severity
from agentctl.core.mapping import Marketplace

__all__ = ["AuditCheck", "Scope", "Severity", "both", "needs"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an audit looks at, and what is lawful there.

    Attributes:
        since: executions and ledger rows from then on; None for all.
        stale_after: the age from which an open execution is dead.
        keeps_charges: whether a failure keeps its charge here (`on_failure = "keep"`).

    """

    since: datetime | None
    stale_after: timedelta
    keeps_charges: bool


Obstacle = Callable[[Marketplace, Scope], str | None]
"""Says why a check cannot tell anything here, or None where it can."""


def _find_no_obstacle(_: Marketplace, __: Scope) -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditCheck(Check):
    """A check of money.

    Attributes:
        query: a SELECT in the words of vocabulary.py, a row a finding; its columns are shown with an example.
        obstacle: says why the check cannot run here.

    """

    query: LiteralString
    obstacle: Obstacle = _find_no_obstacle


def needs(role: Literal["executions", "ledger"], part: str) -> Obstacle:
    """Return the obstacle of a check that a database without an optional column has no answer for."""

    def missing(market: Marketplace, _: Scope) -> str | None:
        table = market.ledger if role == "ledger" else market.executions
        if table is None:
            return "there is no ledger"
        return None if part in table else f"{table.name} has no column {part} that can be read"

    return missing


def both(first: Obstacle, second: Obstacle) -> Obstacle:
    """Return the obstacle that either of two is."""
    return lambda market, scope: first(market, scope) or second(market, scope)
