"""The database goes away during a change and stays away: nothing is guessed, and all is resolved later.

These tests run only with the full figures, because the program waits a minute before it gives up.
"""

import math
from collections.abc import Sequence
from contextlib import ExitStack

from support.broken import CHARGE, GRANT, LEDGER, RUN, SETTLE, await_end
from support.database_proxy import DatabaseProxy, Fault, When
from support.executions import plant, refunds
from support.figures import FULL
from support.program import Result
from support.rules import violations
from support.shop import Shop

PATIENCE = 150  # seconds

Doomed = tuple[Sequence[str], When, str]


def _all_ended(shop: Shop, doomed: Sequence[Doomed]) -> list[Result]:
    """Run commands at once; for each, the database is away for good from the given COMMIT on."""
    with ExitStack() as proxies:
        running = []
        for command, when, within in doomed:
            proxy = proxies.enter_context(DatabaseProxy(shop.marketplace.url))
            proxy.break_at(Fault(when, within=within, away=math.inf))
            environment = {"AGENTCTL_DATABASE_URL": proxy.url}
            running.append(shop.program.start(*command, "--json", env=environment))
        return [await_end(process, timeout=PATIENCE) for process in running]


if FULL:

    def test_names_runs_with_a_commit_in_doubt_and_leaves_them_to_reconcile(shop: Shop) -> None:
        doomed = [(RUN, when, within) for within in (CHARGE, SETTLE) for when in (When.ANSWERED, When.BEFORE)]

        done = _all_ended(shop, doomed)

        assert [one.exit_code for one in done] == [5] * 4
        executions = [one.json["data"]["execution"]["id"] for one in done]
        for one, execution in zip(done, executions, strict=True):
            assert execution in one.json["error"]["message"]
            assert f"agentctl reconcile {execution}" in one.json["error"]["hint"]
        assert _statuses(shop, executions) == ["running", None, "success", "running"]
        assert len(shop.webhook.requests) == 2  # of those whose charge was certain
        assert violations(shop.marketplace) == []

        reconcile = shop.program("reconcile", "--stale-after", "0s", "--assume", "failed")

        # What was answered is in the journal; the operator's word is for the rest.
        assert reconcile.exit_code == 0, reconcile
        assert _statuses(shop, executions) == ["failed", None, "success", "success"]
        assert violations(shop.marketplace) == []

    def test_grants_and_refunds_with_a_commit_in_doubt_are_reported_as_unknown(shop: Shop) -> None:
        failed = plant(shop.marketplace, status="failed", charged=10)
        refund = ("credits", "refund", str(failed), "--reason", "x")

        done = _all_ended(shop, [(GRANT, When.ANSWERED, LEDGER), (refund, When.ANSWERED, LEDGER)])

        assert [one.exit_code for one in done] == [5, 5]
        assert {one.json["error"]["code"] for one in done} == {"outcome_unknown"}
        assert refunds(shop.marketplace, failed) == [10]
        assert violations(shop.marketplace) == []


def _statuses(shop: Shop, executions: Sequence[str]) -> list[str | None]:
    """Return the status of each execution, None if it was never written."""
    statuses = {row["id"]: row["status"] for row in shop.rows()}
    return [statuses.get(execution) for execution in executions]
