"""What n8n's log proves: only agentctl's own calls for the very row. Nothing else in it stops the search."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from support.marketplace import Marketplace
from support.n8n_api import LISTS, n8n_execution, script_executions, script_workflow
from support.shop import Shop, configure
from support.webhook_server import Reply, Request

UNCLEAR = Reply()
SECRET = "whsec_bm9ib2R5LWVsc2UtaGFzLXRoaXMta2V5"
KEY = ("--idempotency-key", "order-81")


def settings(webhook: Any, *, secret: str | None = None) -> str:
    signed = f'signing_secret = "{secret}"' if secret else ""
    return f'{signed}\n[profiles.test.n8n]\nurl = "{webhook.url("/")}"\napi_key = "key-of-n8n"'


@pytest.fixture
def asking_shop(shop_with: Callable[..., Shop], webhook: Any) -> Shop:
    """Make a shop whose n8n's API answers where its webhooks do."""
    return prepare(shop_with(more=settings(webhook)))


@pytest.fixture
def signing_shop(shop_with: Callable[..., Shop], webhook: Any) -> Shop:
    """Make a shop that signs its calls."""
    return prepare(shop_with(more=settings(webhook, secret=SECRET)))


def prepare(shop: Shop) -> Shop:
    shop.answer(UNCLEAR)
    script_workflow(shop.webhook, "SEO-Blog")
    script_executions(shop.webhook)
    return shop


def open_one(shop: Shop, *args: str) -> tuple[str, Request]:
    """Leave an execution open, and return its id and the request that was sent for it."""
    done = shop.run_json("seo-blog", "topic=Tee", *args, exit_code=5)
    posts = [request for request in shop.webhook.requests if request.method == "POST"]
    return str(done["data"]["execution"]["id"]), posts[-1]


def reconcile(shop: Shop, *args: str, exit_code: int) -> dict[str, Any]:
    done = shop.program("reconcile", "--json", *args)
    assert done.exit_code == exit_code, done
    (case,) = done.json["data"]["executions"]
    return dict(case)


def test_a_signed_call_of_ours_is_evidence(signing_shop: Shop) -> None:
    execution, request = open_one(signing_shop, *KEY)
    script_executions(signing_shop.webhook, n8n_execution(7, execution, status="error", request=request))

    case = reconcile(signing_shop, execution, exit_code=0)

    assert (case["action"], case["source"], case["refunded"]) == ("settled", "n8n", 10)


def without_header(*names: str) -> Callable[[Request], Request]:
    def change(request: Request) -> Request:
        return replace(request, headers={n: v for n, v in request.headers.items() if n not in names})

    return change


def with_header(name: str, value: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, headers={**request.headers, name: value})


@pytest.mark.parametrize(
    "forge",
    [
        without_header("x-agentctl-signature"),
        without_header("x-agentctl-signature", "x-agentctl-row", "webhook-signature"),
        without_header("x-agentctl-signature", "x-agentctl-row", "webhook-timestamp"),
        with_header("x-agentctl-signature", "v1,AAAA"),
        with_header("x-agentctl-signature", "\N{SNOWMAN}"),
        lambda request: replace(
            without_header("x-agentctl-signature", "x-agentctl-row")(request),
            body=json.dumps({**request.json, "inputs": {}}).encode(),
        ),
    ],
    ids=["unsigned", "id alone", "no time", "wrong", "no signature at all", "another body"],
)
def test_an_unsigned_id_is_no_evidence_if_calls_are_signed(
    signing_shop: Shop, forge: Callable[[Request], Request]
) -> None:
    execution, request = open_one(signing_shop)
    forged = n8n_execution(7, execution, status="error", request=forge(request))
    script_executions(signing_shop.webhook, forged)

    case = reconcile(signing_shop, execution, exit_code=6)

    assert case["action"] == "left_open"
    assert "n8n's execution 7 has its id, but does not carry agentctl's signature" in case["message"]


@pytest.mark.parametrize("inputs", [(), ("words=1.5",)])
def test_a_call_signed_by_standard_webhooks_is_evidence(signing_shop: Shop, inputs: tuple[str, ...]) -> None:
    execution, request = open_one(signing_shop, *inputs)
    older = without_header("x-agentctl-signature", "x-agentctl-row")(request)
    script_executions(signing_shop.webhook, n8n_execution(7, execution, status="error", request=older))

    assert reconcile(signing_shop, execution, exit_code=0)["action"] == "settled"


def test_an_execution_of_staging_in_the_same_n8n_settles_nothing_in_production(
    signing_shop: Shop, marketplace_factory: Callable[..., Marketplace]
) -> None:
    shop, webhook = signing_shop, signing_shop.webhook
    staging = replace(shop, marketplace=marketplace_factory())
    configure(staging.program, staging.marketplace, settings(webhook, secret=SECRET))
    staging.answer(UNCLEAR)
    execution, of_staging = open_one(staging, *KEY)
    configure(shop.program, shop.marketplace, settings(webhook, secret=SECRET))
    same, of_production = open_one(shop, *KEY)
    assert same == execution
    script_executions(webhook, n8n_execution(7, execution, status="error", request=of_staging))

    case = reconcile(shop, execution, exit_code=6)

    assert "was sent for another row with that id" in case["message"]

    # Without that defence: n8n's log says that it was sent for production's row.
    names = ("x-agentctl-row", "x-agentctl-signature")
    marks = {name: of_production.headers[name] for name in names}
    claimed = replace(of_staging, headers={**of_staging.headers, **marks})
    script_executions(webhook, n8n_execution(7, execution, status="error", request=claimed))
    assert reconcile(shop, execution, exit_code=0)["refunded"] == 10


