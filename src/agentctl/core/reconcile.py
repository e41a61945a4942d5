"""Finishes what a crash, a timeout or an unclear answer left open, as far as somebody knows how it ended.

The lease of a run is its row's age, which every schema has: a run ends at its deadline. A row younger than
`stale_after` may belong to a run that is at work, unless this machine's journal has seen its call end; an
older one is dead. Should that be wrong (a longer --timeout on another machine), nothing is lost: an outcome
is settled on evidence alone, and the run that finds its row settled changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from agentctl.core import agents, history, lookup, n8n, settlement
from agentctl.core.config import Profile
from agentctl.core.database import Connection, Database
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.evidence import Evidence, assumed, describe_doubt, from_journal, nobody_knows
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.journal import Journal, Memory
from agentctl.core.mapping import Marketplace, read_marketplace
from agentctl.core.models import OPEN, STALE_AFTER, Agent, Amount, Execution, Key, Outcome, Status
from agentctl.core.row_identity import DatabaseIdentity, RowIdentity, identify_database, identify_row
from agentctl.core.row_values import is_over
from agentctl.core.settlement import Verdict


class Action(StrEnum):
    """What became of an execution."""

    SETTLED = "settled"
    WOULD_SETTLE = "would_settle"
    LEFT_OPEN = "left_open"
    ALIVE = "alive"
    """Its run may still be at work."""
    FOUND_SETTLED = "found_settled"
    """Somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asked for.

    Attributes:
        executions: ids or beginnings of ids; none for all that are stale.
        stale_after: age from which a run is dead; zero is the operator's word that none is alive.
        assume: the outcome of executions that nobody else knows about.
        dry_run: find out, and write nothing.

    """

    executions: tuple[str, ...] = ()
    stale_after: timedelta = STALE_AFTER
    assume: Outcome | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One execution, as it was found, and what became of it.

    Attributes:
        status: of the row, afterwards.
        doubt: what the journal says of this id without proving that it is about this row.

    """

    execution: Execution
    action: Action
    evidence: Evidence
    status: str | None
    refunded: Amount = 0
    doubt: str | None = None


Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Is told how many executions are to be settled, and then how many are."""


def reconcile(
    database: Database,
    profile: Profile,
    request: Request,
    *,
    journal: Journal,
    progress: Progress,
) -> tuple[Reconciled, ...]:
    """Settle every open execution whose outcome somebody knows.

    Raises:
        Refused: a named execution does not exist.
        AgentctlError: the database; what was settled until then is settled.

    """
    with database.connect() as connection:
        market = read_marketplace(connection, profile.schema)
        whereabouts = identify_database(connection)
        now = history.clock(connection)
        executions = _find_executions(connection, market, request, now=now)
        listed = agents.list_agents(connection, market.agents) if executions else ()
    known = [profile.as_far_as_known(agent) for agent in listed]
    rows = {one.id: identify_row(whereabouts, one.creation) for one in executions if one.is_open}
    memories = journal.recall(rows, database=database.place)
    cases = [_look_at(one, memories.get(one.id, Memory()), rows, request, now=now) for one in executions]
    unsure = [case.execution for case in cases if case.action is Action.LEFT_OPEN]
    heard = n8n.ask(profile.n8n, _list_questions(unsure, known, profile)) if unsure else {}
    cases = [_weigh(case, heard.get(case.execution.id), request) for case in cases]
    if request.dry_run:
        return tuple(cases)
    settling = _Settling(database, market, whereabouts, refund=profile.on_failure == "refund")
    return settling.settle_all(cases, progress=progress)


def _find_executions(
    connection: Connection, market: Marketplace, request: Request, *, now: datetime
) -> tuple[Execution, ...]:
    """Return the executions that are meant, each once, oldest first."""
    if request.executions:
        named = (lookup.get_execution(connection, market, key) for key in request.executions)
        return tuple({execution.id: execution for execution in named}.values())
    stale = history.Filters(statuses=OPEN, until=now - request.stale_after)
    return tuple(reversed(list(history.stream_executions(connection, market, stale, content=False))))


def _look_at(
    execution: Execution,
    memory: Memory,
    rows: Mapping[Key, RowIdentity],
    request: Request,
    *,
    now: datetime,
) -> Reconciled:
    """Say what can be said of an execution without asking anybody."""
    if not execution.is_open:
        said = nobody_knows(f"It is settled already: {execution.status}.")
        return Reconciled(execution, Action.FOUND_SETTLED, said, execution.status)
    evidence = from_journal(memory)
    if evidence is not None:
        return Reconciled(execution, Action.WOULD_SETTLE, evidence, execution.status)
    if _may_be_alive(execution, memory, request.stale_after, now=now):
        said = nobody_knows("Its run may still be at work. If it is not: --stale-after 0s.")
        return Reconciled(execution, Action.ALIVE, said, execution.status)
    doubt = describe_doubt(memory, execution.id, rows[execution.id])
    said = nobody_knows(doubt or "Nobody knows how it ended.")
    return Reconciled(execution, Action.LEFT_OPEN, said, execution.status, doubt=doubt)


def _may_be_alive(execution: Execution, memory: Memory, stale_after: timedelta, *, now: datetime) -> bool:
    if memory.has_ended or not stale_after:
        return False  # its call has ended, as this machine knows; or the operator does
    if memory.until is not None and now < memory.until:
        return True
    return execution.created_at is None or not is_over(execution.created_at, now - stale_after)


def _list_questions(
    executions: Sequence[Execution], known: Sequence[Agent], profile: Profile
) -> list[n8n.Question]:
    by_id: dict[Key | None, Agent] = {agent.id: agent for agent in known}
    return [_ask_about(one, by_id.get(one.agent.id), profile) for one in executions]


def _ask_about(execution: Execution, agent: Agent | None, profile: Profile) -> n8n.Question:
    return n8n.Question(
        execution=execution.id,
        webhook_url=execution.workflow_id or (agent.webhook_url if agent else None),
        created_at=execution.created_at if isinstance(execution.created_at, datetime) else None,
        success_when=profile.agent(agent).success_when if agent else None,
    )


def _weigh(case: Reconciled, heard: Evidence | None, request: Request) -> Reconciled:
    """Weigh what n8n says and, where nobody knows, the operator's word."""
    if case.action is not Action.LEFT_OPEN:
        return case
    evidence = heard or case.evidence
    if evidence.outcome is Outcome.UNKNOWN and request.assume is not None:
        evidence = assumed(request.assume)
    elif evidence.outcome is Outcome.UNKNOWN and heard is not None and case.doubt is not None:
        evidence = nobody_knows(f"{heard.said} {case.doubt}")
    action = Action.LEFT_OPEN if evidence.outcome is Outcome.UNKNOWN else Action.WOULD_SETTLE
    return replace(case, evidence=evidence, action=action)


