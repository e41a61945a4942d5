"""`agentctl reconcile` settles, on the evidence of a real n8n, the runs whose answers were missed."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from n8n.server import N8n
from n8n.shop import N8nShop

ARTICLE = {"title": "Tea", "by": "n8n"}
PATIENCE = 60.0  # seconds; nothing here takes as long


@pytest.fixture
def asking_shop(n8n_shop: Callable[..., N8nShop], n8n: N8n) -> N8nShop:
    """Create a shop whose profile has the URL of n8n's API."""
    return n8n_shop(f'[profiles.test.n8n]\nurl = "{n8n.url}"\napi_key = "{n8n.api_key}"')


def reconcile(made: N8nShop, *args: str, exit_code: int = 0) -> dict[str, Any]:
    """Reconcile, and return the result of the only execution."""
    result = made.shop.program("reconcile", "--json", *args)
    assert result.exit_code == exit_code, result
    (case,) = result.json["data"]["executions"]
    return dict(case)


def await_end(made: N8nShop, workflow: str, execution: str) -> None:
    """Wait until n8n has finished an execution of agentctl."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ours = [one for one in made.n8n.executions(workflow) if execution in str(one["data"])]
        if ours and all(one["status"] in {"success", "error"} for one in ours):
            return
        time.sleep(0.2)
    msg = f"n8n is not done with {execution}"
    raise AssertionError(msg)


@pytest.mark.parametrize(("workflow", "options"), [("slow", ("--timeout", "2s")), ("immediately", ())])
def test_finds_a_missed_result_in_n8n_and_settles_it(
    asking_shop: N8nShop, workflow: str, options: tuple[str, ...]
) -> None:
    execution = asking_shop.run(workflow, *options, exit_code=5)["data"]["execution"]["id"]
    await_end(asking_shop, workflow, execution)

    case = reconcile(asking_shop, execution)

    assert (case["action"], case["outcome"], case["source"]) == ("settled", "success", "n8n")
    row = asking_shop.row()
    assert (row["status"], row["result"], row["error"]) == ("success", ARTICLE, None)
    assert row["completed_at"] is not None
    assert asking_shop.shop.ledger() == [("usage", -10, execution)]
    assert asking_shop.shop.balances_agree()


@pytest.mark.parametrize(
    ("workflow", "options"), [("fails-slowly", ("--timeout", "2s")), ("fails-unseen", ())]
)
def test_refunds_a_missed_failure_once(asking_shop: N8nShop, workflow: str, options: tuple[str, ...]) -> None:
    execution = asking_shop.run(workflow, *options, exit_code=5)["data"]["execution"]["id"]
    await_end(asking_shop, workflow, execution)

    first = reconcile(asking_shop, execution)
    second = reconcile(asking_shop, execution)

    assert (first["action"], first["outcome"], first["refunded"]) == ("settled", "failed", 10)
    assert (second["action"], second["refunded"]) == ("found_settled", 0)
    assert asking_shop.row()["status"] == "failed"
    assert "The model is out of ideas" in asking_shop.row()["error"]
    assert asking_shop.shop.ledger() == [("usage", -10, execution), ("refund", 10, execution)]
    assert asking_shop.shop.balances_agree()


def test_an_execution_that_n8n_is_running_stays_open_with_its_charge(asking_shop: N8nShop) -> None:
    execution = asking_shop.run("takes-a-minute", "--timeout", "2s", exit_code=5)["data"]["execution"]["id"]

    case = reconcile(asking_shop, execution, exit_code=6)

    assert (case["action"], case["outcome"]) == ("left_open", "unknown")
    assert "running" in case["message"]
    assert asking_shop.row()["status"] == "running"
    assert asking_shop.shop.ledger() == [("usage", -10, execution)]


def test_an_execution_unknown_to_n8n_is_not_settled(n8n_shop: Callable[..., N8nShop], n8n: N8n) -> None:
    made = n8n_shop(f'[profiles.test.n8n]\nurl = "{n8n.url}"\napi_key = "wrong"')
    execution = made.run("immediately", exit_code=5)["data"]["execution"]["id"]

    case = reconcile(made, execution, exit_code=6)

    assert (case["action"], case["outcome"]) == ("left_open", "unknown")
    assert "n8n refuses the API key (401)" in case["message"]
    assert made.row()["status"] == "running"


def test_a_waiting_workflow_is_no_success_although_n8n_answers_200(
    asking_shop: N8nShop,
) -> None:
    whole = asking_shop.run("waits-long", exit_code=5)

    execution = whole["data"]["execution"]["id"]
    assert asking_shop.row()["status"] == "running"
    case = reconcile(asking_shop, execution, exit_code=6)
    assert (case["action"], case["outcome"]) == ("left_open", "unknown")
    assert "waiting" in case["message"]
