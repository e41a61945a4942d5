"""Finishes what a crash, a timeout or an unclear answer left open, as far as somebody knows how it ended.

It asks the journal, n8n and the operator, in that order, and settles on evidence alone; `cases` weighs it.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec.structs import replace

from agentctl.core import amounts
from agentctl.core.agents import agent_table
from agentctl.core.config.profiles import Profile
from agentctl.core.credits import users
from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.row_identity import (
    IDENTITY,
    DatabaseChanged,
    DatabaseIdentity,
    RowIdentity,
    identify_database,
    identify_row,
    require_database,
)
from agentctl.core.database.statements import Statement
from agentctl.core.errors import (
    AgentctlError,
    ConnectionFailed,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
)
from agentctl.core.executions import history
from agentctl.core.executions.filters import Filters
from agentctl.core.executions.journal import Journal, Memory
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.mapping import Marketplace, read_marketplace
from agentctl.core.models import OPEN, Agent, Amount, Credits, Execution, Key, Outcome, Status, Verbatim
from agentctl.core.settling.by_hand import refund_execution
from agentctl.core.settling.cases import (
    Action,
    Case,
    ReconcileRequest,
    is_only_young,
    keep_charge,
    open_case,
    weigh_evidence,
)
from agentctl.core.settling.evidence import Evidence, nobody_knows
from agentctl.core.settling.lost_executions import get_execution_or_charge
from agentctl.core.settling.n8n import search
from agentctl.core.settling.settlement import Settlement, Verdict, settle

Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Called with the number of executions to settle; yields what is called with the number settled so far."""


def reconcile(
    database: Database,
    profile: Profile,
    request: ReconcileRequest,
    *,
    journal: Journal,
    progress: Progress,
) -> tuple[Case, ...]:
    """Settle every open execution whose outcome somebody knows.

    Raises:
        Refused: a named execution does not exist.
        ConnectionFailed, OutcomeUnknown: the database is away; what was settled until then stays settled.
        AgentctlError: the database cannot be read. An execution that cannot be settled stops no other.

    """
    with database.connect() as connection:
        market = read_marketplace(connection, profile.schema)
        stale = Filters(statuses=OPEN, perhaps_older=request.stale_after)
        payers = users.compose_balances(market.users, history.select_users(market, stale))
        with connection.reading_ahead(_foresee(market, request, stale, payers)):
            now = history.clock(connection)
            executions = _find_executions(connection, market, request, stale)
            listed = agent_table.list_agents(connection, market.agents) if executions else ()
            balances = {} if request.executions else users.read_balances(connection, payers)
            whereabouts = identify_database(connection)
    agents = [profile.as_far_as_known(agent) for agent in listed]
    rows = {
        execution.id: identify_row(whereabouts, execution.creation)
        for execution in executions
        if execution.is_open
    }
    memories = journal.recall(rows, database=database.address)
    cases = _open_cases(executions, memories, rows, request, now=now)
    refund = profile.on_failure == "refund"
    cases = [case if refund else keep_charge(case) for case in cases]
    unsure = [case.execution for case in cases if case.action is Action.LEFT_OPEN]
    answers = _ask_n8n(profile, unsure, rows, agents) if unsure else {}
    cases = [weigh_evidence(case, answers.get(case.execution.id), request) for case in cases]
    if request.dry_run:
        return tuple(cases)
    settling = _Settling(database, market, whereabouts, balances, refund=refund)
    return settling.settle_all(cases, progress=progress)


def _foresee(
    market: Marketplace, request: ReconcileRequest, stale: Filters, payers: Statement
) -> tuple[Statement, ...]:
    """Return what is read of the database; the last may be refused, which leaves no other behind it."""
    listed = () if request.executions else (history.compose_list(market, stale), payers)
    return (history.CLOCK, *listed, agent_table.compose_list(market.agents), IDENTITY)


def _open_cases(
    executions: Sequence[Execution],
    memories: Mapping[Key, Memory],
    rows: Mapping[Key, RowIdentity],
    request: ReconcileRequest,
    *,
    now: datetime,
) -> list[Case]:
    """Return the case of each execution, without young ones unless they are named."""
    cases = [
        open_case(execution, memories.get(execution.id, Memory()), rows.get(execution.id), request, now=now)
        for execution in executions
    ]
    return [case for case in cases if request.executions or not is_only_young(case, request, now=now)]


def _find_executions(
    connection: Connection, market: Marketplace, request: ReconcileRequest, stale: Filters
) -> tuple[Execution, ...]:
    """Return the executions to reconcile, each once, oldest first."""
    if request.executions:
        named = (get_execution_or_charge(connection, market, key) for key in request.executions)
        return tuple({execution.id: execution for execution in named}.values())
    return history.list_all(connection, market, stale)[::-1]


def _ask_n8n(
    profile: Profile,
    executions: Sequence[Execution],
    rows: Mapping[Key, RowIdentity],
    agents: Sequence[Agent],
) -> Mapping[Key, Evidence]:
    by_id: dict[Key | None, Agent] = {agent.id: agent for agent in agents}
    questions = [
        _write_question(execution, rows[execution.id], by_id.get(execution.agent.id), profile)
        for execution in executions
    ]
    return search.ask(
        profile.n8n, questions, profile=profile.name, signing_secret=profile.webhook.signing_secret
    )


