"""Cases: open executions under examination, and what can be said of each without asking anybody.

The lease of a run is its row's age, which every schema has: a run ends at its deadline. A row younger than
`stale_after` may belong to a run that is active, unless this machine's journal has seen its call end; an
older one is dead. A created_at without a time zone counts as the latest instant that it can mean, in the zone
that the configuration names or else in any. If that is wrong (a longer --timeout on another machine), nothing
is lost: an outcome is settled on evidence alone, and the run that finds its row settled changes nothing.
Nothing is read or written here.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.database.row_identity import RowIdentity
from agentctl.core.errors import AgentctlError
from agentctl.core.executions.journal import Memory
from agentctl.core.hint_text import shell_command
from agentctl.core.models import STALE_AFTER, Amount, Execution, Outcome
from agentctl.core.settling.evidence import (
    Evidence,
    assumed,
    describe_doubt,
    from_journal,
    from_ledger,
    nobody_knows,
)
from agentctl.core.times import rfc3339

_ROW_GONE = "gone"


class Action(StrEnum):
    """What became of an execution."""

    SETTLED = "settled"
    WOULD_SETTLE = "would_settle"
    LEFT_OPEN = "left_open"
    ALIVE = "alive"
    """Its run may still be active."""
    FOUND_SETTLED = "found_settled"
    """Somebody else was faster."""
    NOT_SETTLED = "not_settled"
    """Its outcome is known, but the database refuses to have it written."""

    @property
    def is_open(self) -> bool:
        """Whether the execution is still open."""
        return self in {Action.LEFT_OPEN, Action.ALIVE, Action.NOT_SETTLED}


class ReconcileRequest(Struct, frozen=True):
    """What an operator asked for.

    Attributes:
        executions: ids or beginnings of ids; none for all executions that are stale.
        stale_after: the age from which a run is dead; zero is the operator's word that none is alive.
        assume: the outcome of executions that nobody else knows about.
        dry_run: find out, and write nothing.

    """

    executions: tuple[str, ...] = ()
    stale_after: timedelta = STALE_AFTER
    assume: Outcome | None = None
    dry_run: bool = False


class Case(Struct, frozen=True):
    """One execution as it was found, and what became of it.

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
            return self.evidence.message
        return f"{self.evidence.message} That could not be settled: {self.obstacle.message}"


def open_case(
    execution: Execution, memory: Memory, row: RowIdentity | None, request: ReconcileRequest, *, now: datetime
) -> Case:
    """Return what can be said of an execution.

    Args:
        execution: as it was read.
        memory: what the journal says of its row.
        row: which row it is; None only where it is not open.
        request: what the operator asked for.
        now: the database's time.

    """
    if execution.is_lost:
        return _open_lost_case(execution, request, now=now)
    if row is None:
        evidence = nobody_knows(f"It is already settled: {execution.status}.")
        return Case(execution, Action.FOUND_SETTLED, evidence, execution.status)
    answer = from_journal(memory)
    if answer is not None:
        return Case(execution, Action.WOULD_SETTLE, answer, execution.status)
    if _may_be_alive(execution, memory, request.stale_after, now=now):
        return Case(execution, Action.ALIVE, nobody_knows(_describe_lease(execution)), execution.status)
    doubt = describe_doubt(memory, execution.id, row)
    evidence = nobody_knows(doubt or "Outcome unknown.")
    return Case(execution, Action.LEFT_OPEN, evidence, execution.status, doubt=doubt)


def _open_lost_case(execution: Execution, request: ReconcileRequest, *, now: datetime) -> Case:
    """Return what the ledger says of an execution whose row is gone."""
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
    return Case(execution, action, evidence, _ROW_GONE)


def keep_charge(case: Case) -> Case:
    """Leave the charge of an execution without a row, where failures are not refunded."""
    if not case.execution.is_lost or case.action is not Action.WOULD_SETTLE:
        return case
    hint = shell_command("agentctl credits refund", str(case.execution.id), options="--reason TEXT")
    why = f"Its row is gone, and on_failure keeps charges. To give this one back: {hint}"
    return replace(case, action=Action.FOUND_SETTLED, evidence=nobody_knows(why))


def _may_be_alive(execution: Execution, memory: Memory, stale_after: timedelta, *, now: datetime) -> bool:
    if memory.has_ended or not stale_after:
        return False  # its call has ended, as this machine knows, or the operator does
    if memory.until is not None and now < memory.until:
        return True
    creation = execution.creation
    if creation is None:
        return True
    began_at = creation.latest  # a time without a zone is not taken for older than it can be
    if memory.began_at is not None and not creation.is_instant:
        began_at = min(began_at, memory.began_at)  # this machine's own call of this very row
    return began_at > now - stale_after


def is_only_young(case: Case, request: ReconcileRequest, *, now: datetime) -> bool:
    """Whether nothing but its age keeps an execution open; unless named, it is left out then."""
    creation = case.execution.creation
    is_old = creation is not None and creation.latest <= now - request.stale_after
    return case.action is Action.ALIVE and not is_old


def _describe_lease(execution: Execution) -> str:
    """Say until when an execution may be alive, and what ends that."""
    creation = execution.creation
    text = "Its run may still be active."
    if creation is not None and not creation.is_instant:
        why = "has no time zone" if creation.shown is None else "does not tell the exact instant"
        text += f" Its created_at {why}, and may be as late as {rfc3339(creation.latest)}."
    return f"{text} If it is not: --stale-after 0s."


def weigh_evidence(case: Case, answer: Evidence | None, request: ReconcileRequest) -> Case:
    """Weigh what n8n answered and, where nobody knows, the operator's word."""
    if case.action is not Action.LEFT_OPEN:
        return case
    evidence = answer or case.evidence
    if evidence.outcome is Outcome.UNKNOWN and request.assume is not None:
        evidence = assumed(request.assume)
    elif evidence.outcome is Outcome.UNKNOWN and answer is not None and case.doubt is not None:
        evidence = nobody_knows(f"{answer.message} {case.doubt}")
    action = Action.LEFT_OPEN if evidence.outcome is Outcome.UNKNOWN else Action.WOULD_SETTLE
    return replace(case, evidence=evidence, action=action)
