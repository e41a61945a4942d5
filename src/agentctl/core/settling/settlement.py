"""Settles an execution: its outcome and its refund in one transaction, guarded by the row's own state.

It is the only way in which an execution gets an outcome: `run` uses it, and so does `reconcile`.
"""

from collections.abc import Mapping

from msgspec import Struct

from agentctl.core.credits import balances, movements, users
from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.transactions import Commit, durably
from agentctl.core.executions import execution_table, lookup
from agentctl.core.executions.execution_table import Written
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.mapping import Marketplace
from agentctl.core.models import NO_STATUS, Amount, Credits, Key, Status
from agentctl.core.times import Moment


class Verdict(Struct, frozen=True):
    """What an execution is to be settled as.

    Attributes:
        execution: its id.
        user: who paid; None where the row names nobody.
        refund: whether what it cost is given back; to a user who is gone, nothing is.
        facts: contents of optional columns, by name.
        creation: of the row that it is about, where another one of its id might have taken its place.

    """

    execution: Key
    user: Key | None
    status: Status
    refund: bool
    facts: Mapping[str, object]
    creation: Moment | None = None


class Settlement(Struct, frozen=True):
    """What settling did.

    Attributes:
        status: of the row afterwards.
        written: what was written and when; None where somebody else had settled the row.
        unable: optional columns that the table cannot hold.
        refunded: credits given back, now or by whoever settled it.
        unreturnable: what could be given back to nobody, since its user is gone; None where there is one.
        stand_in: a sentence about the word of the refund's row, where it is not one for refunds.

    """

    status: str
    written: Written | None
    unable: tuple[str, ...]
    refunded: Amount = 0
    balance_after: Credits | None = None
    unreturnable: Credits | None = None
    stand_in: str | None = None

    @property
    def note(self) -> str | None:
        """What the operator should know besides."""
        if self.unreturnable is None:
            return self.stand_in
        owed = f"{self.unreturnable} credits" if self.unreturnable else "nothing"
        return f"Its user is gone, so nothing can be refunded; it had cost {owed}."


def settle(
    target: Database | Connection,
    market: Marketplace,
    verdict: Verdict,
    *,
    commit: Commit[Settlement] | None = None,
) -> Settlement:
    """Write a verdict, and give back what it says, once; where the row is not open, read what it says.

    Raises:
        ConnectionFailed: the database stayed away.
        AgentctlError: any other refusal of the database.

    """

    def write_verdict(connection: Connection, market: Marketplace) -> Settlement:
        # The user is locked before the execution, as charging does: the other way round deadlocks.
        payer = _lock_payer(connection, market, verdict) if verdict.refund else None
        owed_to_nobody = verdict.refund and payer is None
        unreturnable = movements.cost_of(connection, market, verdict.execution) if owed_to_nobody else None
        written = _write_outcome(connection, market, verdict, refund=payer is not None)
        if written is None:
            return _read_settlement(connection, market, verdict.execution)
        passing(Failpoint.STATUS_WRITTEN)
        refund = None
        if payer is not None:
            refund = movements.refund(connection, market, user=payer, execution=verdict.execution)
            passing(Failpoint.REFUNDED)
        return Settlement(
            verdict.status,
            written,
            market.executions.unrecordable,
            refunded=refund.amount if refund else 0,
            balance_after=refund.balance_after if refund else None,
            unreturnable=unreturnable,
            stand_in=market.ledger.explain_stand_in("refund") if refund and market.ledger else None,
        )

    return durably(target, market, write_verdict, commit=commit)


def _lock_payer(connection: Connection, market: Marketplace, verdict: Verdict) -> Key | None:
    """Return who is to be given credits back, and lock their balance; None where they are gone."""
    if verdict.user is None or users.is_gone(connection, market, verdict.user):
        return None
    balances.lock_user(connection, market, verdict.user)
    return verdict.user


def _write_outcome(
    connection: Connection, market: Marketplace, verdict: Verdict, *, refund: bool
) -> Written | None:
    """Write the outcome into the row; None where it is not open.

    `credits_used` is left alone where it stays owed, and where it alone says what a refund is to give back.
    """
    is_in_ledger = market.ledger is not None and market.ledger.is_linked
    leaves_cost = verdict.refund and not (refund and is_in_ledger)
    facts = {
        name: fact for name, fact in verdict.facts.items() if not (leaves_cost and name == "credits_used")
    }
    return execution_table.settle(
        connection,
        market.executions,
        execution=verdict.execution,
        status=verdict.status,
        facts=facts,
        creation=verdict.creation,
    )


def _read_settlement(connection: Connection, market: Marketplace, execution: Key) -> Settlement:
    """Return how somebody else has settled an execution."""
    settled = lookup.find_execution(connection, market, execution)
    return Settlement(
        status=(settled.status or NO_STATUS) if settled else "gone",
        written=None,
        unable=market.executions.unrecordable,
        refunded=(settled.refunded or 0) if settled else 0,
    )
