"""The sandbox's loopback server, asked over HTTP while a command uses the sandbox."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import psycopg
import pytest

_USE = """
from agentctl.sandbox.server import folder, running
with running() as url:
    print(url, folder(), sep="\\n", flush=True)
    input()
"""


@dataclass(frozen=True)
class Webhooks:
    """The loopback server, at the address in the demo agents' rows."""

    port: int

    def ask(
        self, path: str, body: bytes = b'{"inputs": {}}', *, method: str = "POST", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body if method == "POST" else None, named)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, answer.headers, json.loads(text) if text else None


@pytest.fixture(scope="module")
def webhooks() -> Iterator[Webhooks]:
    """Keep a sandbox running for this module."""
    with tempfile.TemporaryDirectory(prefix="agentctl-home-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with subprocess.Popen(
            [sys.executable, "-c", _USE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"HOME": home, "PATH": os.environ["PATH"]},
        ) as command:
            said = cast("IO[str]", command.stdout)
            url, folder = said.readline().strip(), said.readline().strip()
            with psycopg.connect(url) as database:
                [[address]] = database.execute("SELECT webhook_url FROM agents WHERE name = 'SEO Blog'")
            yield Webhooks(int(address.split(":")[2].split("/")[0]))
            command.communicate("\n")
        shutil.rmtree(folder)


def test_returns_an_article_as_json(webhooks: Webhooks) -> None:
    request = json.dumps({"inputs": {"topic": "thé"}, "user": {"id": "1", "email": "a@example.com"}}).encode()
    status, headers, article = webhooks.ask("/webhook/seo-blog", request)
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert article["title"] == "Thé: A Practical Guide"


def test_flaky_distinguishes_executions(webhooks: Webhooks) -> None:
    first = webhooks.ask("/webhook/flaky", X_Agentctl_Execution_Id="one")
    assert (first[0], first[1]["Retry-After"]) == (429, "1")
    assert webhooks.ask("/webhook/flaky", X_Agentctl_Execution_Id="two")[0] == 429
    assert webhooks.ask("/webhook/flaky", X_Agentctl_Execution_Id="one")[0] == 200


def test_a_slow_request_delays_no_other(webhooks: Webhooks) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", webhooks.port, timeout=30)) as waiting:
        waiting.request("POST", "/webhook/slow", b'{"inputs": {"seconds": 600}}')
        assert webhooks.ask("/webhook/slow", b'{"inputs": {"seconds": 0}}')[0] == 200


def test_answers_an_unknown_path_as_n8n_does(webhooks: Webhooks) -> None:
    status, _, body = webhooks.ask("/webhook/nothing")
    assert status == 404
    assert body["code"] == 404
    assert body["message"] == 'The requested webhook "POST nothing" is not registered.'


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_answers_another_method_as_n8n_does(webhooks: Webhooks, method: str) -> None:
    status, _, body = webhooks.ask("/webhook/slow", method=method)
    assert status == 404
    assert body["message"] == (
        f"This webhook is not registered for {method} requests. Did you mean to make a POST request?"
    )


@pytest.mark.parametrize(
    ("path", "status", "methods"),
    [("/webhook/seo-blog", 204, "OPTIONS, POST"), ("/webhook/retired", 500, "OPTIONS")],
)
def test_a_preflight_request_shows_whether_a_webhook_exists(
    webhooks: Webhooks, path: str, status: int, methods: str
) -> None:
    asked = webhooks.ask(
        path, method="OPTIONS", Origin="http://127.0.0.1", Access_Control_Request_Method="POST"
    )
    assert (asked[0], asked[1]["Access-Control-Allow-Methods"]) == (status, methods)


def test_a_body_that_is_not_json_is_refused(webhooks: Webhooks) -> None:
    assert webhooks.ask("/webhook/seo-blog", b"topic=tea")[0] == 422


def test_a_body_over_the_limit_is_refused_unread(webhooks: Webhooks) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", webhooks.port, timeout=30)) as connection:
        connection.putrequest("POST", "/webhook/seo-blog")
        connection.putheader("Content-Length", str(1024 * 1024 + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
