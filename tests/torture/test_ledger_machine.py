"""A state machine against a model of the ledger: runs, crashes, reconciliations, refunds, grants."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agentctl.core import failpoints
from agentctl.core.catalog.introspection import introspect
from agentctl.core.config.profiles import Profile, WebhookSettings
from agentctl.core.credits.users import get_user
from agentctl.core.database.connection import Database, read_database_url
from agentctl.core.errors import Refused
from agentctl.core.executions.journal import Journal
from agentctl.core.executions.lookup import get_execution
from agentctl.core.failpoints import Failpoint
from agentctl.core.mapping import get_marketplace
from agentctl.core.models import Outcome
from agentctl.core.running import run as core_run
from agentctl.core.running.preparation import RunRequest
from agentctl.core.running.run_report import RunReport
from agentctl.core.settling import by_hand as core_credits
from agentctl.core.settling import reconciliation
from agentctl.core.settling.cases import ReconcileRequest
from support.figures import figure
from support.marketplace import Marketplace
from support.rules import violations
from support.webhook_server import Reply, WebhookServer

EXAMPLES = figure(full=1000, everyday=15)
STEPS = 12
PRICE = 10
OPENING = 40
ANSWERS = {
    "success": Reply.json({"markdown": "# Tea"}),
    "failed": Reply.json({"message": "Error in workflow"}, 500),
    "unknown": Reply(),
}
WRITTEN_NOTHING = (Failpoint.CHOSEN, Failpoint.RECORDED, Failpoint.CHARGED, Failpoint.ANNOUNCED)
OPEN_UNSURE = (
    Failpoint.CHARGE_COMMITTED,
    Failpoint.CALLING,
    Failpoint.SENDING,
    Failpoint.SENT,
    Failpoint.ANSWERED,
)
OPEN_SURE = (Failpoint.JUDGED, Failpoint.STATUS_WRITTEN)
SETTLING = (Failpoint.STATUS_WRITTEN, Failpoint.SETTLED)
CRASHES = (*WRITTEN_NOTHING, *OPEN_UNSURE, *OPEN_SURE, Failpoint.SETTLED)

outcomes = st.sampled_from(sorted(ANSWERS))


@dataclass
class Modelled:
    """The model of one execution; `told` is the outcome in this machine's journal."""

    status: str
    refunded: bool = False
    told: str | None = None


