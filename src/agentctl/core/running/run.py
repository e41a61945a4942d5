"""Runs one agent for one user: charge and record, call, settle. The transactions begin and end here.

1. `prepare` reads and refuses; nothing is written.
2. One transaction locks the user, records the execution as running and charges for it, or does none of it.
3. The webhook is called with no connection open.
4. One transaction settles: the outcome with its refund, if the row is still open.

Whatever happens between 2 and 4, the row says `running` and the charge is held; `reconcile` learns the rest.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from agentctl.core.agents.inputs import Ask
from agentctl.core.config.profiles import OnFailure, Profile
from agentctl.core.credits import movements
from agentctl.core.database.connection import Commit, Connection, Database, in_transaction, retry_after_drift
from agentctl.core.database.row_identity import DatabaseIdentity, identify_database, identify_row
from agentctl.core.database.row_values import require_amount
from agentctl.core.errors import AgentctlError, Interrupted, OutcomeUnknown
from agentctl.core.executions import execution_table
from agentctl.core.executions.execution_table import Identity
from agentctl.core.executions.journal import Event, Journal
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.models import Key, Outcome, Status
from agentctl.core.running import recording, run_report
from agentctl.core.running.preparation import Prepared, RunRequest, prepare
from agentctl.core.running.run_report import RunReport
from agentctl.core.running.steps import Step, Watch
from agentctl.core.settling import settlement
from agentctl.core.settling.settlement import Settlement, Verdict
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
        if balance < prepared.price:
            raise movements.insufficient(prepared.user, balance=balance, price=prepared.price)
    return run_report.blank(prepared)


def run(
    database: Database,
    profile: Profile,
    request: RunRequest,
    *,
    ask: Ask | None,
    watch: Watch,
    journal: Journal,
) -> RunReport:
    """Run an agent, from the first look at the database to the settled row.

    Args:
        database: the marketplace's.
        profile: the settings.
        request: what was asked.
        ask: asks a person for a missing input; None where nobody can be asked.
        watch: is told each step.
        journal: is told of the call and its answer.

    Raises:
        AgentctlError: before anything was written. Whatever comes later is in the report.

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
        watch(Step.CHOSEN, str(identity.id))
        passing(Failpoint.CHOSEN)
        whereabouts = identify_database(connection)
        run = _Run(
            database,
            profile.on_failure,
            prepared,
            identity,
            whereabouts=whereabouts,
            watch=watch,
            journal=journal,
        )
        return run.through(connection)


