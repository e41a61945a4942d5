"""Says what a charge or a refund will ask if nothing unusual happens, so that it can leave in one flight.

It decides nothing. `movements` asks the same, one statement after the other, and reads every answer; where it
asks something else, the transaction is rolled back and done without foresight. A list ends where what comes
next depends on an answer: one that is too short costs a flight, one that is wrong costs all of them.
"""

from collections.abc import Generator, Iterator
from typing import TypeAlias

from agentctl.core import amounts
from agentctl.core.credits import balances, ledger_entries
from agentctl.core.credits.deduction import compose_deduction
from agentctl.core.credits.derived_balance import compose_rows
from agentctl.core.credits.key_values import compose_samples
from agentctl.core.credits.ledger_changes import compose_state
from agentctl.core.credits.ledger_entries import Entry
from agentctl.core.credits.ledger_sides import compose_sides
from agentctl.core.credits.movements import Movement, build_charge, compose_clearing, compose_cost
from agentctl.core.database.statements import Statement
from agentctl.core.mapping import Ledger, Marketplace
from agentctl.core.mapping.functions import Deduct
from agentctl.core.models import Amount, Credits, Key, Verbatim

Foreseen: TypeAlias = Generator[Statement, None, bool]
"""Statements in the order in which they are asked; returns whether nothing is asked behind them."""


def foresee_chargeability(market: Marketplace) -> Iterator[Statement]:
    """Yield what is asked of a database before anybody is charged in it."""
    rows = compose_rows(market)
    if rows is not None:
        yield rows


def foresee_charge(
    market: Marketplace, *, user: Key, balance: Amount | None, price: Credits, agent: Key, execution: Key
) -> Foreseen:
    """Yield what `movements.charge` asks.

    Args:
        market: the tables.
        user: who pays.
        balance: as it was read last.
        price: positive.
        agent: what is paid for.
        execution: which run of the agent is paid for.

    Raises:
        AgentctlError: it asks no more than what was yielded, but refuses.

    """
    function = market.deducting.function
    if balances.is_lockable(market) and "held" in market.balances:
        yield balances.compose_held(market, user)
    if function is None:
        entry = Entry(user, "charge", execution)
        return (yield from _foresee_move(market, entry, amounts.negate(price), before=balance))
    yield from foresee_chargeability(market)
    if function.wallet:
        return False
    charge = build_charge(market, user=user, price=price, agent=agent, execution=execution, wallet=None)
    if market.ledger is not None:
        yield compose_state(market.ledger, execution)
    before, call, after = compose_deduction(function, charge)
    yield from (*before, call, *after)
    yield balances.compose_reading(market, user)
    if not balances.is_lockable(market) and "held" in market.balances:
        yield balances.compose_held(market, user)
    if market.ledger is not None:
        yield compose_state(market.ledger, execution)
    return market.ledger is None or _links_its_rows(function, market.ledger)


def _links_its_rows(function: Deduct, ledger: Ledger) -> bool:
    """Whether a function that charges probably writes which execution it charged for."""
    return ledger.is_linked and "execution" in function.meanings.values()


def foresee_refund(
    market: Marketplace, *, user: Key, balance: Amount | None, amount: Credits, execution: Key
) -> Foreseen:
    """Yield what `movements.refund` asks where it gives back an amount.

    Raises:
        AgentctlError: it asks no more than what was yielded, but refuses.

    """
    yield balances.compose_lock(market, user)
    yield compose_cost(market, execution)
    if amount <= 0:
        return True
    is_complete = yield from _foresee_move(market, Entry(user, "refund", execution), amount, before=balance)
    if is_complete and (market.ledger is None or not market.ledger.is_linked):
        yield compose_clearing(market.executions, execution)
    return is_complete


def _foresee_move(market: Marketplace, entry: Entry, amount: Credits, *, before: Amount | None) -> Foreseen:
    """Yield what moves credits without a function; returns whether that is all."""
    if before is None or isinstance(before, Verbatim):
        return False
    yield from foresee_chargeability(market)
    sides = compose_sides(market, user=entry.user)
    if sides is not None:
        yield sides
    yield from compose_samples(market, charge=True)
    ledger = market.ledger
    if ledger is not None:
        yield compose_state(ledger, entry.execution)
        if ledger.table.triggers:  # they may keep the balance
            return False
    yield balances.compose_reading(market, entry.user)
    yield balances.compose_raise(market, amount, user=entry.user)
    if ledger is not None:
        yield compose_state(ledger, entry.execution)
        if market.balances.table.triggers or not ledger_entries.is_foreseeable(ledger):
            return False
        yield ledger_entries.compose_insert(
            ledger, Movement(amount, before, amounts.add(before, amount)), entry
        )
    yield balances.compose_reading(market, entry.user)
    return True
