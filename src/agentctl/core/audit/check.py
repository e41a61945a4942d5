"""What a check is: a name, how bad its findings are, a query that finds them, and what to do about them.

A check is data. It knows the vocabulary of its SQL and nothing of connections, of mapped names or of output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from agentctl.core.findings.finding import Severity
from agentctl.core.mapping import Marketplace

__all__ = ["Check", "Scope", "Severity", "both", "needs"]


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


def _none(_: Marketplace, __: Scope) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        id: a stable word for what it finds.
        description: what is wrong, in one sentence.
        help: what to do about it.
        query: a SELECT in the words of vocabulary.py, a row a finding; its columns are shown with an example.
        obstacle: says why the check cannot run here.

    """

    id: str
    severity: Severity
    description: str
    help: str
    query: LiteralString
    obstacle: Obstacle = _none


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
