"""Finishes what a crash, a timeout or an unclear answer left open, as far as somebody knows how it ended.

The lease of a run is its row's age, which every schema has: a run ends at its deadline. A row younger than
`stale_after` may belong to a run that is at work, unless this machine's journal has seen its call end; an
older one is dead. Should that be wrong (a longer --timeout on another machine), nothing is lost: an outcome
is settled on evidence alone, and the run that finds its row settled changes nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from agentctl.core import agents, history, lookup, n8n, settlement
from agentctl.core.config import Profile
from agentctl.core.database import Connection, Database
from agentctl.core.evidence import Evidence, assumed, from_journal, nobody_knows
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.journal import Entry, Event, Journal
from agentctl.core.mapping import Marketplace, read_marketplace
from agentctl.core.models import OPEN, STALE_AFTER, Agent, Credits, Execution, Key, Outcome, Status
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
    """One execution, as it was found, and what became of it."""

    execution: Execution
    action: Action
    evidence: Evidence
    status: str | None
    refunded: Credits = 0


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
        now = history.clock(connection)
        found = _find(connection, market, request, now=now)
        listed = agents.list_agents(connection, market.agents) if found else ()
    known = [profile.as_far_as_known(agent) for agent in listed]
    cases = [_looked_at(one, journal, request, place=database.place, now=now) for one in found]
    unsure = [case.execution for case in cases if case.action is Action.LEFT_OPEN]
    heard = n8n.ask(profile.n8n, _questions(unsure, known, profile)) if unsure else {}
    cases = [_judged(case, heard.get(case.execution.id), request) for case in cases]
    if request.dry_run:
        return tuple(cases)
    return _settle_all(database, market, cases, refund=profile.on_failure == "refund", progress=progress)


def _find(
    connection: Connection, market: Marketplace, request: Request, *, now: datetime
) -> tuple[Execution, ...]:
    """Return the executions that are meant, each once, oldest first."""
    if request.executions:
        named = (lookup.get_execution(connection, market, key) for key in request.executions)
        return tuple({execution.id: execution for execution in named}.values())
    stale = history.Filters(statuses=OPEN, until=now - request.stale_after)
    return tuple(reversed(list(history.stream_executions(connection, market, stale, content=False))))


def _looked_at(
    execution: Execution, journal: Journal, request: Request, *, place: str, now: datetime
) -> Reconciled:
    """Say what can be said of an execution without asking anybody."""
    if not execution.is_open:
        said = nobody_knows(f"It is settled already: {execution.status}.")
        return Reconciled(execution, Action.FOUND_SETTLED, said, execution.status)
    entries = journal.entries(execution.id, database=place)
    evidence = from_journal(entries)
    if evidence is not None:
        return Reconciled(execution, Action.WOULD_SETTLE, evidence, execution.status)
    if _may_be_alive(execution, entries, request.stale_after, now=now):
        said = nobody_knows("Its run may still be at work. If it is not: --stale-after 0s.")
        return Reconciled(execution, Action.ALIVE, said, execution.status)
    said = nobody_knows("Nobody knows how it ended.")
    return Reconciled(execution, Action.LEFT_OPEN, said, execution.status)


def _may_be_alive(
    execution: Execution, entries: tuple[Entry, ...], stale_after: timedelta, *, now: datetime
) -> bool:
    if any(entry.event is Event.ANSWERED for entry in entries) or not stale_after:
        return False  # its call has ended, as this machine knows; or the operator does
    if any(entry.until is not None and now < entry.until for entry in entries):
        return True
    return execution.created_at is None or execution.created_at > now - stale_after


def _questions(
    executions: Sequence[Execution], known: Sequence[Agent], profile: Profile
) -> list[n8n.Question]:
    by_id: dict[Key | None, Agent] = {agent.id: agent for agent in known}
    return [_question(one, by_id.get(one.agent.id), profile) for one in executions]


def _question(execution: Execution, agent: Agent | None, profile: Profile) -> n8n.Question:
    return n8n.Question(
        execution=execution.id,
        webhook_url=execution.workflow_id or (agent.webhook_url if agent else None),
        created_at=execution.created_at,
        success_when=profile.agent(agent).success_when if agent else None,
    )


def _judged(case: Reconciled, heard: Evidence | None, request: Request) -> Reconciled:
    """Weigh what n8n says and, where nobody knows, the operator's word."""
    if case.action is not Action.LEFT_OPEN:
        return case
    evidence = heard or case.evidence
    if evidence.outcome is Outcome.UNKNOWN and request.assume is not None:
        evidence = assumed(request.assume)
    action = Action.LEFT_OPEN if evidence.outcome is Outcome.UNKNOWN else Action.WOULD_SETTLE
    return replace(case, evidence=evidence, action=action)


def _settle_all(
    database: Database, market: Marketplace, cases: Sequence[Reconciled], *, refund: bool, progress: Progress
) -> tuple[Reconciled, ...]:
    """Settle one after the other on one connection, and go on with the next one if it fails."""
    done: list[Reconciled] = []

    def work(connection: Connection) -> None:
        for case in cases[len(done) :]:
            ready = case.action is Action.WOULD_SETTLE
            done.append(_settled(connection, market, case, refund=refund) if ready else case)
            tell(len(done))

    with progress(len(cases)) as tell:
        database.again(work)
    return tuple(done)


def _settled(connection: Connection, market: Marketplace, case: Reconciled, *, refund: bool) -> Reconciled:
    passing(Failpoint.EVIDENCE_FOUND)
    failed = case.evidence.outcome is Outcome.FAILED
    if failed and refund and case.execution.user.id is None:
        said = nobody_knows("It failed, and has no user whom a refund could go to.")
        return replace(case, action=Action.LEFT_OPEN, evidence=said)
    verdict = Verdict(
        status=Status.FAILED if failed else Status.SUCCESS,
        refund=failed and refund,
        facts={**case.evidence.facts(), **({"credits_used": 0} if failed and refund else {})},
    )
    done = settlement.settle_on(
        connection, market, execution=case.execution.id, user=case.execution.user.id, verdict=verdict
    )
    action = Action.SETTLED if done.at is not None else Action.FOUND_SETTLED
    return replace(case, action=action, status=done.status, refunded=done.refunded)
