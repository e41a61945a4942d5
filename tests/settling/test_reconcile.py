"""`agentctl reconcile`: settling on the evidence of n8n, this machine's journal and the operator."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.n8n_api import LISTS, n8n_execution, script_executions, script_workflow
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Reply

UNCLEAR = Reply()


@pytest.fixture
def asking_shop(shop_with: Callable[..., Shop], webhook: Any) -> Shop:
    """Make a shop with a `result` column whose n8n's API answers where its webhooks do."""
    n8n = f'[profiles.test.n8n]\nurl = "{webhook.url("/")}"\napi_key = "key-of-n8n"'
    shop = shop_with("result", "error", "completed_at", more=n8n)
    shop.answer(UNCLEAR)
    script_workflow(webhook, "SEO-Blog")
    script_executions(webhook)
    return shop


def _open_one(shop: Shop) -> str:
    done = shop.run_json("seo-blog", "topic=Tea", exit_code=5)
    return str(done["data"]["execution"]["id"])


def _reconcile(shop: Shop, *args: str, exit_code: int = 0) -> list[dict[str, Any]]:
    done = shop.program("reconcile", "--json", *args)
    assert done.exit_code == exit_code, done
    executions: list[dict[str, Any]] = done.json["data"]["executions"]
    return executions


def test_a_missed_success_gets_its_result_from_n8n(asking_shop: Shop) -> None:
    execution = _open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, output={"title": "Tea"}))

    (one,) = _reconcile(asking_shop, execution[:8])

    assert (one["action"], one["outcome"], one["source"], one["refunded"]) == ("settled", "success", "n8n", 0)
    (row,) = asking_shop.rows()
    assert (row["status"], row["result"]) == ("success", {"title": "Tea"})
    assert row["completed_at"] is not None
    assert [kind for kind, _, _ in asking_shop.ledger()] == ["usage"]
    keys = {r.headers.get("x-n8n-api-key") for r in asking_shop.webhook.requests if r.method == "GET"}
    assert keys == {"key-of-n8n"}


@pytest.mark.parametrize("status", ["error", "crashed", "canceled"])
def test_refunds_a_failure_that_n8n_reports(asking_shop: Shop, status: str) -> None:
    execution = _open_one(asking_shop)
    failed = n8n_execution(7, execution, status=status, error="No \x1b[31mmodel")
    script_executions(asking_shop.webhook, failed)

    (one,) = _reconcile(asking_shop, execution)

    assert (one["outcome"], one["refunded"]) == ("failed", 10)
    (row,) = asking_shop.rows()
    assert row["status"] == "failed"
    assert "No \\u001b[31mmodel" in row["error"]
    assert asking_shop.balances_agree()


@pytest.mark.parametrize("status", ["running", "waiting", "new", "unknown"])
def test_an_execution_that_n8n_has_not_finished_stays_open(asking_shop: Shop, status: str) -> None:
    execution = _open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, status=status))

    (one,) = _reconcile(asking_shop, execution, exit_code=6)

    assert one["action"] == "left_open"
    assert f"its execution 7 is {status}" in one["message"]


def test_follows_n8ns_cursor_to_the_end(asking_shop: Shop) -> None:
    execution = _open_one(asking_shop)
    others = [n8n_execution(number, f"other-{number}", output={}) for number in range(9, 4, -1)]
    script_executions(asking_shop.webhook, *others, n8n_execution(4, execution, output={}), pages=3)

    (one,) = _reconcile(asking_shop, execution)

    assert one["outcome"] == "success"


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([Reply.json({"message": "unauthorized"}, 401)], "refuses the API key (401)"),
        ([Reply.json({"message": "Forbidden"}, 403)], "refuses the API key (403)"),
        ([Reply.json({"message": "Not Found"}, 404)], "API was not found (404)"),
        ([Reply.text("<html>", content_type="text/html")], "not as n8n's API does"),
        ([Reply(status=429, headers={"Retry-After": "0"})], "answered 429"),
        ([Reply(status=503)], "answered 503"),
        ([Reply.text("n8n is starting up. Please wait")], "starting up"),
        ([Reply.json([])], "not as n8n's API does"),
        ([Reply.json({"data": [{"id": 1}, 5, None], "nextCursor": 3})], "answered 404"),
    ],
)
def test_an_n8n_error_leaves_executions_open_and_is_quoted(
    asking_shop: Shop, replies: list[Reply], said: str
) -> None:
    execution = _open_one(asking_shop)
    asking_shop.webhook.script(LISTS[1], *replies)

    (one,) = _reconcile(asking_shop, execution, exit_code=6)

    assert one["action"] == "left_open"
    assert said in one["message"] or (said == "answered 404" and "404" in one["message"])
    assert violations(asking_shop.marketplace) == []


