"""`agentctl agents check`, through the installed program: its report about webhooks, without starting any."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from agentctl.core.agents import reachability
from agentctl.core.config.profiles import Profile, WebhookSettings
from agentctl.core.models import Agent
from support.webhook_server import Hangup, Reply, WebhookServer

METHODS = "Access-Control-Allow-Methods"
THERE = Reply(204, {METHODS: "OPTIONS, POST"}, declared_length=-1)
NOT_THERE = Reply.json({"code": 0, "message": "no"}, 500, headers={METHODS: "OPTIONS"})
GET_ONLY = Reply(204, {METHODS: "OPTIONS, GET"}, declared_length=-1)
ANSWERS = {
    "there": (THERE, "registered"),
    "several-methods": (Reply(204, {METHODS: "OPTIONS, GET, POST"}, declared_length=-1), "registered"),
    "not-there": (NOT_THERE, "not_registered"),
    "get-only": (GET_ONLY, "not_registered"),
    "long-winded": (Reply(204, {METHODS: f"OPTIONS, {'X' * 5000}"}, declared_length=-1), "not_registered"),
    "not-found": (Reply(404), "cannot_tell"),
    "not-allowed": (Reply(405, {"Allow": "POST"}), "cannot_tell"),
    "any-web-server": (Reply(200, {METHODS: "GET, HEAD, PUT, PATCH, POST, DELETE"}), "cannot_tell"),
    "redirect": (Reply(308, {"Location": "/elsewhere"}), "cannot_tell"),
    "crash": (Reply(500), "cannot_tell"),
    "bad-gateway": (Reply.text("<h1>Bad gateway</h1>", 502), "no_answer"),
    "no-origin": (Reply(523), "no_answer"),
    "hangs-up": (Reply(hangup=Hangup.AFTER_READING), "no_answer"),
    "starting": (Reply.text("n8n is starting up. Please wait", content_type="text/html"), "no_answer"),
    "no-http": (Reply(raw=b"220 mail.example.com ESMTP\r\n"), "no_answer"),
}
URLS = {
    "no-url": (None, "no_url"),
    "bad-url": ("n8n.example.com/webhook/x", "bad_url"),
    "test-url": ("http://127.0.0.1:9/webhook-test/x", "test_url"),
    "private": ("http://10.0.0.1/webhook/x", "address_refused"),
    "disguised": ("http://0x7f.2/webhook/x", "address_refused"),
    "this-machine": (f"http://{socket.gethostname()}/webhook/x", "address_refused"),
    "no-such-name": ("http://nobody.invalid/webhook/x", "name_not_found"),
    "nobody-listens": ("http://127.0.0.1:9/webhook/x", "not_connected"),
}


@pytest.fixture
def nobody_else(shop: Any) -> Any:
    """Make a shop without agents."""
    shop.marketplace.execute("DELETE FROM agents")
    return shop


def add(shop: Any, name: str, url: str | None) -> None:
    shop.marketplace.execute(
        "INSERT INTO agents (name, credit_cost, is_active, webhook_url) VALUES (%s, 1, true, %s)", (name, url)
    )


def serve(shop: Any, name: str, reply: Reply) -> None:
    add(shop, name, shop.webhook.script(f"/webhook/{name}", reply))


def test_reports_every_webhook_state_and_posts_and_writes_nothing(nobody_else: Any) -> None:
    shop = nobody_else
    for name, (reply, _) in ANSWERS.items():
        serve(shop, name, reply)
    for name, (url, _) in URLS.items():
        add(shop, name, url)
    add(shop, "tls", shop.webhook.url("/webhook/tls").replace("http", "https"))

    done = shop.program("agents", "check", "--json")

    expected = {name: state for name, (_, state) in (ANSWERS | URLS).items()} | {"tls": "tls_failed"}
    assert done.exit_code == 6
    checked = done.json["data"]["agents"]
    assert {each["slug"]: each["state"] for each in checked} == expected
    no_findings = {"registered", "cannot_tell"}
    assert all(each["hint"] for each in checked if each["state"] not in no_findings | {"no_answer"})
    assert all(len(each["message"]) < 400 for each in checked)
    assert done.json["error"]["code"] == "webhooks"
    named = done.json["error"]["message"].partition(": ")[2].rstrip(".").split(", ")
    assert named == sorted(name for name, state in expected.items() if state not in no_findings)
    assert {request.method for request in shop.webhook.requests} == {"OPTIONS"}
    assert shop.webhook.count("/elsewhere") == 0
    assert all(shop.webhook.count(f"/webhook/{name}") == 1 for name in ANSWERS)
    assert shop.rows() == shop.ledger() == []


def test_sends_the_preflight_of_a_post_with_the_configured_headers(shop_with: Any) -> None:
    shop = shop_with(more='headers = { "X-Api-Key" = "sesame" }')
    path = shop.answer(THERE)
    url = shop.webhook.url(f"{path}?token=secret").replace("//", "//ops:secret@")
    shop.webhook.script(f"{path}?token=secret", THERE)
    shop.marketplace.set_webhook("SEO Blog", url)

    done = shop.program("agents", "check", "seo-blog", "--json")

    (request,) = shop.webhook.requests
    assert request.method == "OPTIONS"
    assert request.body == b""
    assert request.headers["origin"] == f"http://127.0.0.1:{shop.webhook.port}"
    assert request.headers["access-control-request-method"] == "POST"
    assert request.headers["x-api-key"] == "sesame"
    assert request.headers["authorization"].startswith("Basic ")
    assert done.json["data"]["agents"][0]["url"] == shop.webhook.url(path)
    assert "secret" not in done.stdout + done.stderr


def test_exits_0_when_all_webhooks_are_there_and_quiet_prints_nothing(shop: Any) -> None:
    for name in ("SEO Blog", "Plain"):
        shop.answer(THERE, agent=name)

    assert shop.program("agents", "check").exit_code == 0
    done = shop.program("agents", "check", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_quiet_lists_the_webhooks_with_problems(shop: Any) -> None:
    shop.answer(THERE)
    shop.answer(NOT_THERE, agent="Plain")

    done = shop.program("agents", "check", "--quiet")

    assert (done.exit_code, done.stdout) == (6, "")
    assert "1 of 2 webhooks" in done.stderr
    assert "plain" in done.stderr


def test_shows_hints_in_a_pipe_and_on_a_terminal(shop: Any) -> None:
    shop.answer(THERE)
    shop.answer(NOT_THERE, agent="Plain")

    piped = shop.program("agents", "check")
    assert "plain: n8n does not know it" in piped.stdout
    assert "Activate the workflow" in piped.stdout
    assert "\x1b" not in piped.stdout + piped.stderr

    screen = shop.program.on_terminal("agents", "check")
    assert screen.exit_code == 6
    assert "not registered" in screen.text
    assert "Activate the workflow" in " ".join(screen.text.split())


def test_checks_only_active_agents_unless_they_are_named(shop: Any) -> None:
    for name in ("SEO Blog", "Plain", "Inactive", "Deleted"):
        shop.answer(THERE, agent=name)

    def looked_at(*arguments: str) -> list[str]:
        return [each["slug"] for each in shop.program(*arguments, "--json").json["data"]["agents"]]

    assert looked_at("agents", "check") == ["plain", "seo-blog"]
    assert looked_at("agents", "check", "inactive", "plain") == ["inactive", "plain"]
    assert shop.program("agents", "check", "nobody").exit_code == 4


def test_an_agent_called_check_is_shown_by_its_id(nobody_else: Any) -> None:
    add(nobody_else, "check", None)
    ((key,),) = nobody_else.marketplace.execute("SELECT id::text FROM agents")

    shown = nobody_else.program("agents", key, "--json").json["data"]
    assert shown["agent"]["slug"] == "check"
    assert nobody_else.program("agents", "check", "check").exit_code == 6


def test_accepts_options_before_and_after_the_word_check(shop: Any) -> None:
    shop.answer(THERE)
    before = shop.program("agents", "--profile", "test", "--json", "check", "seo-blog")
    after = shop.program("agents", "check", "seo-blog", "--json", "--profile", "test")
    assert before.json == after.json
    assert before.json["data"]["agents"][0]["state"] == "registered"
    assert shop.program("agents", "seo-blog", "plain").exit_code == 2


def test_a_database_without_agents_has_no_findings(nobody_else: Any) -> None:
    done = nobody_else.program("agents", "check")
    assert (done.exit_code, done.stdout) == (0, "There are no active agents.\n")


def test_an_unsendable_header_is_a_configuration_error(shop_with: Any) -> None:
    shop = shop_with(more='headers = { "X Key" = "sesame" }')
    done = shop.program("agents", "check", "--json")
    assert (done.exit_code, done.json["error"]["code"]) == (3, "config")
    assert shop.webhook.connections == 0


def agent(slug: str, url: str) -> Agent:
    return Agent(
        id=slug,
        slug=slug,
        name=slug,
        description=None,
        category=None,
        price=1,
        active=True,
        deleted=False,
        raw_form=None,
        webhook_url=url,
        platforms=(),
    )


@pytest.fixture
def far_side() -> Iterator[WebhookServer]:
    with contextlib.closing(WebhookServer()) as server:
        yield server


PROFILE = Profile(name="test", webhook=WebhookSettings(allow_hosts=("127.0.0.1",)))


def test_checks_at_most_eight_webhooks_at_once_and_counts_each(far_side: WebhookServer) -> None:
    reply = Reply(204, {METHODS: "OPTIONS, POST"}, declared_length=-1, delay=0.2)
    agents = [agent(str(number), far_side.script(f"/webhook/{number}", reply)) for number in range(20)]
    told: list[int] = []

    checked = reachability.check_agents(agents, PROFILE, progress=lambda _: nullcontext(told.append))

    assert [each.agent.slug for each in checked] == [str(number) for number in range(20)]
    assert {each.look.state for each in checked} == {"registered"}
    assert 1 < far_side.most_at_once <= 8
    assert told == list(range(1, 21))


def test_a_silent_webhook_is_a_finding_and_delays_no_other(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachability, "_SECONDS", 0.5)
    silent = agent("silent", far_side.script("/webhook/silent", Reply(delay=60)))
    swift = agent("swift", far_side.script("/webhook/swift", THERE))

    checked = reachability.check_agents(
        [silent, swift], PROFILE, progress=lambda _: nullcontext(lambda _: None)
    )

    assert [each.look.state for each in checked] == ["no_answer", "registered"]
    assert checked[0].look.message == "No answer within 0.5 s."
