"""A webhook's credentials and parameters are only sent to it: they are neither stored nor shown."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from support.executions import plant
from support.shop import Shop
from support.webhook_server import Hangup, Reply

USER, PASSWORD, TOKEN = "pia-operator", "geheim-8121", "token-4711"
LEGACY = f"https://{USER}:{PASSWORD}@n8n.example.com/webhook/old?key={TOKEN}#{TOKEN}"


def require_no_secret(*texts: str) -> None:
    for text in texts:
        assert not [secret for secret in (USER, PASSWORD, TOKEN) if secret in text], text


def files_of(shop: Shop) -> Iterator[str]:
    """Yield the files that the program has written into its home, without the operator's configuration."""
    for path in shop.program.home.rglob("*"):
        if path.is_file() and path.name != "agentctl.toml":
            yield path.read_text(errors="replace")


@pytest.mark.parametrize(
    "reply",
    [
        Reply.json({"output": "done"}),
        Reply.json({"message": "Error in workflow"}, 500),
        Reply.json({"code": 404, "message": "The requested webhook is not registered."}, 404),
        Reply(302, {"Location": LEGACY}),
        Reply(status=502),
        Reply(hangup=Hangup.AFTER_READING),
    ],
    ids=["success", "failure", "not registered", "redirect", "bad gateway", "hangup"],
)
def test_a_run_stores_and_shows_a_webhook_url_without_secrets(full_shop: Shop, reply: Reply) -> None:
    path = "/webhook/tea"
    url = full_shop.webhook.script(f"{path}?key={TOKEN}", reply)
    url = url.replace("http://", f"http://{USER}:{PASSWORD}@") + f"#{TOKEN}"
    full_shop.marketplace.set_webhook("SEO Blog", url)

    done = full_shop.run("seo-blog", "topic=Tea", "--json", env={"AGENTCTL_DEBUG": "1"})

    [call] = full_shop.webhook.requests
    assert call.headers["authorization"].startswith("Basic ")
    assert call.path == f"{path}?key={TOKEN}"
    [row] = full_shop.rows()
    assert row["workflow_id"] == full_shop.webhook.url(path)
    require_no_secret(done.stdout, done.stderr, json.dumps(row), *files_of(full_shop))
    execution = done.json["data"]["execution"]["id"]
    for command in (
        ("history",),
        ("history", execution),
        ("history", execution, "--json"),
        ("reconcile", execution, "--dry-run", "--json"),
    ):
        shown = full_shop.program(*command)
        require_no_secret(shown.stdout, shown.stderr)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{USER}:{PASSWORD}@127.0.0.3/webhook/old?key={TOKEN}#{TOKEN}",
        f"http://{USER}:{PASSWORD}@127.0.0.1:9/webhook/x?key={TOKEN}",
        f"http://{USER}:{PASSWORD}@10.0.0.1/webhook/x?key={TOKEN}",
        f"https://{USER}:{PASSWORD}@n8n.example.com/webhook-test/x?key={TOKEN}",
        f"ftp://{USER}:{PASSWORD}@n8n.example.com/x?key={TOKEN}",
        f"http://{USER}:{PASSWORD}@bad host/x?key={TOKEN}",
        f"http://{USER}:{PASSWORD}@[bad/x?key={TOKEN}",
        f"{USER}:{PASSWORD}@n8n.example.com/x?key={TOKEN}",
    ],
)
def test_no_command_shows_the_secrets_of_a_webhook_url(shop: Shop, url: str) -> None:
    shop.marketplace.set_webhook("SEO Blog", url)

    for command in (
        ("agents",),
        ("agents", "seo-blog"),
        ("agents", "seo-blog", "--json"),
        ("agents", "--json"),
        ("agents", "check", "seo-blog"),
        ("agents", "check", "--json"),
        ("run", "seo-blog", "topic=Tea", "--dry-run"),
        ("run", "seo-blog", "topic=Tea", "--dry-run", "--json"),
        ("run", "seo-blog", "topic=Tea", "--timeout", "2s"),
        ("schema-check", "--json"),
        ("audit",),
    ):
        shown = shop.program(*command, env={"AGENTCTL_DEBUG": "1"})
        require_no_secret(shown.stdout, shown.stderr)
    require_no_secret(*files_of(shop))
    screen = shop.program.on_terminal("agents", "seo-blog")
    require_no_secret(screen.text)


def test_shows_recorded_webhook_urls_without_their_secrets(full_shop: Any) -> None:
    key = UUID("eeeeeeee-0000-4000-8000-000000000009")
    plant(full_shop.marketplace, status="running", charged=10, key=key, workflow_id=LEGACY)

    for command in (
        ("history", str(key)),
        ("history", str(key), "--json"),
        ("history", "--json"),
        ("history", "--all", "--format", "csv"),
        ("history", "--all", "--format", "jsonl"),
        ("reconcile", str(key), "--dry-run", "--stale-after", "0s", "--json"),
    ):
        shown = full_shop.program(*command)
        require_no_secret(shown.stdout, shown.stderr)
        if "history" in command:
            assert "https://n8n.example.com/webhook/old" in shown.stdout
