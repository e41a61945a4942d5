"""Settles an execution: its outcome and its refund in one transaction, guarded by the row's own state.

The only way in which an execution gets an outcome; `run` uses it, and so will everything that settles
later. It opens connections of its own, because minutes may have passed since the charge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agentctl.core.credits import movements, users
from agentctl.core.database.connection import Commit, Connection, Database, in_transaction, retry_after_drift
from agentctl.core.executions import execution_table, lookup
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.mapping import Marketplace
from agentctl.core.models import NO_STATUS, Amount, Credits, Execution, Key, Status
from agentctl.core.times import Moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an execution is to be settled as.

    Attributes:
        refund: whether what it cost is given back.
        facts: contents of optional columns, by name.
        creation: of the row that it is about, where another one of its id might have taken its place.

    """

    status: Status
    refund: bool
    facts: Mapping[str, object]
    creation: Moment | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settling did.

    Attributes:
        status: of the row afterwards.
        at: when, by the database's clock; None where somebody else had settled it.
        columns: optional columns that were written.
        unable: optional columns that the table cannot hold.
        refunded: credits given back, now or by whoever settled it.
        found: the row as somebody else settled it.
        unreturnable: what could be given back to nobody, since its user is gone; None where there is one.

    """

    status: str
    at: datetime | None
    columns: tuple[str, ...]
    unable: tuple[str, ...]
    refunded: Amount
    balance_after: Credits | None
    found: Execution | None = None
    unreturnable: Credits | None = None

    @property
    def note(self) -> str | None:
        """What the operator should know besides."""
        if self.unreturnable is None:
            return None
        owed = f"{self.unreturnable} credits" if self.unreturnable else "nothing"
        return f"Its user is gone, so nothing can be refunded; it had cost {owed}."


def settle(
    database: Database,
    market: Marketplace,
    *,
    execution: Key,
    user: Key | None,
    verdict: Verdict,
    commit: Commit[Settlement | None] | None = None,
) -> Settlement:
    """Write a verdict; where the row is not open any more, change nothing and say what it says.

    A connection that fails is opened again for a minute; a settlement that has arrived is not made twice.

    Args:
        database: where to.
        market: the tables, as they were known last.
        execution: which.
        user: who paid; where that is nobody who is there any more, nothing is refunded, and that is said.
        verdict: the outcome.
        commit: of an earlier attempt that was interrupted, or an empty one that tells about this one.

    Raises:
        ConnectionFailed: the database stayed away.
        AgentctlError: any other refusal of the database.

    """
    commit = commit or Commit()
    if commit.result is not None and commit.arrived(database):
        return commit.result
    return database.again(
        lambda connection: settle_on(
            connection, market, execution=execution, user=user, verdict=verdict, commit=commit
        )
    )


def settle_on(
    connection: Connection,
    market: Marketplace,
    *,
    execution: Key,
    user: Key | None,
    verdict: Verdict,
    commit: Commit[Settlement | None] | None = None,
) -> Settlement:
    """Do what `settle` does, on a connection that is there already; a failing one is not replaced."""
    return retry_after_drift(
        lambda fresh: _settle(
            connection, fresh, execution=execution, user=user, verdict=verdict, commit=commit or Commit()
        ),
        first=market,
        refresh=lambda: market.again(connection),
    )


def _settle(
    connection: Connection,
    market: Marketplace,
    *,
    execution: Key,
    user: Key | None,
    verdict: Verdict,
    commit: Commit[Settlement | None],
) -> Settlement:
    def work() -> Settlement | None:
        payer = _find_payer(connection, market, user) if verdict.refund else None
        owed = movements.cost_of(connection, market, execution) if verdict.refund and payer is None else None
        if payer is not None:  # the user first, as charging does: the other way round deadlocks
            movements.lock_user(connection, market, payer)
        written = execution_table.settle(
            connection,
            market.executions,
            execution=execution,
            status=verdict.status,
            facts=_list_facts(market, verdict, refund=payer is not None),
            creation=verdict.creation,
        )
        if written is None:
            return None
        passing(Failpoint.STATUS_WRITTEN)
        moved = None
        if payer is not None:
            moved = movements.refund(connection, market, user=payer, execution=execution)
            passing(Failpoint.REFUNDED)
        return Settlement(
            status=verdict.status,
            at=written.at,
            columns=written.columns,
            unable=market.executions.unrecordable,
            refunded=moved.amount if moved else 0,
            balance_after=moved.balance_after if moved else None,
            unreturnable=owed,
        )

    return in_transaction(connection, work, commit=commit) or _as_found(connection, market, execution)


def _find_payer(connection: Connection, market: Marketplace, user: Key | None) -> Key | None:
    return None if user is None or users.is_gone(connection, market, user) else user


def _list_facts(market: Marketplace, verdict: Verdict, *, refund: bool) -> Mapping[str, object]:
    """Leave what an execution cost where it stays so, and where only this tells it until it is given back."""
    told = market.ledger is not None and market.ledger.is_linked
    kept = verdict.refund and not (refund and told)
    return {name: fact for name, fact in verdict.facts.items() if not (kept and name == "credits_used")}


def _as_found(connection: Connection, market: Marketplace, execution: Key) -> Settlement:
    found = lookup.find_execution(connection, market, execution)
    return Settlement(
        status=(found.status or NO_STATUS) if found else "gone",
        at=None,
        columns=(),
        unable=market.executions.unrecordable,
        refunded=(found.refunded or 0) if found else 0,
        balance_after=None,
        found=found,
    )
