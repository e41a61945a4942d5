"""SIGKILL between any two effects: the remaining state obeys the rules, and `reconcile` finishes it."""

import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agentctl.core.failpoints import Failpoint
from support.figures import figure
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Reply

ROUNDS = figure(full=50, everyday=2)
FAILS = Reply.json({"message": "Error in workflow"}, 500)
RUN = ("run", "seo-blog", "topic=Tea", "-o", "article.md")
GRANT = ("credits", "grant", "ops@example.com", "7", "--reason", "x")


def _nothing(_shop: Shop) -> None:
    pass


def _agent_fails(shop: Shop) -> None:
    shop.answer(FAILS)


def _a_run_was_killed(shop: Shop) -> None:
    shop.run("seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})


RECONCILE = ("reconcile", "--stale-after", "0s")
CASES: list[tuple[Failpoint, tuple[str, ...], Callable[[Shop], None]]] = [
    (Failpoint.CHOSEN, RUN, _nothing),
    (Failpoint.RECORDED, RUN, _nothing),
    (Failpoint.CHARGED, RUN, _nothing),
    (Failpoint.ANNOUNCED, RUN, _nothing),
    (Failpoint.CHARGE_COMMITTED, RUN, _nothing),
    (Failpoint.CALLING, RUN, _nothing),
    (Failpoint.SENDING, RUN, _nothing),
    (Failpoint.SENT, RUN, _nothing),
    (Failpoint.ANSWERED, RUN, _nothing),
    (Failpoint.ANSWERED, RUN, _agent_fails),
    (Failpoint.JUDGED, RUN, _nothing),
    (Failpoint.JUDGED, RUN, _agent_fails),
    (Failpoint.STATUS_WRITTEN, RUN, _nothing),
    (Failpoint.STATUS_WRITTEN, RUN, _agent_fails),
    (Failpoint.BALANCE_RAISED, RUN, _agent_fails),
    (Failpoint.REFUNDED, RUN, _agent_fails),
    (Failpoint.SETTLED, RUN, _nothing),
    (Failpoint.SETTLED, RUN, _agent_fails),
    (Failpoint.SAVED, RUN, _nothing),
    (Failpoint.EVIDENCE_FOUND, RECONCILE, _a_run_was_killed),
    (Failpoint.STATUS_WRITTEN, RECONCILE, _a_run_was_killed),
    (Failpoint.BALANCE_RAISED, GRANT, _nothing),
    (Failpoint.CREDITS_MOVED, GRANT, _nothing),
]


# Those of a migration: tests/migrations/test_migrate_kills.py.
MIGRATION = {Failpoint.STEP_TAKEN, Failpoint.CONTENT_SAVED, Failpoint.BACKFILLED}


def test_every_failpoint_is_tried() -> None:
    assert {point for point, _, _ in CASES} | MIGRATION == set(Failpoint)


@pytest.mark.parametrize(
    ("point", "command", "arrange"),
    CASES,
    ids=[f"{point} {command[0]}{arrange.__name__}" for point, command, arrange in CASES],
)
def test_a_kill_leaves_an_allowed_state_and_reconcile_finishes_it(
    full_shop: Shop,
    point: Failpoint,
    command: tuple[str, ...],
    arrange: Callable[[Shop], None],
    record_property: Callable[[str, Any], None],
) -> None:
    shop = full_shop
    assert shop.program("credits", "grant", "ops@example.com", "2000", "--reason", "x").exit_code == 0

    for _ in range(ROUNDS):
        arrange(shop)
        killed = shop.program(*command, env={"AGENTCTL_FAILPOINT": point})
        assert killed.exit_code == -signal.SIGKILL, killed
        assert violations(shop.marketplace) == []

    finished = shop.program("reconcile", "--stale-after", "0s", "--assume", "failed", "--json")
    assert finished.exit_code == 0, finished
    assert violations(shop.marketplace) == []
    assert {row["status"] for row in shop.rows()} <= {"success", "failed"}
    posts = Counter(request.headers["x-agentctl-execution-id"] for request in shop.webhook.requests)
    assert set(posts.values()) <= {1}
    record_property("kills", ROUNDS)


def test_reconcile_settles_the_answer_received_before_a_kill(full_shop: Shop) -> None:
    shop = full_shop
    shop.run("seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})
    shop.answer(FAILS)
    shop.run("seo-blog", "topic=Tea", env={"AGENTCTL_FAILPOINT": Failpoint.JUDGED})

    done = shop.program("reconcile", "--stale-after", "0s", "--json").json["data"]["executions"]

    assert [(one["source"], one["outcome"], one["refunded"]) for one in done] == [
        ("journal", "success", 0),
        ("journal", "failed", 10),
    ]
    assert [row["status"] for row in shop.rows()] == ["success", "failed"]