class _Run:
    """One run on its way: it knows how far it has got, so that an interruption leaves nothing in doubt."""

    def __init__(
        self,
        database: Database,
        on_failure: OnFailure,
        prepared: Prepared,
        identity: Identity,
        *,
        whereabouts: DatabaseIdentity | None,
        watch: Watch,
        journal: Journal,
    ) -> None:
        self._database = database
        self._on_failure = on_failure
        self._prepared = prepared
        self._identity = identity
        self._execution = identity.id
        self._whereabouts = whereabouts
        self._watch = watch
        self._journal = journal
        self._charge: Commit[RunReport | None] = Commit()
        self._sent = False
        self._answered: RunReport | None = None

    def through(self, connection: Connection) -> RunReport:
        """Go all the way; the connection is closed before the webhook is called."""
        try:
            report = self._record_and_charge(connection)
            if report is None:
                return recording.replay(connection, self._prepared, self._identity)
            connection.close()
            report = self._call_whatever_comes(report)
        except KeyboardInterrupt:
            return self._interrupted()
        except OutcomeUnknown as error:
            return run_report.charge_in_doubt(self._prepared, self._execution, error)
        return report if report.outcome is Outcome.UNKNOWN else self._settled(report)

    def _call_whatever_comes(self, report: RunReport) -> RunReport:
        """Call the webhook; there is a charge to account for, whatever goes wrong here."""
        try:
            return self._call(report)
        except Exception as error:
            if os.environ.get("AGENTCTL_DEBUG"):
                raise
            return run_report.broken(report, type(error).__name__, sent=self._sent)

    def _record_and_charge(self, connection: Connection) -> RunReport | None:
        report = retry_after_drift(
            lambda market: in_transaction(
                connection,
                lambda: recording.record_and_charge(
                    connection, replace(self._prepared, market=market), self._identity
                ),
                commit=self._charge,
            ),
            first=self._prepared.market,
            refresh=lambda: self._prepared.market.again(connection),
        )
        if report is not None:
            passing(Failpoint.CHARGE_COMMITTED)
            self._watch(Step.RECORDED, str(self._execution))
            if report.charged:
                self._watch(Step.CHARGED, f"{report.charged} charged, {report.balance_after} left")
        return report

    def _call(self, report: RunReport) -> RunReport:
        endpoint = self._prepared.endpoint
        self._watch(Step.CALLING, urlsplit(endpoint.url).hostname or "")
        until = rfc3339(datetime.now(UTC) + self._prepared.timeout + _TO_SETTLE)
        report = self._journaled(
            report, Event.CALLING, agent=report.agent.slug, until=until, inputs=report.inputs
        )
        passing(Failpoint.CALLING)
        call = call_webhook(
            endpoint,
            _body(self._prepared, self._execution),
            execution_id=str(self._execution),
            timeout=self._prepared.timeout.total_seconds(),
            on_event=self._note,
            row_mark=identify_row(self._whereabouts, report.creation).mark(self._execution),
        )
        self._answered = run_report.answered(report, call)
        report = self._journaled(
            self._answered,
            Event.ANSWERED,
            outcome=call.outcome,
            error=None if call.outcome is Outcome.SUCCESS else call.message,
            http_status=call.http_status,
            duration_ms=call.duration_ms,
            result=call.result if call.result_text is None else call.result_text,
        )
        passing(Failpoint.JUDGED)
        self._watch(Step(call.outcome.value), call.message)
        return report

    def _journaled(self, report: RunReport, event: Event, **facts: object) -> RunReport:
        complaint = self._journal.note(
            self._execution,
            database=self._database.place,
            row=identify_row(self._whereabouts, report.creation),
            event=event,
            **facts,
        )
        if complaint is None or complaint in report.notes:
            return report
        return replace(report, notes=(*report.notes, complaint))

    def _note(self, event: WebhookEvent) -> None:
        """Pass the webhook's events on, and remember whether anything was sent."""
        if event.kind is EventKind.SENT:
            self._sent = True
            self._watch(Step.SENT, "")
        elif event.kind is EventKind.WAITING:
            self._watch(Step.WAITING, event.detail)

    def _interrupted(self) -> RunReport:
        """End a run with what is certain: before the first byte was sent, that is a failure."""
        if self._answered is not None and self._answered.outcome is not Outcome.UNKNOWN:
            return run_report.interrupted_late(self._settled(self._answered))
        report = self._charge.result
        try:
            begun = self._charge.arrived(self._database)
        except OutcomeUnknown as error:
            return run_report.charge_in_doubt(self._prepared, self._execution, error)
        if report is None or not begun:
            msg = "Interrupted: nothing was written and nothing was sent."
            raise Interrupted(msg)
        report = run_report.interrupted(report, sent=self._sent)
        report = self._journaled(report, Event.ANSWERED, outcome=report.outcome, error="interrupted")
        return report if report.outcome is Outcome.UNKNOWN else self._settled(report)

    def _settled(self, report: RunReport) -> RunReport:
        """Write the outcome; an operator's impatience does not make unknown what is known."""
        settling: Commit[Settlement | None] = Commit()
        try:
            return self._settle(report, settling)
        except KeyboardInterrupt:
            pass
        try:
            return run_report.interrupted_late(self._settle(report, settling))
        except KeyboardInterrupt:
            return run_report.interrupted(report, sent=True)

    def _settle(self, report: RunReport, settling: Commit[Settlement | None]) -> RunReport:
        verdict = _verdict(self._on_failure, report)
        try:
            done = settlement.settle(
                self._database,
                self._prepared.market,
                execution=self._execution,
                user=self._prepared.user.id,
                verdict=verdict,
                commit=settling,
            )
        except AgentctlError as error:
            return run_report.not_settled(report, error)
        passing(Failpoint.SETTLED)
        self._watch(Step.SETTLED, f"{done.refunded} credits refunded" if done.refunded else done.status)
        return run_report.settled(report, done)


def _body(prepared: Prepared, execution: Key) -> dict[str, object]:
    user = prepared.user
    body: dict[str, object] = {
        "inputs": prepared.given.inputs,
        "user": {"id": str(user.id), "email": user.email},
        "execution_id": str(execution),
    }
    if prepared.given.credentials is not None:
        body["credentials"] = prepared.given.credentials
    return body


def _verdict(on_failure: OnFailure, report: RunReport) -> Verdict:
    if report.outcome is Outcome.SUCCESS:
        result = report.result if report.result_text is None else report.result_text
        facts = {"result": result, "error": None}
        return Verdict(Status.SUCCESS, refund=False, facts=facts)
    refund = on_failure == "refund"
    failure = {
        "result": None,
        "error": report.call.message if report.call else "interrupted before anything was sent",
        "credits_used": 0 if refund else report.charged,
    }
    return Verdict(Status.FAILED, refund=refund, facts=failure)
