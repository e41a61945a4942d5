"""What became of a run, as one value: for the terminal, for JSON, and for the exit code.

It only puts together what others report; it reads and writes nothing.
"""

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.errors import AgentctlError, AgentFailed, Interrupted, OutcomeUnknown
from agentctl.core.executions.execution_table import Written
from agentctl.core.hint_text import shell_command
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.models import (
    Agent,
    Amount,
    Credits,
    Execution,
    Key,
    Outcome,
    Status,
    Time,
    User,
    duration_between,
    outcome_of,
)
from agentctl.core.running.preparation import Prepared
from agentctl.core.settling.settlement import Settlement
from agentctl.core.times import Moment
from agentctl.core.webhook.call import WebhookCall


class RunReport(Struct, frozen=True):
    """One run, as far as it is known.

    Attributes:
        execution: its id; None for a dry run, like status and outcome.
        status: of the row.
        replayed: whether the execution existed before, under the same idempotency key.
        creation: the row's created_at, if this run has written the row.
        recorded: the optional columns that were written.
        unable: the optional columns that the table cannot hold.
        cost: the price; `charged` and `refunded` are what was recorded.
        call: how the webhook answered; None where it was not called.
        recorded_result: the JSON that the agent returned when it ran, for a replay.
        notes: sentences for the operator that are not about the outcome.
        error: what the program exits with, or None.

    """

    agent: Agent
    user: User
    cost: Credits
    inputs: object = None
    execution: Key | None = None
    status: str | None = None
    outcome: Outcome | None = None
    replayed: bool = False
    creation: Moment | None = None
    recorded: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()
    started_at: Time | None = None
    completed_at: Time | None = None
    charged: Amount = 0
    refunded: Amount = 0
    balance_before: Amount | None = None
    balance_after: Amount | None = None
    call: WebhookCall | None = None
    recorded_result: object = None
    notes: tuple[str, ...] = ()
    error: AgentctlError | None = None

    @property
    def result(self) -> object:
        """The JSON that the agent returned, now or when it ran."""
        return self.recorded_result if self.call is None else self.call.judgement.result

    @property
    def result_text(self) -> str | None:
        """What the agent returned now, where that was no JSON."""
        return None if self.call is None else self.call.judgement.result_text

    @property
    def has_result(self) -> bool:
        """Whether `result` is that of a success, settled or not: somebody has paid for it."""
        answer = None if self.call is None else self.call.judgement.outcome
        return self.outcome is Outcome.SUCCESS or (
            self.outcome is Outcome.UNKNOWN and answer is Outcome.SUCCESS
        )

    @property
    def duration_ms(self) -> int | None:
        """The milliseconds of the webhook call, or else between the recorded times."""
        if self.call is not None:
            return self.call.duration_ms
        return duration_between(self.started_at, self.completed_at)


def blank(prepared: Prepared) -> RunReport:
    """Report a run that has not begun."""
    return RunReport(
        agent=prepared.agent,
        user=prepared.user,
        cost=prepared.price,
        inputs=prepared.agent_inputs.inputs,
        unable=prepared.market.executions.unrecordable,
        notes=prepared.warnings,
        balance_before=prepared.user.balance,
        balance_after=prepared.user.balance,
    )


def running(
    prepared: Prepared, execution: Key, written: Written, *, before: Amount | None, after: Amount | None
) -> RunReport:
    """Report a run that was recorded and charged, and whose outcome is still to come."""
    return replace(
        blank(prepared),
        execution=execution,
        status=Status.RUNNING,
        outcome=Outcome.UNKNOWN,
        creation=written.creation,
        recorded=written.columns,
        started_at=written.at,
        charged=prepared.price,
        balance_before=before,
        balance_after=after,
    )


def replayed(prepared: Prepared, earlier: Execution) -> RunReport:
    """Report an execution that the same idempotency key has made before."""
    report = replace(
        blank(prepared),
        execution=earlier.id,
        status=earlier.status,
        outcome=outcome_of(earlier.status),
        replayed=True,
        recorded=prepared.market.executions.recordable,
        started_at=earlier.started_at or earlier.created_at,
        completed_at=earlier.completed_at,
        charged=earlier.charged or 0,
        refunded=earlier.refunded or 0,
        recorded_result=earlier.result,
    )
    return replace(report, error=_build_error(report, earlier.error or "its answer is not recorded"))


