"""Runs one agent for one user: charge and record, call, settle. The transactions begin and end here.

1. `prepare` reads and refuses; nothing is written.
2. One transaction locks the user, records the execution as running and charges for it, or does none of it.
3. The webhook is called with no connection open.
4. One transaction settles: the outcome with its refund, if the row is still open.

Whatever happens between 2 and 4, the row says `running` and the charge is held; `reconcile` learns the rest.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from urllib.parse import urlsplit

from agentctl.core import executions, ledger, lookup, run_report, settlement, users, webhook
from agentctl.core.catalog import introspect
from agentctl.core.config import OnFailure, Profile
from agentctl.core.database import Connection, Database, in_transaction, retry_after_drift
from agentctl.core.errors import AgentctlError, Refused
from agentctl.core.inputs import Ask
from agentctl.core.mapping import marketplace
from agentctl.core.models import Key, Outcome, Status
from agentctl.core.preparation import Prepared, RunRequest, prepare
from agentctl.core.run_report import RunReport
from agentctl.core.settlement import Verdict


class Step(StrEnum):
    """What a run has just done, or is about to do."""

    CHOSEN = "chosen"
    RECORDED = "recorded"
    CHARGED = "charged"
    CALLING = "calling"
    SENT = "sent"
    WAITING = "waiting"
    SUCCESS = "success"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SETTLED = "settled"


Watch = Callable[[Step, str], None]
"""Is told each step with a detail for people, as it happens."""


def dry_run(database: Database, profile: Profile, request: RunRequest, *, ask: Ask | None) -> RunReport:
    """Resolve, validate and price; write and send nothing.

    Raises:
        Refused: also where the balance would not suffice.

    """
    with database.connect() as connection:
        prepared = prepare(connection, profile, request, ask=ask)
    balance = prepared.user.balance
    if balance is not None and balance < prepared.price:
        raise ledger.insufficient(prepared.user, balance=balance, price=prepared.price)
    return run_report.blank(prepared)


def run(
    database: Database, profile: Profile, request: RunRequest, *, ask: Ask | None, watch: Watch
) -> RunReport:
    """Run an agent, from the first look at the database to the settled row.

    Raises:
        AgentctlError: before anything was written. Whatever comes later is in the report.

    """
    with database.connect() as connection:
        prepared = prepare(connection, profile, request, ask=ask)
        execution = executions.choose_id(
            connection,
            prepared.market.executions,
            user=prepared.user.id,
            agent=prepared.agent.id,
            idempotency_key=request.idempotency_key,
        )
        watch(Step.CHOSEN, str(execution))
        report = retry_after_drift(
            lambda market: _record_and_charge(connection, replace(prepared, market=market), execution),
            first=prepared.market,
            refresh=lambda: marketplace(introspect(connection)),
        )
        if report is None:
            return _replay(connection, prepared, execution)
    watch(Step.RECORDED, str(execution))
    if report.charged:
        watch(Step.CHARGED, f"{report.charged} charged, {report.balance_after} left")
    report = _call(prepared, report, execution, watch=watch)
    if report.outcome is Outcome.UNKNOWN:
        return report
    try:
        done = settlement.settle(
            database,
            prepared.market,
            execution=execution,
            user=prepared.user.id,
            verdict=_verdict(profile.on_failure, report),
        )
    except AgentctlError as error:
        return run_report.not_settled(report, error)
    except KeyboardInterrupt:
        return run_report.interrupted(report, sent=True)
    watch(Step.SETTLED, f"{done.refunded} credits refunded" if done.refunded else done.status)
    return run_report.settled(report, done)


def _record_and_charge(connection: Connection, prepared: Prepared, execution: Key) -> RunReport | None:
    """Record and charge in one transaction; None where this execution exists already."""
    market, user, agent, price = prepared.market, prepared.user, prepared.agent, prepared.price
    facts = {
        "workflow_id": prepared.endpoint.url,
        "inputs": prepared.given.inputs,
        "credits_used": price,
    }

    def work() -> RunReport | None:
        ledger.lock_user(connection, market.users, user.id)
        written = executions.record(
            connection, market.executions, execution=execution, user=user.id, agent=agent.id, facts=facts
        )
        if written is None:
            return None
        if not price:
            balance = users.get_user(connection, market.users, str(user.id)).balance
            return run_report.running(prepared, execution, written, before=balance, after=balance)
        moved = ledger.charge(connection, market, user=user, price=price, agent=agent.id, execution=execution)
        before, after = moved.balance_before, moved.balance_after
        return run_report.running(prepared, execution, written, before=before, after=after)

    return in_transaction(connection, work)


def _replay(connection: Connection, prepared: Prepared, execution: Key) -> RunReport:
    """Return the execution that this idempotency key has made before.

    Raises:
        Refused: the key was used with other inputs, as far as inputs are recorded.

    """
    found = lookup.find_execution(connection, prepared.market, execution)
    if found is None:
        prepared.market.executions.require_visible_rows()
        msg = f"Execution {execution} exists, but this role cannot see it."
        raise Refused(msg, code="execution_not_found")
    given = executions.as_stored(prepared.given.inputs)
    if found.inputs is not None and found.inputs != given:
        msg = f"This idempotency key was used with other inputs, for execution {execution}."
        raise Refused(msg, hint="Use another key for other inputs.", code="idempotency_key_reused")
    return run_report.replayed(prepared, found)


def _call(prepared: Prepared, report: RunReport, execution: Key, *, watch: Watch) -> RunReport:
    """Call the webhook; an interruption before anything was sent is a certain failure."""
    progress = _Progress(watch)
    watch(Step.CALLING, urlsplit(prepared.endpoint.url).hostname or "")
    try:
        call = webhook.call(
            prepared.endpoint,
            _body(prepared, execution),
            execution_id=str(execution),
            timeout=prepared.timeout.total_seconds(),
            on_event=progress,
        )
    except KeyboardInterrupt:
        report = run_report.interrupted(report, sent=progress.sent)
        return report if progress.sent else replace(report, outcome=Outcome.FAILED)
    watch(Step(call.outcome.value), call.message)
    return run_report.answered(report, call)


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


class _Progress:
    """Passes the webhook's events on, and remembers whether anything was sent."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.sent = False

    def __call__(self, event: webhook.WebhookEvent) -> None:
        if event.kind is webhook.EventKind.SENT:
            self.sent = True
            self._watch(Step.SENT, "")
        elif event.kind is webhook.EventKind.WAITING:
            self._watch(Step.WAITING, event.detail)


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
