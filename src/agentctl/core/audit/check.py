"""What a check of money is: a check with the query that finds what is wrong, and what the query needs.

A check is data. It knows the vocabulary of its SQL and nothing of connections, of mapped names or of output.
"""

from datetime import datetime, timedelta
from typing import LiteralString

from msgspec import Struct

from agentctl.core.findings.finding import Check
from agentctl.core.mapping import Marketplace


class Scope(Struct, frozen=True):
    """What an audit looks at, and what is lawful there.

    Attributes:
        since: executions and ledger rows from then on; None for all.
        stale_after: the age from which an open execution is dead.
        keeps_charges: whether a failure keeps its charge here (`on_failure = "keep"`).

    """

    since: datetime | None
    stale_after: timedelta
    keeps_charges: bool


class AuditCheck(Check, frozen=True, eq=False, kw_only=True):
    """A check of money.

    Attributes:
        query: a SELECT in the words of vocabulary.py, a row a finding; its columns are shown with an example.
        execution_parts: the optional columns of the executions without which the query has no answer.
        ledger_parts: those of the ledger, without which there is no answer either.
        expects_refunds: whether it is about refunds of failures, which are not due where they keep charges.

    """

    query: LiteralString
    execution_parts: tuple[str, ...] = ()
    ledger_parts: tuple[str, ...] = ()
    expects_refunds: bool = False

    def find_obstacle(self, market: Marketplace, scope: Scope) -> str | None:
        """Say why the check cannot tell anything here; None where it can."""
        if self.expects_refunds and scope.keeps_charges:
            return 'on_failure is "keep", so failures are not refunded'
        for role, parts in ((market.executions, self.execution_parts), (market.ledger, self.ledger_parts)):
            for part in parts:
                if role is None:
                    return "there is no ledger"
                if part not in role:
                    return f"{role.name} has no column {part} that can be read"
        return None
