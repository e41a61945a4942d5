"""Begins an execution, its row and its charge together; or finds the one that its key has made before.

It works inside the caller's transaction and commits nothing.
"""

from collections.abc import Iterator

from agentctl.core.agents.agent_table import compose_agent
from agentctl.core.credits import balances, foresight, movements, users
from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import raising_if_reference_is_gone
from agentctl.core.database.statements import Statement, list_foreseen
from agentctl.core.database.transactions import CONSTRAINTS, NUMBER
from agentctl.core.errors import Refused
from agentctl.core.executions import execution_table, lookup
from agentctl.core.executions.execution_table import Identity, Writing
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.models import Agent
from agentctl.core.running import run_report
from agentctl.core.running.preparation import Prepared, require_unchanged
from agentctl.core.running.run_report import RunReport
from agentctl.core.webhook_url import without_secrets


def record_and_charge(connection: Connection, prepared: Prepared, identity: Identity) -> RunReport | None:
    """Record and charge an execution in a transaction; None where it exists already."""
    market, user, agent, price = prepared.market, prepared.user, prepared.agent, prepared.price
    before = balances.lock_user(connection, market, user.id)
    require_unchanged(connection, prepared)
    # If somebody is deleting the agent, they hold its row, and this waits for them.
    with raising_if_reference_is_gone(_deleted_meanwhile(agent)):
        writing = _compose_record(prepared, identity)
        written = execution_table.record(connection, market.executions, identity, writing)
    if written is None:
        return None
    execution = identity.id
    passing(Failpoint.RECORDED)
    if not price:
        balance = users.get_user(connection, market.users, str(user.id)).balance
        return run_report.running(prepared, execution, written, before=balance, after=balance)
    moved = movements.charge(
        connection, market, user=user, price=price, agent=agent.id, execution=execution, before=before
    )
    passing(Failpoint.CHARGED)
    return run_report.running(
        prepared, execution, written, before=moved.balance_before, after=moved.balance_after
    )


def foresee(prepared: Prepared, identity: Identity) -> tuple[Statement, ...]:
    """Return what `record_and_charge` will ask, up to the COMMIT if that is known, for `durably`.

    Nothing where the balance did not suffice a moment ago: a function would be asked in vain.
    """
    if prepared.price and not balances.seems_enough(prepared.user, price=prepared.price):
        return ()
    return list_foreseen(_foresee_all(prepared, identity))


def _foresee_all(prepared: Prepared, identity: Identity) -> Iterator[Statement]:
    market, user, agent, price = prepared.market, prepared.user, prepared.agent, prepared.price
    executions, execution = market.executions, identity.id
    yield balances.compose_lock(market, user.id)
    yield compose_agent(market.agents, prepared.listed.id)
    yield _compose_record(prepared, identity).statement
    if executions.is_filtered:
        yield execution_table.compose_creation(executions, execution)
    is_complete = True
    if price:
        is_complete = yield from foresight.foresee_charge(
            market, user=user.id, balance=user.balance, price=price, agent=agent.id, execution=execution
        )
    else:
        yield users.compose_lookup(market.users, str(user.id))
    if is_complete:
        yield from (CONSTRAINTS, NUMBER)


def _compose_record(prepared: Prepared, identity: Identity) -> Writing:
    facts = {
        "workflow_id": without_secrets(prepared.endpoint.url),
        "inputs": prepared.agent_inputs.inputs,
        "credits_used": prepared.price,
    }
    return execution_table.compose_record(
        prepared.market.executions,
        execution=identity,
        user=prepared.user.id,
        agent=prepared.agent.id,
        agent_version=prepared.agent.version,
        facts=facts,
    )


def _deleted_meanwhile(agent: Agent) -> Refused:
    msg = f"The agent {agent.slug}, or something else that its execution refers to, was just deleted."
    return Refused(msg, hint="Nothing was charged and nothing was sent.", code="agent_not_found")


def replay(connection: Connection, prepared: Prepared, identity: Identity) -> RunReport:
    """Return the execution that this idempotency key has made before.

    Raises:
        Refused: the key was used with other inputs, as far as inputs are recorded.

    """
    execution = (
        lookup.find_execution(connection, prepared.market, identity.id)
        if identity.key is None
        else lookup.find_by_key(connection, prepared.market, identity.key)
    )
    if execution is None:
        prepared.market.executions.require_visible_rows()
        msg = "The execution with this idempotency key exists, but this role cannot see it."
        raise Refused(msg, code="execution_not_found")
    stored_inputs = execution_table.as_stored(prepared.agent_inputs.inputs)
    if execution.inputs is not None and execution.inputs != stored_inputs:
        msg = f"This idempotency key was used with other inputs, for execution {execution.id}."
        raise Refused(msg, hint="Use another key for other inputs.", code="idempotency_key_reused")
    return run_report.replayed(prepared, execution)
