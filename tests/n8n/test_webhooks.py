"""`agentctl run` against the webhooks of a real n8n, in every response mode."""

from collections.abc import Callable
from typing import Any

import pytest

from n8n.server import HEADER_KEY
from n8n.shop import N8nShop

ARTICLE = {"title": "Tea", "by": "n8n"}
INPUTS = {"topic": "Tea", "tone": "neutral", "words": 600}
OPS = {"id": "00000000-0000-4000-8000-0000000000a1", "email": "ops@example.com"}


def came_in(execution: dict[str, Any]) -> dict[str, Any]:
    """Return the request that n8n's webhook node received."""
    item: dict[str, Any] = execution["data"]["resultData"]["runData"]["Webhook"][0]["data"]["main"][0][0]
    return dict(item["json"])


def assert_refunded(made: N8nShop, whole: dict[str, Any]) -> None:
    execution = whole["data"]["execution"]["id"]
    assert (made.row()["id"], made.row()["status"]) == (execution, "failed")
    assert made.shop.ledger() == [("usage", -10, execution), ("refund", 10, execution)]
    assert whole["data"]["credits"]["balance_after"] == 100
    assert made.shop.balances_agree()


@pytest.mark.parametrize(
    ("workflow", "status", "result"),
    [
        ("last-node", 200, ARTICLE),
        ("all-items", 200, [ARTICLE]),
        ("respond-node", 200, ARTICLE),
        ("respond-created", 201, ARTICLE),
    ],
)
def test_the_answer_of_a_workflow_is_the_result(
    n8n_shop: Callable[..., N8nShop], workflow: str, status: int, result: object
) -> None:
    made = n8n_shop()

    data = made.run(workflow, exit_code=0)["data"]

    assert data["execution"]["outcome"] == "success"
    assert data["result"] == result
    assert data["webhook"] == {"http_status": status, "attempts": 1, "sent": True}
    assert (made.row()["status"], made.row()["result"]) == ("success", result)
    assert made.row()["workflow_id"] == made.n8n.webhook(workflow)
    assert made.shop.ledger() == [("usage", -10, data["execution"]["id"])]
    assert made.shop.balances_agree()


def test_n8n_gets_inputs_user_and_the_executions_id_once_in_body_and_headers(
    n8n_shop: Callable[..., N8nShop],
) -> None:
    made = n8n_shop()

    execution = made.run("last-node", exit_code=0)["data"]["execution"]["id"]

    got = [came_in(one) for one in made.n8n.executions("last-node")]
    (ours,) = [one for one in got if one["body"]["execution_id"] == execution]
    assert ours["body"] == {"inputs": INPUTS, "user": OPS, "execution_id": execution}
    assert ours["headers"]["x-agentctl-execution-id"] == execution
    assert ours["headers"]["idempotency-key"] == execution


@pytest.mark.parametrize("workflow", ["fails", "fails-before-responding"])
def test_a_failing_workflow_is_a_certain_failure_and_is_refunded(
    n8n_shop: Callable[..., N8nShop], workflow: str
) -> None:
    made = n8n_shop()

    whole = made.run(workflow, exit_code=1)

    assert whole["error"]["code"] == "agent_failed"
    assert whole["data"]["webhook"] == {"http_status": 500, "attempts": 1, "sent": True}
    assert made.row()["error"] == "The agent failed (500: Error in workflow)."
    assert_refunded(made, whole)


@pytest.mark.parametrize("path", ["inactive", "nothing-is-here"])
def test_a_missing_webhook_is_a_certain_failure_with_n8ns_hint(
    n8n_shop: Callable[..., N8nShop], path: str
) -> None:
    made = n8n_shop()

    whole = made.run(path, exit_code=1)

    assert whole["data"]["webhook"]["http_status"] == 404
    assert f'The requested webhook "POST {path}" is not registered.' in whole["error"]["message"]
    assert "The workflow must be active" in whole["error"]["hint"]
    assert_refunded(made, whole)


def test_the_answer_workflow_was_started_is_an_unknown_outcome(n8n_shop: Callable[..., N8nShop]) -> None:
    made = n8n_shop()

    whole = made.run("immediately", exit_code=5)

    execution = whole["data"]["execution"]["id"]
    assert whole["error"]["code"] == "outcome_unknown"
    assert f"agentctl reconcile {execution}" in whole["error"]["hint"]
    assert whole["data"]["webhook"]["http_status"] == 200
    assert made.row()["status"] == "running"
    assert made.shop.ledger() == [("usage", -10, execution)]


def test_refuses_n8ns_test_url_and_writes_nothing(n8n_shop: Callable[..., N8nShop]) -> None:
    made = n8n_shop()
    production = made.n8n.webhook("last-node")
    made.shop.marketplace.set_webhook("SEO Blog", production.replace("/webhook/", "/webhook-test/"))

    whole = made.shop.run_json("seo-blog", "topic=Tea", exit_code=4)

    assert whole["error"]["code"] == "webhook_test_url"
    assert production in whole["error"]["hint"]
    assert made.shop.rows() == []
    assert made.shop.ledger() == []


@pytest.mark.parametrize("headers", ["", 'headers = { "X-Api-Key" = "wrong" }'], ids=["no key", "wrong key"])
def test_a_protected_webhook_refuses_a_call_without_its_key(
    n8n_shop: Callable[..., N8nShop], headers: str
) -> None:
    made = n8n_shop(headers)
    before = made.n8n.executions("guarded")

    whole = made.run("guarded", exit_code=1)

    assert whole["data"]["webhook"]["http_status"] == 403
    assert made.n8n.executions("guarded") == before
    assert_refunded(made, whole)


def test_a_protected_webhook_accepts_the_key_of_the_profile(n8n_shop: Callable[..., N8nShop]) -> None:
    made = n8n_shop(f'headers = {{ "X-Api-Key" = "{HEADER_KEY}" }}')

    assert made.run("guarded", exit_code=0)["data"]["result"] == ARTICLE


def test_a_workflow_beyond_the_timeout_stays_open_with_its_charge(
    n8n_shop: Callable[..., N8nShop],
) -> None:
    made = n8n_shop()

    whole = made.run("slow", "--timeout", "2s", exit_code=5)

    execution = whole["data"]["execution"]["id"]
    assert whole["data"]["webhook"] == {"http_status": None, "attempts": 1, "sent": True}
    assert made.row()["status"] == "running"
    assert made.shop.ledger() == [("usage", -10, execution)]
    assert made.shop.balances_agree()
