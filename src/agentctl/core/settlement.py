"""Settles an execution: its outcome and its refund in one transaction, guarded by the row's own state.

The only way in which an execution gets an outcome; `run` uses it, and so will everything that settles
later. It opens connections of its own, because minutes may have passed since the charge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agentctl.core import executions, ledger, lookup
from agentctl.core.database import Commit, Connection, Database, in_transaction, retry_after_drift
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

    """

    status: str
    at: datetime | None
    columns: tuple[str, ...]
    unable: tuple[str, ...]
    refunded: Amount
    balance_after: Credits | None
    found: Execution | None = None


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
        user: who paid; without one, nothing is refunded.
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
        written = executions.settle(
            connection,
            market.executions,
            execution=execution,
            status=verdict.status,
            facts=_facts(market, verdict),
            creation=verdict.creation,
        )
        if written is None:
            return None
        passing(Failpoint.STATUS_WRITTEN)
        moved = None
        if verdict.refund and user is not None:
            moved = ledger.refund(connection, market, user=user, execution=execution)
            passing(Failpoint.REFUNDED)
        return Settlement(
            status=verdict.status,
            at=written.at,
            columns=written.columns,
            unable=market.executions.unrecordable,
            refunded=moved.amount if moved else 0,
            balance_after=moved.balance_after if moved else None,
        )

    return in_transaction(connection, work, commit=commit) or _as_found(connection, market, execution)


def _facts(market: Marketplace, verdict: Verdict) -> Mapping[str, object]:
    """Leave what an execution cost where nothing else tells it, until it is given back."""
    told = market.ledger is not None and market.ledger.is_linked
    kept = verdict.refund and not told
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
