"""Settles an execution: its outcome and its refund in one transaction, guarded by the row's own state.

It is the only way in which an execution gets an outcome: `run` uses it, and so does `reconcile`.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentctl.core.credits import balances, movements, users
from agentctl.core.credits.foresight import foresee_refund
from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.row_identity import IDENTITY, DatabaseIdentity, require_database
from agentctl.core.database.statements import Statement, list_foreseen
from agentctl.core.database.transactions import NUMBER, Commit, durably
from agentctl.core.executions import execution_table, lookup
from agentctl.core.executions.execution_table import Writing, Written
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
        cost: what it cost, as far as is known: what a refund is expected to be.
        balance: the payer's, as it was read last.
        database: where its row is, if that was asked: the address may lead elsewhere by now.

    """

    execution: Key
    user: Key | None
    status: Status
    refund: bool
    facts: Mapping[str, object]
    creation: Moment | None = None
    cost: Credits | None = None
    balance: Amount | None = None
    database: DatabaseIdentity | None = None


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
    commit = commit or Commit()

    def write_verdict(connection: Connection, market: Marketplace) -> Settlement:
        if verdict.database is not None:
            require_database(connection, verdict.database)
        # The user is locked before the execution, as charging does: the other way round deadlocks.
        payer = _lock_payer(connection, market, verdict) if verdict.refund else None
        owed_to_nobody = verdict.refund and payer is None
        unreturnable = movements.cost_of(connection, market, verdict.execution) if owed_to_nobody else None
        outcome = _compose_outcome(market, verdict, refund=payer is not None)
        written = execution_table.settle(connection, outcome)
        if written is None:
            return _read_settlement(connection, market, verdict, is_own=commit.in_doubt)
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

    foreseen = list_foreseen(_foresee(market, verdict))
    repeatable = _is_one_update(verdict)
    return durably(target, market, write_verdict, commit=commit, foreseen=foreseen, repeatable=repeatable)


def _is_one_update(verdict: Verdict) -> bool:
    """Whether nothing is asked that could forbid the outcome, so that COMMIT may leave with it."""
    return not verdict.refund and verdict.database is None


def _foresee(market: Marketplace, verdict: Verdict) -> Iterator[Statement]:
    """Yield what settling asks if nothing unusual happens; see `credits.foresight`."""
    if verdict.database is not None:
        yield IDENTITY
    payer = verdict.user if verdict.refund else None
    if payer is not None:
        if users.sees_all(market):
            yield users.compose_presence(market, payer)
        yield balances.compose_lock(market, payer)
    elif verdict.refund:
        yield movements.compose_cost(market, verdict.execution)
    yield _compose_outcome(market, verdict, refund=payer is not None).statement
    is_complete = payer is None
    if payer is not None and verdict.cost is not None:
        is_complete = yield from foresee_refund(
            market, user=payer, balance=verdict.balance, amount=verdict.cost, execution=verdict.execution
        )
    if is_complete and not _is_one_update(verdict):
        yield NUMBER


def _lock_payer(connection: Connection, market: Marketplace, verdict: Verdict) -> Key | None:
    """Return who is to be given credits back, and lock their balance; None where they are gone."""
    if verdict.user is None or users.is_gone(connection, market, verdict.user):
        return None
    balances.lock_user(connection, market, verdict.user)
    return verdict.user


def _compose_outcome(market: Marketplace, verdict: Verdict, *, refund: bool) -> Writing:
    """Return what writes the outcome into the row, if it is open.

    `credits_used` is left alone where it stays owed, and where it alone says what a refund is to give back.
    """
    is_in_ledger = market.ledger is not None and market.ledger.is_linked
    leaves_cost = verdict.refund and not (refund and is_in_ledger)
    left = {"credits_used"} if leaves_cost else frozenset()
    return execution_table.compose_settling(
        market.executions,
        execution=verdict.execution,
        status=verdict.status,
        facts={name: fact for name, fact in verdict.facts.items() if name not in left},
        creation=verdict.creation,
    )


def _read_settlement(
    connection: Connection, market: Marketplace, verdict: Verdict, *, is_own: bool
) -> Settlement:
    """Return how an execution was settled: by somebody else, or by an attempt of ours that was in doubt."""
    settled = lookup.find_execution(connection, market, verdict.execution)
    status = (settled.status or NO_STATUS) if settled else "gone"
    written = None
    if is_own and status == verdict.status:
        columns = _compose_outcome(market, verdict, refund=False).columns
        written = Written(connection.read_value("SELECT statement_timestamp() AS at"), columns)
    return Settlement(
        status=status,
        written=written,
        unable=market.executions.unrecordable,
        refunded=(settled.refunded or 0) if settled else 0,
    )