def _write_question(
    execution: Execution, row: RowIdentity, agent: Agent | None, profile: Profile
) -> search.Question:
    return search.Question(
        execution=execution.id,
        webhook_url=execution.workflow_id or (agent.webhook_url if agent else None),
        creation=execution.creation,
        row_mark=row.mark(execution.id),
        success_when=profile.agent(agent).success_when if agent else None,
    )


class _Settling:
    """Settles one execution after the other on one connection; where one fails, the next one follows."""

    def __init__(
        self,
        database: Database,
        market: Marketplace,
        whereabouts: DatabaseIdentity | None,
        balances: Mapping[Key | None, Amount | None],
        *,
        refund: bool,
    ) -> None:
        self._database = database
        self._market = market
        self._whereabouts = whereabouts
        self._balances = dict(balances)
        self._refund = refund
        self._done: list[Case] = []

    def settle_all(self, cases: Sequence[Case], *, progress: Progress) -> tuple[Case, ...]:
        """Settle the cases whose outcome is known, and return all of them."""
        if not any(case.action is Action.WOULD_SETTLE for case in cases):
            return tuple(cases)
        self._require_writable()

        def settle_rest(connection: Connection) -> None:
            for case in cases[len(self._done) :]:
                is_ready = case.action is Action.WOULD_SETTLE
                self._done.append(self._settle_or_explain(connection, case) if is_ready else case)
                on_progress(len(self._done))

        with progress(len(cases)) as on_progress:
            self._database.run_reconnecting(settle_rest)
        return tuple(self._done)

    def _require_writable(self) -> None:
        """Refuse to begin with a role that can settle nothing at all."""
        self._market.executions.require_status()
        status = self._market.executions.column("status")
        if status is not None and not status.updatable:
            name = self._market.executions.name
            raise PermissionDenied(
                f"{self._database.name}: this role lacks a privilege to write {name}.",
                hint=f"Connect as a role with UPDATE on {name}, or grant it.",
            )

    def _settle_or_explain(self, connection: Connection, case: Case) -> Case:
        """Settle one execution; an obstacle becomes its result and stops no other."""
        passing(Failpoint.EVIDENCE_FOUND)
        try:
            with self._database.translating_errors():
                if case.execution.is_lost:
                    return self._give_back(connection, case)
                return self._settle_case(connection, case)
        except (ConnectionFailed, DatabaseChanged, OutcomeUnknown):
            raise
        except AgentctlError as error:
            obstacle = error
        except Exception as error:  # from whatever n8n, a row or a driver came up with
            if os.environ.get("AGENTCTL_DEBUG"):
                raise
            what = type(error).__name__
            obstacle = AgentctlError(f"Unexpected error ({what}).", code="defect")
        return replace(case, action=Action.NOT_SETTLED, obstacle=obstacle)

    def _settle_case(self, connection: Connection, case: Case) -> Case:
        failed, payer = case.evidence.outcome is Outcome.FAILED, case.execution.user.id
        refund = failed and self._refund
        verdict = Verdict(
            case.execution.id,
            payer,
            Status.FAILED if failed else Status.SUCCESS,
            refund=refund,
            facts={**case.evidence.facts(), **({"credits_used": 0} if refund else {})},
            creation=case.execution.creation,
            cost=_find_cost(case.execution),
            balance=self._balances.get(payer),
            database=self._whereabouts,
        )
        settlement = settle(connection, self._market, verdict)
        if settlement.balance_after is not None:
            self._balances[payer] = settlement.balance_after
        if settlement.written is None:
            return _explain_unsettled(case, settlement)
        message = " ".join(filter(None, [case.evidence.message, settlement.note]))
        return replace(
            case,
            action=Action.SETTLED,
            status=settlement.status,
            refunded=settlement.refunded,
            evidence=replace(case.evidence, message=message),
        )

    def _give_back(self, connection: Connection, case: Case) -> Case:
        """Refund an execution whose row is gone, by the ledger."""
        if self._whereabouts is not None:
            require_database(connection, self._whereabouts)
        try:
            refund = refund_execution(connection, self._market, case.execution)
        except Refused as refused:
            if refused.code != "already_refunded":
                raise
            return replace(case, action=Action.FOUND_SETTLED, evidence=nobody_knows(refused.message))
        return replace(case, action=Action.SETTLED, refunded=refund.movement.amount)


def _find_cost(execution: Execution) -> Credits | None:
    """Return what an execution still costs, as far as it was read."""
    charged, refunded = execution.charged, execution.refunded or 0
    if charged is None or isinstance(charged, Verbatim) or isinstance(refunded, Verbatim):
        return None
    return amounts.subtract(charged, refunded)


def _explain_unsettled(case: Case, settlement: Settlement) -> Case:
    """Say what was found instead of the open row that the evidence is about."""
    if settlement.status in OPEN:
        obstacle = Refused("Another row has its id now.", hint="Reconcile it again.", code="row_replaced")
        return replace(case, action=Action.NOT_SETTLED, status=settlement.status, obstacle=obstacle)
    return replace(case, action=Action.FOUND_SETTLED, status=settlement.status, refunded=settlement.refunded)
