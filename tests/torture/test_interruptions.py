"""Ctrl-C and SIGTERM at every boundary: certain outcomes are settled, and uncertain ones are named."""

import json
import os
import signal
from typing import Any

import pytest

from agentctl.core.failpoints import Failpoint
from support.figures import HUNG_AFTER
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Reply

FAILS = Reply.json({"message": "Error in workflow"}, 500)
NOTHING, REFUNDED, UNKNOWN, SUCCESS = (), ("failed",), ("running",), ("success",)
CASES = [
    (Failpoint.CHOSEN, NOTHING, 0),
    (Failpoint.RECORDED, NOTHING, 0),
    (Failpoint.CHARGED, NOTHING, 0),
    (Failpoint.ANNOUNCED, NOTHING, 0),
    (Failpoint.CHARGE_COMMITTED, REFUNDED, 0),
    (Failpoint.CALLING, REFUNDED, 0),
    (Failpoint.SENDING, UNKNOWN, 0),
    (Failpoint.SENT, UNKNOWN, 1),
    (Failpoint.ANSWERED, UNKNOWN, 1),
    (Failpoint.JUDGED, SUCCESS, 1),
    (Failpoint.STATUS_WRITTEN, SUCCESS, 1),
    (Failpoint.SETTLED, SUCCESS, 1),
]


def _interrupted(shop: Shop, point: Failpoint, cause: signal.Signals, *command: str) -> dict[str, Any]:
    """Run a command, signal it exactly at a failpoint, and return its envelope."""
    process = shop.program.start(*command, "--json", env={"AGENTCTL_FAILPOINT": f"{point}:stop"})
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"{point} was not reached"
    process.send_signal(cause)
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=HUNG_AFTER)
    assert "Traceback" not in stderr
    assert process.returncode == 130
    whole: dict[str, Any] = json.loads(stdout)
    assert whole["exit_code"] == 130
    return whole


@pytest.mark.parametrize("cause", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(("point", "statuses", "posts"), CASES, ids=[str(point) for point, _, _ in CASES])
def test_an_interrupted_run_settles_what_is_certain(
    shop: Shop, point: Failpoint, statuses: tuple[str, ...], posts: int, cause: signal.Signals
) -> None:
    whole = _interrupted(shop, point, cause, "run", "seo-blog", "topic=Tea")

    rows = shop.rows()
    assert tuple(row["status"] for row in rows) == statuses
    assert violations(shop.marketplace) == []
    # A request that was being sent when the program ended may have arrived or not.
    assert len(shop.webhook.requests) == posts or point is Failpoint.SENDING
    if rows:
        assert rows[0]["id"] in whole["error"]["message"]
        assert whole["data"]["execution"]["id"] == rows[0]["id"]
        assert whole["data"]["execution"]["status"] == rows[0]["status"]
    if statuses == SUCCESS:
        assert whole["data"]["result"]["title"] == "Green tea"


@pytest.mark.parametrize("point", [Failpoint.STATUS_WRITTEN, Failpoint.BALANCE_RAISED, Failpoint.REFUNDED])
def test_an_interrupted_refund_is_still_made(shop: Shop, point: Failpoint) -> None:
    shop.answer(FAILS)

    whole = _interrupted(shop, point, signal.SIGINT, "run", "seo-blog", "topic=Tea")

    assert whole["data"]["credits"]["refunded"] == 10
    assert [row["status"] for row in shop.rows()] == ["failed"]
    assert violations(shop.marketplace) == []


def test_a_grant_that_is_interrupted_before_its_commit_changes_nothing(shop: Shop) -> None:
    grant = ("credits", "grant", "ops@example.com", "7", "--reason", "x")

    whole = _interrupted(shop, Failpoint.BALANCE_RAISED, signal.SIGINT, *grant)

    assert whole["error"]["message"] == "Interrupted: nothing was changed."
    assert shop.ledger() == []
    assert violations(shop.marketplace) == []


def test_a_grant_that_is_interrupted_after_its_commit_is_reported(shop: Shop) -> None:
    grant = ("credits", "grant", "ops@example.com", "7", "--reason", "x", "--json")
    stop = {"AGENTCTL_FAILPOINT": f"{Failpoint.CREDITS_MOVED}:stop"}
    process = shop.program.start(*grant, env=stop)
    os.waitpid(process.pid, os.WUNTRACED)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)

    stdout, _ = process.communicate(timeout=HUNG_AFTER)

    assert process.returncode == 0
    assert json.loads(stdout)["data"]["balance_after"] == 107
    assert [amount for _, amount, _ in shop.ledger()] == [7]