def answered(report: RunReport, call: WebhookCall) -> RunReport:
    """Add the webhook's answer."""
    judgement = call.judgement
    report = replace(report, call=call, outcome=judgement.outcome)
    return replace(report, error=report.error or _build_error(report, judgement.message, hint=judgement.hint))


def settled(report: RunReport, settlement: Settlement) -> RunReport:
    """Add what settling did, or how somebody else had settled the row."""
    report = replace(report, status=settlement.status, refunded=settlement.refunded)
    if settlement.written is None:
        return _settled_elsewhere(report, settlement)
    return replace(
        report,
        notes=report.notes if settlement.note is None else (*report.notes, settlement.note),
        completed_at=settlement.written.at,
        recorded=tuple(name for name in BY_NAME if name in {*report.recorded, *settlement.written.columns}),
        unable=settlement.unable,
        balance_after=report.balance_after if settlement.balance_after is None else settlement.balance_after,
    )


def _settled_elsewhere(report: RunReport, settlement: Settlement) -> RunReport:
    note = f"This execution was already settled as {settlement.status}; nothing was changed."
    outcome = outcome_of(settlement.status)
    report = replace(report, outcome=outcome, balance_after=None, notes=(*report.notes, note))
    return replace(report, error=_build_error(report, note))


def not_settled(report: RunReport, why: AgentctlError) -> RunReport:
    """Report an outcome that is known but could not be written."""
    ending = report.outcome.value if report.outcome else "unknown"
    msg = (
        f"Execution {report.execution} ended ({ending}). {why.message}"
        if isinstance(why, OutcomeUnknown)  # it may have been written
        else f"Execution {report.execution} ended ({ending}), but that could not be written: {why.message} "
        "It is still open, and its charge is held."
    )
    return replace(
        report,
        outcome=Outcome.UNKNOWN,
        error=OutcomeUnknown(msg, hint=_hint_at_reconcile(report), retryable=False),
    )


def interrupted(report: RunReport, *, sent: bool) -> RunReport:
    """Report a run that was interrupted while its webhook was being called."""
    if sent:
        msg = f"Interrupted. Execution {report.execution} may still finish; its charge is held."
        return replace(report, error=Interrupted(msg, hint=_hint_at_reconcile(report)))
    msg = f"Interrupted before anything was sent: execution {report.execution} is settled as failed."
    return replace(report, outcome=Outcome.FAILED, error=Interrupted(msg))


def interrupted_late(report: RunReport) -> RunReport:
    """Report a run that was interrupted after its agent had answered, and that is settled nevertheless."""
    msg = f"Interrupted after the agent had answered: execution {report.execution} is {report.status}."
    return replace(report, error=Interrupted(msg))


def broken(report: RunReport, what: str, *, sent: bool) -> RunReport:
    """Report a run that a defect of agentctl has ended; if nothing was sent, that is a failure."""
    explanation = f"An unexpected error ({what}) ended the call."
    if sent:
        msg = f"The outcome of execution {report.execution} is unknown: {explanation}"
        return replace(report, error=OutcomeUnknown(msg, hint=_hint_at_reconcile(report)))
    msg = f"Nothing was sent for execution {report.execution}, which is settled as failed: {explanation}"
    hint = "Set AGENTCTL_DEBUG=1 to see where it happened, and report it."
    return replace(report, outcome=Outcome.FAILED, error=AgentctlError(msg, hint=hint, code="defect"))


def charge_in_doubt(prepared: Prepared, execution: Key, why: AgentctlError) -> RunReport:
    """Report a run that may have been recorded and charged, or not; nothing was sent."""
    report = replace(blank(prepared), execution=execution, outcome=Outcome.UNKNOWN)
    doubt = f"It is not known whether execution {execution} was recorded and charged; nothing was sent."
    msg = f"{doubt} {why.message}"
    return replace(report, error=OutcomeUnknown(msg, hint=_hint_at_reconcile(report)))


def _build_error(report: RunReport, reason: str, *, hint: str | None = None) -> AgentctlError | None:
    match report.outcome:
        case Outcome.FAILED:
            msg = f"{report.agent.slug} failed (execution {report.execution}): {reason}"
            return AgentFailed(msg, hint=hint)
        case Outcome.UNKNOWN:
            msg = f"The outcome of execution {report.execution} is unknown: {reason}"
            return OutcomeUnknown(msg, hint=f"{f'{hint} ' if hint else ''}{_hint_at_reconcile(report)}")
    return None


def _hint_at_reconcile(report: RunReport) -> str:
    return f"Settle it later: {shell_command('agentctl reconcile', str(report.execution))}"
