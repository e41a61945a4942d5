"""Runs one agent for one user: charge and record, call, settle. The transactions begin and end here.

1. `prepare` reads and refuses; nothing is written.
2. One transaction locks the user, records the execution as running and charges for it, or does none of it.
3. The webhook is called with no connection open.
4. One transaction settles: the outcome with its refund, if the row is still open.

Whatever happens between 2 and 4, the row says `running` and the charge is held; `reconcile` learns the rest.
"""

import os
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.core.agents.inputs import Ask
from agentctl.core.config.profiles import OnFailure, Profile
from agentctl.core.credits import balances
from agentctl.core.database.connection import Connection, Database
from agentctl.core.database.row_identity import identify_row
from agentctl.core.database.row_values import require_amount
from agentctl.core.database.transactions import Commit, check_deferred_constraints, durably
from agentctl.core.errors import AgentctlError, Interrupted, OutcomeUnknown
from agentctl.core.executions import execution_table
from agentctl.core.executions.execution_table import Identity
from agentctl.core.executions.journal import Event, Journal
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.models import Key, Outcome, Status, Verbatim
from agentctl.core.running import recording, run_report
from agentctl.core.running.preparation import Prepared, RunRequest, prepare
from agentctl.core.running.run_report import RunReport
from agentctl.core.running.steps import OnStep, Step
from agentctl.core.settling.settlement import Settlement, Verdict, settle
from agentctl.core.times import rfc3339
from agentctl.core.webhook.attempts import EventKind, WebhookEvent
from agentctl.core.webhook.call import call_webhook

_TO_SETTLE = timedelta(minutes=2)  # what a run may take after its call


def dry_run(database: Database, profile: Profile, request: RunRequest, *, ask: Ask | None) -> RunReport:
    """Resolve, validate and price; write and send nothing.

    Raises:
        Refused: also where the balance would not suffice.

    """
    with database.connect() as connection:
        prepared = prepare(connection, profile, request, ask=ask)
    if prepared.user.balance is not None and prepared.price:
        balance = require_amount(prepared.user.balance, f"The balance of user {prepared.user.id}")
        balances.require_enough(prepared.user, balance=balance, held=prepared.user.held, price=prepared.price)
    return run_report.blank(prepared)


def run(
    database: Database,
    profile: Profile,
    request: RunRequest,
    *,
    ask: Ask | None,
    on_step: OnStep,
    journal: Journal,
) -> RunReport:
    """Run an agent, from the first look at the database to the settled row.

    Args:
        database: the marketplace's.
        profile: the settings.
        request: what the operator asked for.
        ask: asks a person for a missing input; None where nobody can be asked.
        on_step: called with each step.
        journal: keeps the call and its answer.

    Raises:
        AgentctlError: before anything was written. What happens later is in the report.

    """
    with database.connect() as connection:
        prepared = prepare(connection, profile, request, ask=ask)
        identity = execution_table.choose_identity(
            connection,
            prepared.market.executions,
            user=prepared.user.id,
            agent=prepared.agent.id,
            idempotency_key=request.idempotency_key,
        )
        on_step(Step.CHOSEN, "")
        passing(Failpoint.CHOSEN)
        run = _Run(database, profile.on_failure, prepared, identity, on_step, journal)
        return run.carry_out(connection)