def test_retries_a_busy_n8n(asking_shop: Shop) -> None:
    execution = _open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, output={"title": "Tea"}))
    whole = json.dumps({"data": [n8n_execution(7, execution)], "nextCursor": None}).encode()
    busy = Reply(status=429, headers={"Retry-After": "0"})
    asking_shop.webhook.script(LISTS[1], busy, Reply(status=503), Reply(body=whole))

    (one,) = _reconcile(asking_shop, execution)

    assert one["outcome"] == "success"


def test_settles_on_the_operators_word_when_n8n_is_unreachable(asking_shop: Shop) -> None:
    config = asking_shop.program.home / "agentctl.toml"
    absent = f'url = "{asking_shop.webhook.url("/")}"'
    execution = _open_one(asking_shop)
    config.write_text(config.read_text().replace(absent, 'url = "http://127.0.0.1:9/"'))

    (one,) = _reconcile(asking_shop, execution, "--assume", "failed")

    assert (one["source"], one["outcome"], one["refunded"]) == ("operator", "failed", 10)


def test_a_wrong_n8n_url_is_a_configuration_error(asking_shop: Shop) -> None:
    config = asking_shop.program.home / "agentctl.toml"
    execution = _open_one(asking_shop)
    config.write_text(config.read_text().replace('url = "http://127', 'url = "127'))

    assert asking_shop.program("reconcile", execution).exit_code == 3


def test_a_success_in_n8n_that_fails_the_success_rule_is_a_failure(asking_shop: Shop) -> None:
    config = asking_shop.program.home / "agentctl.toml"
    rule = '\n[profiles.test.agents."seo-blog"]\nsuccess_when = "status == ok"\n'
    config.write_text(config.read_text() + rule)
    execution = _open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, output={"status": "no credit left"}))

    (one,) = _reconcile(asking_shop, execution)

    assert (one["outcome"], one["refunded"]) == ("failed", 10)


def test_a_dry_run_shows_the_outcomes_and_writes_nothing(asking_shop: Shop) -> None:
    execution = _open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, output={}))

    (one,) = _reconcile(asking_shop, execution, "--dry-run")

    assert (one["action"], one["outcome"]) == ("would_settle", "success")
    assert [row["status"] for row in asking_shop.rows()] == ["running"]


def test_without_n8n_it_names_the_settings_it_needs(shop: Shop) -> None:
    shop.answer(UNCLEAR)
    execution = _open_one(shop)

    done = shop.program("reconcile", execution)

    assert done.exit_code == 6
    assert "[profiles.test.n8n]" in done.stdout
    assert "--assume failed|success" in done.stderr


def test_a_young_run_of_another_machine_counts_as_alive(shop: Shop) -> None:
    shop.answer(UNCLEAR)
    execution = _open_one(shop)
    shutil.rmtree(shop.program.home / ".local/state/agentctl")

    (one,) = _reconcile(shop, execution, "--assume", "failed", exit_code=6)
    assert one["action"] == "alive"
    assert _reconcile(shop) == []
    (one,) = _reconcile(shop, execution, "--assume", "failed", "--stale-after", "0s")
    assert one["action"] == "settled"


def test_settles_a_run_at_work_only_with_stale_after_0s(shop: Shop) -> None:
    path = shop.answer(Reply.json({"markdown": "late"}, delay=12))
    waiting = shop.program.start("run", "seo-blog", "topic=Tea", "--json", "--timeout", "10m")
    deadline = time.monotonic() + 20
    while not shop.webhook.count(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    waiting.send_signal(signal.SIGSTOP)  # it is at work for as long as this takes
    (row,) = shop.rows()

    assert _reconcile(shop) == []
    assert _reconcile(shop, row["id"], "--assume", "failed", exit_code=6)[0]["action"] == "alive"
    (one,) = _reconcile(shop, "--stale-after", "0s", "--assume", "failed")
    assert one["action"] == "settled"
    waiting.send_signal(signal.SIGCONT)

    stdout, _ = waiting.communicate(timeout=30)
    found = json.loads(stdout)
    assert (found["exit_code"], found["data"]["execution"]["status"]) == (1, "failed")
    assert "This execution was already settled as" in str(found["data"]["warnings"])
    assert [(kind, amount) for kind, amount, _ in shop.ledger()] == [("usage", -10), ("refund", 10)]
    assert violations(shop.marketplace) == []


def test_reports_settled_and_unknown_executions(shop: Shop) -> None:
    done = shop.run_json("seo-blog", "topic=Tea")

    (one,) = _reconcile(shop, done["data"]["execution"]["id"], "--assume", "failed")

    assert (one["action"], one["status"]) == ("found_settled", "success")
    assert shop.program("reconcile", "ffffffff").exit_code == 4


def test_warns_about_a_call_that_may_outlast_its_lease(shop: Shop) -> None:
    (warning,) = shop.run_json("seo-blog", "topic=Tea", "--timeout", "20m")["data"]["warnings"]

    assert "--stale-after" in warning
    assert shop.run_json("seo-blog", "topic=Tea", "--timeout", "14m")["data"]["warnings"] == []
