"""Settles an execution: its outcome and its refund in one transaction, guarded by the row's own state.

The only way in which an execution gets an outcome; `run` uses it, and so will everything that settles
later. It opens connections of its own, because minutes may have passed since the charge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from agentctl.core import executions, ledger, lookup
from agentctl.core.catalog import introspect
from agentctl.core.database import Connection, Database, in_transaction, retry_after_drift
from agentctl.core.errors import ConnectionFailed
from agentctl.core.mapping import Marketplace, marketplace
from agentctl.core.models import NO_STATUS, Credits, Execution, Key, Status
from agentctl.core.tracking import unrecordable

_TRY_FOR = 60  # seconds in which a database that went away may come back


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an execution is to be settled as.

    Attributes:
        refund: whether what it cost is given back.
        facts: contents of optional columns, by name.

    """

    status: Status
    refund: bool
    facts: Mapping[str, object]


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
    refunded: Credits
    balance_after: Credits | None
    found: Execution | None = None


def settle(
    database: Database, market: Marketplace, *, execution: Key, user: Key, verdict: Verdict
) -> Settlement:
    """Write a verdict; where the row is not open any more, change nothing and say what it says.

    A connection that fails is opened again for a minute. A COMMIT whose reply was lost is safe: the
    second attempt finds the row settled.

    Raises:
        ConnectionFailed: the database stayed away.
        AgentctlError: any other refusal of the database.

    """
    for attempt in Retrying(
        retry=retry_if_exception_type(ConnectionFailed),
        stop=stop_after_delay(_TRY_FOR),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        reraise=True,
    ):
        with attempt, database.connect() as connection:
            settlement = retry_after_drift(
                lambda fresh: _settle(connection, fresh, execution=execution, user=user, verdict=verdict),
                first=market,
                refresh=lambda: marketplace(introspect(connection)),
            )
    return settlement


def _settle(
    connection: Connection, market: Marketplace, *, execution: Key, user: Key, verdict: Verdict
) -> Settlement:
    def work() -> Settlement | None:
        written = executions.settle(
            connection,
            market.executions,
            execution=execution,
            status=verdict.status,
            facts=verdict.facts,
        )
        if written is None:
            return None
        moved = None
        if verdict.refund:
            moved = ledger.refund(connection, market, user=user, execution=execution)
        return Settlement(
            status=verdict.status,
            at=written.at,
            columns=written.columns,
            unable=unrecordable(market.executions.table),
            refunded=moved.amount if moved else 0,
            balance_after=moved.balance_after if moved else None,
        )

    return in_transaction(connection, work) or _as_found(connection, market, execution)


def _as_found(connection: Connection, market: Marketplace, execution: Key) -> Settlement:
    found = lookup.find_execution(connection, market, execution)
    return Settlement(
        status=(found.status or NO_STATUS) if found else "gone",
        at=None,
        columns=(),
        unable=unrecordable(market.executions.table),
        refunded=found.refunded if found else 0,
        balance_after=None,
        found=found,
    )