class _Settling:
    """Settles one execution after the other on one connection, and goes on with the next one if it fails."""

    def __init__(
        self, database: Database, market: Marketplace, whereabouts: DatabaseIdentity | None, *, refund: bool
    ) -> None:
        self._database = database
        self._market = market
        self._whereabouts = whereabouts
        self._refund = refund
        self._done: list[Reconciled] = []

    def settle_all(self, cases: Sequence[Reconciled], *, progress: Progress) -> tuple[Reconciled, ...]:
        """Settle those of which somebody knows how they ended, and return all of them."""

        def work(connection: Connection) -> None:
            self._require_same_database(connection)
            for case in cases[len(self._done) :]:
                ready = case.action is Action.WOULD_SETTLE
                self._done.append(self._settle(connection, case) if ready else case)
                on_progress(len(self._done))

        with progress(len(cases)) as on_progress:
            self._database.again(work)
        return tuple(self._done)

    def _require_same_database(self, connection: Connection) -> None:
        """Refuse to go on where the address leads elsewhere by now: the evidence is about one database."""
        if self._whereabouts is not None and identify_database(connection) != self._whereabouts:
            msg = f"{self._database.name} is another database now than when its executions were read."
            raise DatabaseTrouble(msg, hint="Reconcile again.", code="database_changed")

    def _settle(self, connection: Connection, case: Reconciled) -> Reconciled:
        passing(Failpoint.EVIDENCE_FOUND)
        failed = case.evidence.outcome is Outcome.FAILED
        refund = failed and self._refund
        if refund and case.execution.user.id is None:
            said = nobody_knows("It failed, and has no user whom a refund could go to.")
            return replace(case, action=Action.LEFT_OPEN, evidence=said)
        verdict = Verdict(
            status=Status.FAILED if failed else Status.SUCCESS,
            refund=refund,
            facts={**case.evidence.facts(), **({"credits_used": 0} if refund else {})},
            creation=case.execution.creation,
        )
        done = settlement.settle_on(
            connection,
            self._market,
            execution=case.execution.id,
            user=case.execution.user.id,
            verdict=verdict,
        )
        action = Action.SETTLED if done.at is not None else Action.FOUND_SETTLED
        return replace(case, action=action, status=done.status, refunded=done.refunded)