class _Run(Struct):
    """One run; it knows how far it has got, so that an interruption leaves nothing in doubt."""

    database: Database
    on_failure: OnFailure
    prepared: Prepared
    identity: Identity
    on_step: OnStep
    journal: Journal
    charge: Commit[RunReport | None] = field(default_factory=Commit)
    announced: bool = False
    sent: bool = False
    answered: RunReport | None = None

    def carry_out(self, connection: Connection) -> RunReport:
        """Record, charge, call and settle; the connection is closed before the webhook is called."""
        try:
            report = self._record_and_charge(connection)
            if report is None:
                return recording.replay(connection, self.prepared, self.identity)
            connection.close()
            report = self._call_or_explain(report)
        except KeyboardInterrupt:
            return self._end_interrupted()
        except OutcomeUnknown as error:
            return run_report.charge_in_doubt(self.prepared, self.identity.id, error)
        return report if report.outcome is Outcome.UNKNOWN else self._settle_patiently(report)

    def _record_and_charge(self, connection: Connection) -> RunReport | None:
        report = durably(
            connection,
            self.prepared.market,
            lambda connection, market: self._record_and_announce(
                connection, replace(self.prepared, market=market)
            ),
            commit=self.charge,
            foreseen=recording.foresee(self.prepared, self.identity),
        )
        if report is not None:
            passing(Failpoint.CHARGE_COMMITTED)
            self.on_step(Step.RECORDED, "")
            if report.charged:
                self.on_step(Step.CHARGED, f"{report.charged} charged, {report.balance_after} left")
        return report

    def _record_and_announce(self, connection: Connection, prepared: Prepared) -> RunReport | None:
        """Announce the id when only the COMMIT is left: a run that is refused has announced none."""
        report = recording.record_and_charge(connection, prepared, self.identity)
        if report is not None and not self.announced:
            check_deferred_constraints(connection)
            self.on_step(Step.COMMITTING, str(self.identity.id))
            self.announced = True
            passing(Failpoint.ANNOUNCED)
        return report

    def _call_or_explain(self, report: RunReport) -> RunReport:
        """Call the webhook; whatever goes wrong becomes a report, since there is a charge to account for."""
        try:
            return self._call_webhook(report)
        except Exception as error:
            if os.environ.get("AGENTCTL_DEBUG"):
                raise
            return run_report.broken(report, type(error).__name__, sent=self.sent)

    def _call_webhook(self, report: RunReport) -> RunReport:
        endpoint = self.prepared.endpoint
        self.on_step(Step.CALLING, urlsplit(endpoint.url).hostname or "")
        until = rfc3339(datetime.now(UTC) + self.prepared.timeout + _TO_SETTLE)
        report = self._write_journal(
            report, Event.CALLING, agent=report.agent.slug, until=until, inputs=report.inputs
        )
        passing(Failpoint.CALLING)
        call = call_webhook(
            endpoint,
            _build_body(self.prepared, self.identity.id),
            execution_id=str(self.identity.id),
            timeout=self.prepared.timeout.total_seconds(),
            on_event=self._pass_on,
            row_mark=identify_row(self.prepared.whereabouts, report.creation).mark(self.identity.id),
        )
        judgement = call.judgement
        self.answered = run_report.answered(report, call)
        report = self._write_journal(
            self.answered,
            Event.ANSWERED,
            outcome=judgement.outcome,
            error=None if judgement.outcome is Outcome.SUCCESS else judgement.message,
            http_status=call.http_status,
            duration_ms=call.duration_ms,
            result=judgement.result if judgement.result_text is None else judgement.result_text,
        )
        passing(Failpoint.JUDGED)
        self.on_step(Step(judgement.outcome.value), judgement.message)
        return report

    def _write_journal(self, report: RunReport, event: Event, **facts: object) -> RunReport:
        complaint = self.journal.note(
            self.identity.id,
            database=self.database.address,
            row=identify_row(self.prepared.whereabouts, report.creation),
            event=event,
            **facts,
        )
        if complaint is None or complaint in report.notes:
            return report
        return replace(report, notes=(*report.notes, complaint))

    def _pass_on(self, event: WebhookEvent) -> None:
        """Pass the webhook's events on, and remember whether anything was sent."""
        if event.kind is EventKind.SENT:
            self.sent = True
            self.on_step(Step.SENT, "")
        elif event.kind is EventKind.WAITING:
            self.on_step(Step.WAITING, event.detail)

    def _end_interrupted(self) -> RunReport:
        """End a run with what is certain: if not a byte was sent, that is a failure."""
        if self.answered is not None and self.answered.outcome is not Outcome.UNKNOWN:
            return run_report.interrupted_late(self._settle_patiently(self.answered))
        report = self.charge.result
        try:
            is_charged = self.charge.has_arrived(self.database)
        except OutcomeUnknown as error:
            return run_report.charge_in_doubt(self.prepared, self.identity.id, error)
        if report is None or not is_charged:
            msg = "Interrupted: nothing was written and nothing was sent."
            raise Interrupted(msg)
        report = run_report.interrupted(report, sent=self.sent)
        report = self._write_journal(report, Event.ANSWERED, outcome=report.outcome, error="interrupted")
        return report if report.outcome is Outcome.UNKNOWN else self._settle_patiently(report)

    def _settle_patiently(self, report: RunReport) -> RunReport:
        """Write the outcome, even if the operator interrupts that once: it is known, and stays so."""
        commit: Commit[Settlement] = Commit()
        try:
            return self._write_outcome(report, commit)
        except KeyboardInterrupt:
            pass
        try:
            return run_report.interrupted_late(self._write_outcome(report, commit))
        except KeyboardInterrupt:
            return run_report.interrupted(report, sent=True)

    def _write_outcome(self, report: RunReport, commit: Commit[Settlement]) -> RunReport:
        try:
            settlement = settle(
                self.database, self.prepared.market, self._build_verdict(report), commit=commit
            )
        except AgentctlError as error:
            return run_report.not_settled(report, error)
        passing(Failpoint.SETTLED)
        refunded = settlement.refunded
        self.on_step(Step.SETTLED, f"{refunded} credits refunded" if refunded else settlement.status)
        return run_report.settled(report, settlement)

    def _build_verdict(self, report: RunReport) -> Verdict:
        execution, user = self.identity.id, self.prepared.user.id
        if report.outcome is Outcome.SUCCESS:
            result = report.result if report.result_text is None else report.result_text
            facts = {"result": result, "error": None}
            return Verdict(execution, user, Status.SUCCESS, refund=False, facts=facts)
        refund = self.on_failure == "refund"
        facts = {
            "result": None,
            "error": report.call.judgement.message if report.call else "interrupted before anything was sent",
            "credits_used": 0 if refund else report.charged,
        }
        return Verdict(
            execution,
            user,
            Status.FAILED,
            refund=refund,
            facts=facts,
            cost=None if isinstance(report.charged, Verbatim) else report.charged,
            balance=report.balance_after,
        )


def _build_body(prepared: Prepared, execution: Key) -> dict[str, object]:
    user = prepared.user
    body: dict[str, object] = {
        "inputs": prepared.agent_inputs.inputs,
        "user": {"id": str(user.id), "email": user.email},
        "execution_id": str(execution),
    }
    if prepared.agent_inputs.credentials is not None:
        body["credentials"] = prepared.agent_inputs.credentials
    return body
