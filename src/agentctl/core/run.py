"""Runs one agent for one user: resolve, charge and record, call, settle. The transactions begin and end here.

1. `prepare` reads and refuses; nothing is written.
2. One transaction locks the user, records the execution as running and charges for it, or does none of it.
3. The webhook is called with no connection open.
4. One transaction settles: the outcome with its refund, if the row is still open.

Whatever happens between 2 and 4, the row says `running` and the charge is held; `reconcile` learns the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from agentctl.core import agents, executions, forms, inputs, ledger, lookup, users, webhook
from agentctl.core.catalog import introspect
from agentctl.core.config import AgentSettings, Profile
from agentctl.core.database import Connection, Database, in_transaction, retry_after_drift
from agentctl.core.errors import ConnectionFailed, Refused, UsageError
from agentctl.core.mapping import Marketplace, marketplace
from agentctl.core.models import Agent, Credits, Execution, Key, Status, User
from agentctl.core.outcomes import Outcome
from agentctl.core.run_report import RunReport, Settlement, interrupted, not_settled, replayed, settled

_SETTLE_FOR = 60
"""Seconds for which a settlement is tried again while the database cannot be reached."""


class Step(StrEnum):
    """What a run has just done, or is about to do."""

    CHOSEN = "chosen"
    RECORDED = "recorded"
    CHARGED = "charged"
    CALLING = "calling"
    WAITING = "waiting"
    ANSWERED = "answered"
    SETTLED = "settled"


Watch = Callable[[Step, str], None]
"""Is told each step with a detail for people, as it happens."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What an operator asked for.

    Attributes:
        agent: slug, id or name.
        user: id or e-mail address; None for the profile's.
        items: `NAME=TEXT`, `NAME:=JSON`, `NAME=@FILE`.
        input_text: the text of an input file, a JSON object.
        timeout: over the whole webhook call; None for the profile's.
        charge: False for an operator's test run.

    """

    agent: str
    user: str | None = None
    items: tuple[str, ...] = ()
    input_text: str | None = None
    idempotency_key: str | None = None
    timeout: timedelta | None = None
    charge: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything a run needs, resolved and checked before anything is written."""

    market: Marketplace
    agent: Agent
    user: User
    given: inputs.GivenInputs
    endpoint: webhook.Endpoint
    timeout: timedelta
    price: Credits
    idempotency_key: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Charged:
    """The execution that was recorded, and what it cost; committed."""

    id: Key
    written: executions.Written
    balance_before: Credits
    balance_after: Credits


def prepare(
    connection: Connection, profile: Profile, request: RunRequest, *, ask: inputs.Ask | None = None
) -> Prepared:
    """Find agent and user, convert and check the inputs, and look at the webhook's URL.

    Args:
        connection: any; nothing is written.
        profile: the settings.
        request: what was asked.
        ask: asks a person for a required input that is missing; None where nobody can be asked.

    Raises:
        UsageError, InvalidInputs, Refused, SetupError: see there; nothing was written.

    """
    market = marketplace(introspect(connection))
    agent = agents.get_agent(connection, market.agents, request.agent)
    user = users.get_user(connection, market.users, _payer(profile, request))
    given = inputs.resolve_inputs(
        forms.read_form(agent.raw_form), items=request.items, input_file_text=request.input_text, ask=ask
    )
    _require_runnable(agent)
    return Prepared(
        market=market,
        agent=agent,
        user=user,
        given=given,
        endpoint=_endpoint(profile, agent),
        timeout=request.timeout or profile.webhook.timeout,
        price=agent.price if request.charge else 0,
        idempotency_key=request.idempotency_key,
        warnings=_warnings(agent, given),
    )


def run(
    database: Database, profile: Profile, request: RunRequest, *, ask: inputs.Ask | None, watch: Watch
) -> RunReport:
    """Run an agent, from the first look at the database to the settled row.

    Raises:
        AgentctlError: before anything was written. Whatever comes later is in the report.

    """
    with database.connect() as connection:
        prepared = prepare(connection, profile, request, ask=ask)
        execution_id = _choose_id(connection, prepared)
        watch(Step.CHOSEN, str(execution_id))
        charged = retry_after_drift(
            lambda market: _charge_and_record(connection, replace(prepared, market=market), execution_id),
            first=prepared.market,
            refresh=lambda: marketplace(introspect(connection)),
        )
        if charged is None:
            return _replay(connection, prepared, execution_id)
    return _call_and_settle(database, profile, prepared, charged, watch=watch)