class LedgerMachine(RuleBasedStateMachine):
    """Compares the product with a dictionary and a number."""

    marketplace: Marketplace
    database: Database
    urls: dict[str, str]
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.marketplace.execute("TRUNCATE agent_executions, credit_transactions")
        self.marketplace.execute("UPDATE profiles SET credits = %s", (OPENING,))
        self.marketplace.execute(
            "INSERT INTO credit_transactions (user_id, type, amount, balance_after) "
            "SELECT id, 'purchase', credits, credits FROM profiles"
        )
        for old in self.folder.iterdir():
            old.unlink()
        self.balance = OPENING
        self.executions: dict[str, Modelled] = {}
        self.keys: dict[str, int] = {}
        self.profile = Profile(name="test", webhook=WebhookSettings(allow_hosts=("127.0.0.1",)))
        self.request = RunRequest(agent="SEO Blog", user="ops@example.com", items=("topic=Tea",))

    @rule(outcome=outcomes)
    def run(self, outcome: str) -> None:
        self._let_answer(outcome)
        if self.balance < PRICE:
            with pytest.raises(Refused, match="needed"):
                self._run()
        else:
            self._expect(self._run(), outcome)

    @rule(outcome=outcomes, count=st.integers(2, 4))
    def run_at_once(self, outcome: str, count: int) -> None:
        self._let_answer(outcome)
        with ThreadPoolExecutor(count) as threads:
            runs = list(threads.map(lambda _: self._run_or_refused(), range(count)))
        charged = [report for report in runs if report is not None]
        # A refund that comes in between may pay for another run.
        affordable = count if outcome == "failed" and self.balance >= PRICE else self.balance // PRICE
        assert min(count, self.balance // PRICE) <= len(charged) <= min(count, affordable)
        for report in charged:
            self._expect(report, outcome)

    @rule(point=st.sampled_from(CRASHES), outcome=outcomes)
    def crash(self, point: Failpoint, outcome: str) -> None:
        if self.balance < PRICE or (outcome == "unknown" and point in SETTLING):
            return  # such a run does not get as far
        self._let_answer(outcome)
        before = set(self.executions)
        self._crash(point)
        new = self._ids() - before
        if point in WRITTEN_NOTHING:
            assert new == set()
            return
        (execution,) = new
        self.balance -= PRICE
        told = outcome if point in OPEN_SURE and outcome != "unknown" else None
        self.executions[execution] = Modelled("running", told=told)
        # A success is committed with its status: no credits move.
        if point is Failpoint.SETTLED or (point is Failpoint.STATUS_WRITTEN and outcome == "success"):
            self._settle(execution, outcome)

    @rule(assume=st.sampled_from([None, Outcome.SUCCESS, Outcome.FAILED]))
    def reconcile(self, assume: Outcome | None) -> None:
        request = ReconcileRequest(stale_after=timedelta(0), assume=assume)
        reconciliation.reconcile(
            self.database,
            self.profile,
            request,
            journal=self._journal(),
            progress=lambda _total: nullcontext(lambda _done: None),
        )
        for execution, known in self.executions.items():
            outcome = known.told or assume
            if known.status == "running" and outcome is not None:
                self._settle(execution, str(outcome))

    @precondition(lambda self: self.executions)
    @rule(place=st.integers(0, 999))
    def refund(self, place: int) -> None:
        # Not drawn from them: how many there are may differ from one try to the next, after runs at once.
        execution = list(self.executions)[place % len(self.executions)]
        known = self.executions[execution]
        with self.database.connect() as connection:
            market = get_marketplace(introspect(connection))
            found = get_execution(connection, market, execution)
            # Whatever fails is refunded at once, so that nothing is left to refund by hand.
            assert known.status != "failed" or known.refunded
            with pytest.raises(Refused):
                core_credits.refund_execution(connection, market, found)

    @rule(amount=st.integers(1, 30), key=st.sampled_from(["", "a", "b"]))
    def grant(self, amount: int, key: str) -> None:
        with self.database.connect() as connection:
            market = get_marketplace(introspect(connection))
            user = get_user(connection, market.users, "ops@example.com")
            if key and self.keys.get(key, amount) != amount:
                with pytest.raises(Refused, match="another amount"):
                    core_credits.grant_credits(
                        connection, market, user=user, amount=amount, idempotency_key=key
                    )
                return
            done = core_credits.grant_credits(
                connection, market, user=user, amount=amount, idempotency_key=key or None
            )
        assert done.replayed is (key in self.keys)
        if not done.replayed:
            self.balance += amount
        if key:
            self.keys[key] = amount

    @invariant()
    def the_database_agrees(self) -> None:
        ((balance,),) = self.marketplace.execute("SELECT credits FROM profiles WHERE email LIKE 'ops%%'")
        rows = self.marketplace.execute("SELECT id::text, status FROM agent_executions")
        assert balance == self.balance
        assert dict(rows) == {execution: known.status for execution, known in self.executions.items()}
        assert violations(self.marketplace) == []

    def _run(self) -> RunReport:
        return core_run.run(
            self.database,
            self.profile,
            self.request,
            ask=None,
            on_step=lambda _step, _detail: None,
            journal=self._journal(),
        )

    def _run_or_refused(self) -> RunReport | None:
        try:
            return self._run()
        except Refused:
            return None

    def _journal(self) -> Journal:
        return Journal(self.folder)

    def _let_answer(self, outcome: str) -> None:
        self.marketplace.set_webhook("SEO Blog", self.urls[outcome])

    def _ids(self) -> set[str]:
        return {
            execution for (execution,) in self.marketplace.execute("SELECT id::text FROM agent_executions")
        }

    def _expect(self, report: RunReport, outcome: str) -> None:
        assert str(report.outcome) == outcome
        self.balance -= PRICE
        self.executions[str(report.execution)] = Modelled("running")
        if outcome != "unknown":
            self._settle(str(report.execution), outcome)

    def _settle(self, execution: str, outcome: str) -> None:
        known = self.executions[execution]
        known.status = outcome
        if outcome == "failed":
            known.refunded = True
            self.balance += PRICE

    def _crash(self, point: Failpoint) -> None:
        """Run in a separate process, and require that the failpoint kills it."""
        child = os.fork()
        if not child:
            try:
                failpoints._WANTED = point  # as the environment would, for this process alone
                self._run()
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"{point} was not reached"
        assert os.WTERMSIG(status) == signal.SIGKILL


def test_no_order_of_events_makes_the_ledger_wrong(
    marketplace: Marketplace, webhook: WebhookServer, tmp_path: Path, record_property: Any
) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    LedgerMachine.marketplace = marketplace
    LedgerMachine.database = read_database_url(marketplace.url, source="test")
    LedgerMachine.urls = {name: webhook.script(f"/{name}", reply) for name, reply in ANSWERS.items()}
    LedgerMachine.folder = journal
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    record_property("examples", EXAMPLES)