def test_an_id_derived_from_a_key_needs_the_row_and_a_random_id_does_not(asking_shop: Shop) -> None:
    execution, _ = open_one(asking_shop, *KEY)
    script_executions(asking_shop.webhook, n8n_execution(7, execution, status="error"))
    assert "ids like this can repeat" in reconcile(asking_shop, execution, exit_code=6)["message"]

    execution, _ = open_one(asking_shop)
    script_executions(asking_shop.webhook, n8n_execution(8, execution, status="error"))
    assert reconcile(asking_shop, execution, exit_code=0)["action"] == "settled"


def test_an_n8n_execution_at_another_time_does_not_belong_to_the_row(asking_shop: Shop) -> None:
    execution, request = open_one(asking_shop)
    earlier = {**n8n_execution(7, execution, request=request), "startedAt": "2024-02-03T04:05:06Z"}
    script_executions(asking_shop.webhook, {**earlier, "startedAt": None})
    asking_shop.webhook.script("/api/v1/executions/7?includeData=true", Reply.json(earlier))

    assert "is from another time" in reconcile(asking_shop, execution, exit_code=6)["message"]


DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]
ODD: list[Any] = [None, 7, "text", [], {}, [7], {"a": 7}, True, 1e308, DEEP]


def test_skips_an_odd_n8n_execution_and_continues_the_search(asking_shop: Shop) -> None:
    execution, request = open_one(asking_shop)
    wholes: list[dict[str, Any]] = []
    for place, odd in enumerate(ODD):
        good = n8n_execution(100 + place, execution, request=request)
        wholes += [
            {"id": f"s{place}", "status": odd, "startedAt": odd, "stoppedAt": odd, "data": good["data"]},
            {"id": f"d{place}", "status": "error", "startedAt": None, "data": odd},
            {"id": f"r{place}", "status": "error", "data": {"resultData": odd, "executionData": odd}},
            {"id": f"n{place}", "status": "success", "data": {"resultData": {"runData": {"A": odd}}}},
            {"id": f"m{place}", "data": {"resultData": {"runData": {"A": [{"data": {"main": odd}}]}}}},
            {"id": f"h{place}", "data": came_in({"headers": odd, "body": odd})},
            {"id": f"b{place}", "data": came_in({"headers": {"idempotency-key": odd}, "body": odd})},
            {"id": f"w{place}", "data": good["data"], "workflowData": odd, "status": "new"},
        ]
    found = n8n_execution(1, execution, request=request)  # a success outweighs whatever is unclear
    ids = [{"id": odd} for odd in ODD] + [{"id": "../workflows"}, {"id": ".."}, {"id": "a b?c#d"}]
    script_executions(asking_shop.webhook)
    page = {"data": [*ODD, *ids, *wholes, found], "nextCursor": {"page": 2}}
    asking_shop.webhook.script(LISTS[1], Reply.json(page))
    for whole in (*wholes, found):
        asking_shop.webhook.script(f"/api/v1/executions/{whole['id']}?includeData=true", Reply.json(whole))

    case = reconcile(asking_shop, execution, exit_code=0)

    assert (case["action"], case["outcome"]) == ("settled", "success")
    asked = {request.path for request in asking_shop.webhook.requests}
    assert "/api/v1/executions/..%2Fworkflows?includeData=true" in asked
    assert "/api/v1/executions/a%20b%3Fc%23d?includeData=true" in asked


def came_in(item: Any) -> dict[str, Any]:
    return {"resultData": {"runData": {"Webhook": [{"data": {"main": [[{"json": item}]]}}]}}}


def test_names_an_unreadable_n8n_execution_and_uses_the_next_one(asking_shop: Shop) -> None:
    execution, request = open_one(asking_shop)
    lost = n8n_execution(9, "other")
    script_executions(asking_shop.webhook, lost)
    asking_shop.webhook.script("/api/v1/executions/9?includeData=true", Reply.json({}, status=404))
    assert "execution 9 cannot be read" in reconcile(asking_shop, execution, exit_code=6)["message"]

    script_executions(asking_shop.webhook, lost, n8n_execution(7, execution, status="error", request=request))
    asking_shop.webhook.script("/api/v1/executions/9?includeData=true", Reply.json([1]))
    assert reconcile(asking_shop, execution, exit_code=0)["action"] == "settled"


def test_a_repeated_n8n_cursor_ends_the_search_and_is_reported(asking_shop: Shop) -> None:
    execution, _ = open_one(asking_shop)
    for path, cursor in (
        (LISTS[1], "two"),
        (f"{LISTS[1]}&cursor=two", "one"),
        (f"{LISTS[1]}&cursor=one", "two"),
    ):
        asking_shop.webhook.script(path, Reply.json({"data": [], "nextCursor": cursor}))

    case = reconcile(asking_shop, execution, exit_code=6)

    assert "leads back to a page that was already read" in case["message"]
    assert asking_shop.webhook.count(f"{LISTS[1]}&cursor=one") == 1


def test_gives_up_an_endless_n8n_list_after_a_thousand_pages(asking_shop: Shop) -> None:
    execution, _ = open_one(asking_shop)
    for page in range(1001):
        path = f"{LISTS[0]}&cursor=page{page}" if page else LISTS[0]
        more = {"data": [], "nextCursor": f"page{page + 1}"}
        asking_shop.webhook.script(path, Reply.json(more))

    case = reconcile(asking_shop, execution, exit_code=6)

    assert "more than 1,000 pages" in case["message"]
    assert asking_shop.webhook.count(f"{LISTS[0]}&cursor=page1000") == 0
    assert asking_shop.webhook.count(LISTS[1]) == 1  # the other list was read all the same
