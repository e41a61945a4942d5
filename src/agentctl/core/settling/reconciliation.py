"""Finishes what a crash, a timeout or an unclear answer left open, as far as somebody knows how it ended.

The lease of a run is its row's age, which every schema has: a run ends at its deadline. A row younger than
`stale_after` may belong to a run that is at work, unless this machine's journal has seen its call end; an
older one is dead. A created_at without a time zone counts as the youngest instant that it can mean. Should
that be wrong (a longer --timeout on another machine), nothing is lost: an outcome is settled on evidence
alone, and the run that finds its row settled changes nothing.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from agentctl.core.agents import agent_table
from agentctl.core.config.profiles import Profile
from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.row_identity import DatabaseIdentity, RowIdentity, identify_database, identify_row
from agentctl.core.errors import (
    AgentctlError,
    ConnectionFailed,
    DatabaseTrouble,
    OutcomeUnknown,
    PermissionDenied,
    Refused,
)
from agentctl.core.executions import history
from agentctl.core.executions.filters import Filters
from agentctl.core.executions.journal import Journal, Memory
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping import Marketplace, read_marketplace
from agentctl.core.models import OPEN, STALE_AFTER, Agent, Amount, Execution, Key, Outcome, Status
from agentctl.core.settling.by_hand import refund_execution
from agentctl.core.settling.evidence import (
    Evidence,
    assumed,
    describe_doubt,
    from_journal,
    from_ledger,
    nobody_knows,
)
from agentctl.core.settling.lost_executions import get_execution_or_charge
from agentctl.core.settling.n8n import search
from agentctl.core.settling.settlement import Settlement, Verdict, settle
from agentctl.core.times import rfc3339


class Action(StrEnum):
    """What became of an execution."""

    SETTLED = "settled"
    WOULD_SETTLE = "would_settle"
    LEFT_OPEN = "left_open"
    ALIVE = "alive"
    """Its run may still be at work."""
    FOUND_SETTLED = "found_settled"
    """Somebody else was faster."""
    NOT_SETTLED = "not_settled"
    """Somebody knows how it ended, but the database refuses to have it written."""

    @property
    def is_open(self) -> bool:
        """Whether the execution is still open."""
        return self in {Action.LEFT_OPEN, Action.ALIVE, Action.NOT_SETTLED}


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
        obstacle: why it could not be settled.

    """

    execution: Execution
    action: Action
    evidence: Evidence
    status: str | None
    refunded: Amount = 0
    doubt: str | None = None
    obstacle: AgentctlError | None = None

    @property
    def message(self) -> str:
        """Who says how it ended, or what it would take to know; and why it could not be settled."""
        if self.obstacle is None:
            return self.evidence.said
        return f"{self.evidence.said} That could not be settled: {self.obstacle.message}"


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
        ConnectionFailed, OutcomeUnknown: the database is away; what was settled until then is settled.
        AgentctlError: what it holds cannot be read. An execution that cannot be settled stops no other one.

    """
    with database.connect() as connection:
        market = read_marketplace(connection, profile.schema)
        whereabouts = identify_database(connection)
        now = history.clock(connection)
        executions = _find_executions(connection, market, request, now=now)
        listed = agent_table.list_agents(connection, market.agents) if executions else ()
    known = [profile.as_far_as_known(agent) for agent in listed]
    rows = {one.id: identify_row(whereabouts, one.creation) for one in executions if one.is_open}
    memories = journal.recall(rows, database=database.address)
    cases = [_look_at(one, memories.get(one.id, Memory()), rows, request, now=now) for one in executions]
    if not request.executions:
        cases = [case for case in cases if not _is_only_young(case, request, now=now)]
    refund = profile.on_failure == "refund"
    cases = [case if refund else _keep_charge(case) for case in cases]
    unsure = [case.execution for case in cases if case.action is Action.LEFT_OPEN]
    heard = _ask_n8n(profile, unsure, rows, known) if unsure else {}
    cases = [_weigh(case, heard.get(case.execution.id), request) for case in cases]
    if request.dry_run:
        return tuple(cases)
    settling = _Settling(database, market, whereabouts, refund=refund)
    return settling.settle_all(cases, progress=progress)


def _find_executions(
    connection: Connection, market: Marketplace, request: Request, *, now: datetime
) -> tuple[Execution, ...]:
    """Return the executions that are meant, each once, oldest first."""
    if request.executions:
        named = (get_execution_or_charge(connection, market, key) for key in request.executions)
        return tuple({execution.id: execution for execution in named}.values())
    stale = Filters(statuses=OPEN, perhaps_before=now - request.stale_after)
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
    if execution.is_lost:
        return _look_at_charge(execution, request, now=now)
    if not execution.is_open:
        said = nobody_knows(f"It is already settled: {execution.status}.")
        return Reconciled(execution, Action.FOUND_SETTLED, said, execution.status)
    evidence = from_journal(memory)
    if evidence is not None:
        return Reconciled(execution, Action.WOULD_SETTLE, evidence, execution.status)
    if _may_be_alive(execution, memory, request.stale_after, now=now):
        said = nobody_knows(_describe_lease(execution))
        return Reconciled(execution, Action.ALIVE, said, execution.status)
    doubt = describe_doubt(memory, execution.id, rows[execution.id])
    said = nobody_knows(doubt or "Outcome unknown.")
    return Reconciled(execution, Action.LEFT_OPEN, said, execution.status, doubt=doubt)


def _look_at_charge(execution: Execution, request: Request, *, now: datetime) -> Reconciled:
    """Say what can be said of an execution whose row is gone, by its charge in the ledger."""
    action, evidence = Action.WOULD_SETTLE, from_ledger()
    if execution.charged == execution.refunded:
        action = Action.FOUND_SETTLED
        evidence = nobody_knows("Its row is gone, and its charge was already given back.")
    elif request.assume is Outcome.SUCCESS:
        action = Action.FOUND_SETTLED
        evidence = nobody_knows("Its row is gone; its charge stands, since you say that it succeeded.")
    elif _may_be_alive(execution, Memory(), request.stale_after, now=now):
        action = Action.ALIVE
        evidence = nobody_knows("Its row is gone; its run may still be active. If not: --stale-after 0s.")
    return Reconciled(execution, action, evidence, _ROW_GONE)


def _keep_charge(case: Reconciled) -> Reconciled:
    """Leave the charge of an execution without a row, where failures are not refunded."""
    if not case.execution.is_lost or case.action is not Action.WOULD_SETTLE:
        return case
    hint = shell_command("agentctl credits refund", str(case.execution.id), options="--reason TEXT")
    said = f"Its row is gone, and on_failure keeps charges. To give this one back: {hint}"
    return replace(case, action=Action.FOUND_SETTLED, evidence=nobody_knows(said))


def _may_be_alive(execution: Execution, memory: Memory, stale_after: timedelta, *, now: datetime) -> bool:
    if memory.has_ended or not stale_after:
        return False  # its call has ended, as this machine knows; or the operator does
    if memory.until is not None and now < memory.until:
        return True
    creation = execution.creation
    if creation is None:
        return True
    began_at = creation.latest  # what a time without a zone may mean is not taken for older than it can be
    if memory.began_at is not None and not creation.is_instant:
        began_at = min(began_at, memory.began_at)  # this machine's own call of this very row
    return began_at > now - stale_after


def _is_only_young(case: Reconciled, request: Request, *, now: datetime) -> bool:
    """Whether nothing but its age keeps an execution open: where none is named, those are left out."""
    creation = case.execution.creation
    is_old = creation is not None and creation.latest <= now - request.stale_after
    return case.action is Action.ALIVE and not is_old


def _describe_lease(execution: Execution) -> str:
    """Say until when an execution may be alive, and what ends that."""
    creation = execution.creation
    said = "Its run may still be active."
    if creation is not None and not creation.is_instant:
        said += f" Its created_at has no time zone, and may be as late as {rfc3339(creation.latest)}."
    return f"{said} If it is not: --stale-after 0s."


def _ask_n8n(
    profile: Profile,
    executions: Sequence[Execution],
    rows: Mapping[Key, RowIdentity],
    known: Sequence[Agent],
) -> Mapping[Key, Evidence]:
    by_id: dict[Key | None, Agent] = {agent.id: agent for agent in known}
    questions = [_ask_about(one, rows[one.id], by_id.get(one.agent.id), profile) for one in executions]
    return search.ask(
        profile.n8n, questions, profile=profile.name, signing_secret=profile.webhook.signing_secret
    )


def _ask_about(
    execution: Execution, row: RowIdentity, agent: Agent | None, profile: Profile
) -> search.Question:
    return search.Question(
        execution=execution.id,
        webhook_url=execution.workflow_id or (agent.webhook_url if agent else None),
        creation=execution.creation,
        row_mark=row.mark(execution.id),
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
        if any(case.action is Action.WOULD_SETTLE for case in cases):
            self._require_writable()

        def work(connection: Connection) -> None:
            self._require_same_database(connection)
            for case in cases[len(self._done) :]:
                ready = case.action is Action.WOULD_SETTLE
                self._done.append(self._settle_or_explain(connection, case) if ready else case)
                on_progress(len(self._done))

        with progress(len(cases)) as on_progress:
            self._database.run_reconnecting(work)
        return tuple(self._done)

    def _require_writable(self) -> None:
        """Refuse to begin with a role that can settle nothing at all."""
        status = self._market.executions.column("status")
        if status is not None and not status.updatable:
            name = self._market.executions.name
            msg = f"{self._database.name}: this role lacks a privilege to write {name}."
            raise PermissionDenied(msg, hint=f"Connect as a role with UPDATE on {name}, or grant it.")

    def _require_same_database(self, connection: Connection) -> None:
        """Refuse to go on where the address leads elsewhere by now: the evidence is about one database."""
        if self._whereabouts is not None and identify_database(connection) != self._whereabouts:
            msg = (
                f"{self._database.name} is now a different database from the one whose executions were read."
            )
            raise DatabaseTrouble(msg, hint="Reconcile again.", code="database_changed")

    def _settle_or_explain(self, connection: Connection, case: Reconciled) -> Reconciled:
        """Settle one execution; what keeps it from being settled is its own result and stops no other."""
        passing(Failpoint.EVIDENCE_FOUND)
        try:
            with self._database.translating_errors():
                if case.execution.is_lost:
                    return self._give_back(connection, case)
                return self._settle(connection, case)
        except (ConnectionFailed, OutcomeUnknown):
            raise
        except AgentctlError as error:
            obstacle = error
        except Exception as error:  # of whatever n8n, a row or a driver came up with
            if os.environ.get("AGENTCTL_DEBUG"):
                raise
            what = type(error).__name__
            obstacle = AgentctlError(f"Unexpected error ({what}).", code="defect")
        return replace(case, action=Action.NOT_SETTLED, obstacle=obstacle)

    def _settle(self, connection: Connection, case: Reconciled) -> Reconciled:
        failed = case.evidence.outcome is Outcome.FAILED
        refund = failed and self._refund
        verdict = Verdict(
            case.execution.id,
            case.execution.user.id,
            Status.FAILED if failed else Status.SUCCESS,
            refund=refund,
            facts={**case.evidence.facts(), **({"credits_used": 0} if refund else {})},
            creation=case.execution.creation,
        )
        settlement = settle(connection, self._market, verdict)
        if settlement.written is None:
            return _explain_unsettled(case, settlement)
        sentence = f"{case.evidence.said} {settlement.note}" if settlement.note else case.evidence.said
        return replace(
            case,
            action=Action.SETTLED,
            status=settlement.status,
            refunded=settlement.refunded,
            evidence=replace(case.evidence, said=sentence),
        )

    def _give_back(self, connection: Connection, case: Reconciled) -> Reconciled:
        """Refund an execution whose row is gone, by the ledger."""
        try:
            done = refund_execution(connection, self._market, case.execution)
        except Refused as refused:
            if refused.code != "already_refunded":
                raise
            return replace(case, action=Action.FOUND_SETTLED, evidence=nobody_knows(refused.message))
        return replace(case, action=Action.SETTLED, refunded=done.amount)


def _explain_unsettled(case: Reconciled, done: Settlement) -> Reconciled:
    """Say what was there instead of the open row that the evidence is about."""
    if done.status in OPEN:
        obstacle = Refused("Another row has its id now.", hint="Reconcile it again.", code="row_replaced")
        return replace(case, action=Action.NOT_SETTLED, status=done.status, obstacle=obstacle)
    return replace(case, action=Action.FOUND_SETTLED, status=done.status, refunded=done.refunded)


_ROW_GONE = "gone"
