"""The webhook client against a server on a real socket: the outcome, and the number of requests."""

import asyncio
import base64
import contextlib
import gc
import gzip
import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from agentctl.core.models import Outcome
from agentctl.core.settling.n8n.api import Api
from agentctl.core.webhook import attempts
from agentctl.core.webhook.answer import BODY_LIMIT
from agentctl.core.webhook.attempts import WebhookEvent
from agentctl.core.webhook.call import WebhookCall, call_webhook
from agentctl.core.webhook.endpoint import Endpoint, target_of
from agentctl.core.webhook.http import Client
from support.webhook_server import Hangup, Reply, WebhookServer, make_certificate

SUCCESS, FAILED, UNKNOWN = Outcome.SUCCESS, Outcome.FAILED, Outcome.UNKNOWN
PATH = "/webhook/agent"
SHORT = 0.3
LONG = 20.0
OK = Reply.json({"title": "x"})
LOST = Reply(hangup=Hangup.AFTER_READING)


@pytest.fixture
def far_side() -> Iterator[WebhookServer]:
    with WebhookServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.01)


def calling(
    url: str, *, timeout: float = LONG, on_event: Callable[[WebhookEvent], None] | None = None, **others: Any
) -> WebhookCall:
    endpoint = Endpoint(url, **{"allow_hosts": ("127.0.0.1", "localhost"), **others})
    return call_webhook(
        endpoint, {"inputs": {"a": "ä"}}, execution_id="run-1", timeout=timeout, on_event=on_event
    )


def verdict_of(call: WebhookCall) -> tuple[Outcome, str]:
    return call.judgement.outcome, call.judgement.reason


def resolving_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """Let every name have these addresses."""

    def getaddrinfo(_host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


# What is sent


def test_posts_the_execution_as_json_with_its_id(far_side: WebhookServer) -> None:
    done = calling(far_side.script(PATH + "?a=1&b=%2F", OK), headers={"X-Api-Key": "k"})
    [request] = far_side.requests
    assert (request.method, request.path) == ("POST", PATH + "?a=1&b=%2F")
    assert request.json == {"inputs": {"a": "ä"}}
    expected = {
        "host": f"127.0.0.1:{far_side.port}",
        "content-type": "application/json",
        "x-agentctl-execution-id": "run-1",
        "idempotency-key": "run-1",
        "x-api-key": "k",
    }
    assert expected.items() <= request.headers.items()
    assert request.headers["user-agent"].startswith("agentctl/")
    judgement = done.judgement
    assert (judgement.outcome, judgement.result, judgement.has_result) == (SUCCESS, {"title": "x"}, True)
    assert (done.sent, done.attempts, done.http_status) == (True, 1, 200)


def test_sends_bytes_unchanged(far_side: WebhookServer) -> None:
    endpoint = Endpoint(far_side.script(PATH, OK), allow_hosts=("127.0.0.1",))
    call_webhook(endpoint, b'{"a":  1}', execution_id="run-1", timeout=LONG)
    assert far_side.requests[0].body == b'{"a":  1}'


def test_a_signed_request_can_be_verified_with_the_key(far_side: WebhookServer) -> None:
    calling(far_side.script(PATH, OK), signing_secret="whsec_" + base64.b64encode(b"open sesame").decode())
    [request] = far_side.requests
    signed = f"run-1.{request.headers['webhook-timestamp']}.".encode() + request.body
    digest = base64.b64encode(hmac.new(b"open sesame", signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-id"] == "run-1"
    assert request.headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60


def test_credentials_in_the_url_are_sent_as_basic_authentication(far_side: WebhookServer) -> None:
    url = far_side.script(PATH, OK).replace("//", "//ops:p%40ss@")
    calling(url)
    [request] = far_side.requests
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'ops:p@ss').decode()}"
    assert request.headers["host"] == f"127.0.0.1:{far_side.port}"


def test_the_proxy_of_the_environment_is_not_used(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    assert calling(far_side.script(PATH, OK)).judgement.outcome is SUCCESS


# What is answered: every row is asked once and never again


@pytest.mark.parametrize(
    ("reply", "outcome", "reason", "status"),
    [
        (OK, SUCCESS, "answered", 200),
        (Reply.json([{"a": 1}], 201), SUCCESS, "answered", 201),
        (OK.gzipped(), SUCCESS, "answered", 200),
        (Reply(body=b'{"a": 1}', declared_length=-1), SUCCESS, "answered", 200),
        (Reply.text("# Title"), SUCCESS, "answered", 200),
        (Reply(), UNKNOWN, "empty_answer", 200),
        (Reply(status=204, declared_length=-1), UNKNOWN, "empty_answer", 204),
        (Reply.json({"message": "Workflow was started"}), UNKNOWN, "only_started", 200),
        (Reply(status=302, headers={"Location": "/webhook/other"}), UNKNOWN, "redirected", 302),
        (Reply(status=400), FAILED, "rejected", 400),
        (Reply.json({"message": "Error in workflow"}, 500), FAILED, "agent_error", 500),
        (Reply(status=500), UNKNOWN, "server_error", 500),
        (Reply.text("<html>", 500, content_type="text/html"), UNKNOWN, "server_error", 500),
        *((Reply.json({}, status), UNKNOWN, "gateway_error", status) for status in (502, 503, 504, 524)),
        (LOST, UNKNOWN, "connection_lost", None),
        (Reply(hangup=Hangup.RESET_AFTER_READING), UNKNOWN, "connection_lost", None),
        (Reply(raw=b"I am no web server\r\n\r\n"), UNKNOWN, "connection_lost", None),
        (Reply(raw=b"HTTP/1.1 200 \r\nX: " + b"x" * 200_000), UNKNOWN, "connection_lost", None),
        (Reply.json({"a": 1}, declared_length=99), UNKNOWN, "answer_broken", 200),
        (Reply.json({"a": 1}, 500, declared_length=99), UNKNOWN, "answer_broken", 500),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), UNKNOWN, "answer_broken", 200),
        (
            Reply(body=gzip.compress(b"[1, 2, 3]")[:-9], headers={"Content-Encoding": "gzip"}),
            UNKNOWN,
            "answer_broken",
            200,
        ),
        (Reply(body=b"?", headers={"Content-Encoding": "br"}), UNKNOWN, "answer_broken", 200),
        (Reply(body=b"x" * (BODY_LIMIT + 1)), UNKNOWN, "answer_too_large", 200),
        (Reply(body=b"x" * (BODY_LIMIT + 1)).gzipped(), UNKNOWN, "answer_too_large", 200),
    ],
)
def test_judges_an_answer_without_repeating_the_request(
    far_side: WebhookServer, reply: Reply, outcome: Outcome, reason: str, status: int | None
) -> None:
    done = calling(far_side.script(PATH, reply))
    assert (*verdict_of(done), done.http_status) == (outcome, reason, status)
    assert (done.sent, done.attempts, far_side.connections) == (True, 1, 1)


def test_does_not_follow_a_redirect(far_side: WebhookServer) -> None:
    target = far_side.script("/elsewhere", OK)
    done = calling(far_side.script(PATH, Reply(status=307, headers={"Location": target})))
    assert target in (done.judgement.hint or "")
    assert far_side.count("/elsewhere") == 0


def test_an_unregistered_webhook_shows_the_hint_of_n8n(far_side: WebhookServer) -> None:
    done = calling(far_side.url("/webhook/nobody"))
    assert (done.judgement.outcome, done.http_status) == (FAILED, 404)
    assert done.judgement.hint == "The workflow must be active for a production URL to run successfully."


def test_returns_a_file_as_bytes(far_side: WebhookServer) -> None:
    done = calling(far_side.script(PATH, Reply(body=b"%PDF\0", headers={"Content-Type": "application/pdf"})))
    judgement = done.judgement
    assert (judgement.result_bytes, judgement.content_type) == (b"%PDF\0", "application/pdf")
    assert judgement.outcome is SUCCESS


def test_accepts_an_answer_as_large_as_the_limit(far_side: WebhookServer) -> None:
    done = calling(far_side.script(PATH, Reply.text("x" * BODY_LIMIT)))
    assert done.judgement.result_text == "x" * BODY_LIMIT


def test_the_agents_success_rule_decides(far_side: WebhookServer) -> None:
    done = calling(far_side.script(PATH, Reply.json({"status": "error"})), success_when="status == ok")
    assert verdict_of(done) == (FAILED, "rule_not_met")


# Time


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply.json({}, delay=60), None),
        (Reply.json({"slow": "answer"}, drip=0.1), 200),
        (Reply.json({"slow": "answer"}, 500, drip=0.1), 500),
    ],
)
def test_one_deadline_ends_silent_and_dripping_answers(
    far_side: WebhookServer, reply: Reply, status: int | None
) -> None:
    done = calling(far_side.script(PATH, reply), timeout=SHORT, idempotent=True)
    assert (*verdict_of(done), done.http_status) == (UNKNOWN, "timed_out", status)
    assert (done.sent, far_side.count(PATH)) == (True, 1)


def test_a_server_without_a_tls_handshake_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = calling(f"https://127.0.0.1:{silent.getsockname()[1]}/", timeout=SHORT)
    assert (*verdict_of(done), done.sent) == (FAILED, "out_of_time", False)
    gc.collect()  # a connection left open would be warned of, which is an error here


# Before anything was sent, everything is tried again


def test_a_refused_connection_is_tried_four_times() -> None:
    events: list[WebhookEvent] = []
    done = calling(f"http://127.0.0.1:{unused_port()}/", on_event=events.append)
    assert (*verdict_of(done), done.sent, done.attempts) == (FAILED, "not_connected", False, 4)
    assert "refused" in done.judgement.message
    assert [event.kind for event in events] == ["attempt", "waiting"] * 3 + ["attempt"]


def test_does_not_pause_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 6.0)
    done = calling(f"http://127.0.0.1:{unused_port()}/", timeout=5)
    assert (done.judgement.reason, done.attempts) == ("not_connected", 1)


def test_tries_the_next_address_after_a_refusal(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    far_side.script(PATH, OK)
    done = calling(far_side.url(PATH, host="localhost"))
    assert (done.judgement.outcome, done.attempts, far_side.count(PATH)) == (SUCCESS, 1, 1)


def test_tries_no_other_address_after_the_request_was_sent(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, "127.0.0.1", "::ffff:127.0.0.1")  # the same server by another address
    far_side.script(PATH, LOST, OK)
    done = calling(far_side.url(PATH, host="localhost"))
    assert (done.judgement.outcome, done.attempts, far_side.count(PATH)) == (UNKNOWN, 1, 1)


@pytest.mark.parametrize(("code", "attempts"), [(socket.EAI_NONAME, 2), (socket.EAI_AGAIN, 4)])
def test_retries_an_unknown_name_once_and_a_failing_name_service_more_often(
    monkeypatch: pytest.MonkeyPatch, code: int, attempts: int
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    done = calling("https://n8n.example.com/")
    assert (*verdict_of(done), done.sent) == (FAILED, "name_not_found", False)
    assert done.attempts == attempts


# Which addresses


def test_refuses_a_name_with_a_private_address(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, "127.0.0.1")
    done = calling(far_side.url(PATH, host="n8n.example.com"))
    assert (*verdict_of(done), done.sent, done.attempts) == (FAILED, "address_refused", False, 1)
    assert "127.0.0.1, which is loopback" in done.judgement.message
    assert far_side.connections == 0


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1"])
def test_refuses_a_disguised_private_address(far_side: WebhookServer, host: str) -> None:
    assert calling(far_side.url(PATH, host=host), allow_hosts=()).judgement.reason == "address_refused"
    assert far_side.connections == 0


def test_calls_exactly_the_address_that_was_checked(
    far_side: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", "127.0.0.9"])

    def rebinding(_host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    far_side.script(PATH, OK)
    done = calling(far_side.url(PATH, host="n8n.test"), allow_hosts=("n8n.test",))
    assert done.judgement.outcome is SUCCESS
    assert far_side.requests[0].headers["host"] == f"n8n.test:{far_side.port}"
    assert list(answers) == ["127.0.0.9"]


def test_a_cookie_that_one_answer_sets_is_not_sent_with_the_next_attempt(far_side: WebhookServer) -> None:
    baked = {"Set-Cookie": "quince=jam; Path=/", "Retry-After": "0"}
    done = calling(far_side.script(PATH, Reply(429, baked), Reply(503, baked), OK))
    assert (done.judgement.outcome, done.attempts) == (SUCCESS, 3)
    assert not any("cookie" in request.headers for request in far_side.requests)


def test_a_cookie_that_n8n_sets_is_not_sent_with_the_next_page(far_side: WebhookServer) -> None:
    baked = {"Set-Cookie": "n8n-auth=quince; Path=/; HttpOnly"}
    first = "/api/v1/executions?limit=100"
    for number, (path, cursor) in enumerate(
        [(first, "a"), (f"{first}&cursor=a", "b"), (f"{first}&cursor=b", None)]
    ):
        far_side.script(path, Reply.json({"data": [{"id": number}], "nextCursor": cursor}, headers=baked))
    target = target_of(far_side.url("/"))

    async def read() -> list[Any]:
        async with Client(tls=False) as client:
            api = Api(target, key="k", client=client)
            return [item async for page in api.pages("executions") for item in page]

    assert [item["id"] for item in asyncio.run(read())] == [0, 1, 2]
    assert len(far_side.requests) == 3
    assert not any("cookie" in request.headers for request in far_side.requests)


# TLS


def test_the_certificate_is_checked_against_the_name_in_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = make_certificate(tmp_path, ["n8n.test"])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    resolving_to(monkeypatch, "127.0.0.1")
    with WebhookServer(context) as far_side:
        far_side.script(PATH, OK)
        good = calling(far_side.url(PATH, host="n8n.test"), allow_hosts=("n8n.test",))
        bad = calling(far_side.url(PATH, host="localhost"))
        assert (good.judgement.outcome, far_side.count(PATH), far_side.asked_for[0]) == (
            SUCCESS,
            1,
            "n8n.test",
        )
    assert (*verdict_of(bad), bad.sent, bad.attempts) == (FAILED, "tls_failed", False, 2)
    assert "localhost" in bad.judgement.message


def test_refuses_an_untrusted_certificate_before_anything_is_sent(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path, ["localhost"])
    with WebhookServer(context) as far_side:
        done = calling(far_side.url(PATH, host="localhost"))
        assert far_side.requests == []
    assert (*verdict_of(done), done.sent, done.attempts) == (FAILED, "tls_failed", False, 2)
    assert "certificate" in done.judgement.message
    assert "SSL_CERT_FILE" in (done.judgement.hint or "")


def test_a_server_without_tls_was_sent_nothing(far_side: WebhookServer) -> None:
    done = calling(far_side.url(PATH).replace("http:", "https:"))
    assert (*verdict_of(done), done.sent, done.attempts) == (FAILED, "tls_failed", False, 4)


# Asked to wait


@pytest.mark.parametrize(
    "reply",
    [Reply(status=429), Reply(status=429, headers={"Retry-After": "0"}), Reply(503, {"Retry-After": "0"})],
)
def test_retries_after_a_server_asks_to_wait(far_side: WebhookServer, reply: Reply) -> None:
    events: list[WebhookEvent] = []
    done = calling(far_side.script(PATH, reply, OK), on_event=events.append)
    assert (done.judgement.outcome, done.attempts, far_side.count(PATH)) == (SUCCESS, 2, 2)
    once = ["attempt", "sent", "answered"]
    assert [event.kind for event in events] == [*once, "waiting", *once]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"), [(429, FAILED, "rate_limited"), (503, UNKNOWN, "gateway_error")]
)
def test_gives_up_on_a_server_that_always_asks_to_wait(
    far_side: WebhookServer, status: int, outcome: Outcome, reason: str
) -> None:
    done = calling(far_side.script(PATH, Reply(status, {"Retry-After": "0"})))
    assert (*verdict_of(done), done.sent, far_side.count(PATH)) == (outcome, reason, True, 4)


@pytest.mark.parametrize("as_date", [False, True])
def test_does_not_begin_a_wait_beyond_the_deadline(far_side: WebhookServer, as_date: bool) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    in_an_hour = date if as_date else "3600"
    done = calling(far_side.script(PATH, Reply(429, {"Retry-After": in_an_hour}), OK))
    assert (*verdict_of(done), far_side.count(PATH)) == (FAILED, "rate_limited", 1)


def test_an_agent_that_may_have_run_stays_unknown_if_the_next_attempt_is_refused(
    far_side: WebhookServer,
) -> None:
    busy = Reply(503, {"Retry-After": "0"})
    done = calling(far_side.script(PATH, busy, Reply(429, {"Retry-After": "3600"})))
    assert (done.judgement.outcome, done.http_status, far_side.count(PATH)) == (UNKNOWN, 503, 2)


# An agent declared idempotent


@pytest.mark.parametrize("reply", [LOST, Reply(502), Reply(500), Reply.json({}, declared_length=99)])
def test_retries_after_an_unknown_outcome_only_if_the_agent_is_idempotent(
    far_side: WebhookServer, reply: Reply
) -> None:
    done = calling(far_side.script(PATH, reply, OK), idempotent=True)
    assert (done.judgement.outcome, done.attempts, far_side.count(PATH)) == (SUCCESS, 2, 2)


@pytest.mark.parametrize("reply", [Reply(), Reply.json({}, 500), Reply(400), Reply(302)])
def test_does_not_retry_an_idempotent_agent_for_the_same_answer(
    far_side: WebhookServer, reply: Reply
) -> None:
    calling(far_side.script(PATH, reply, OK), idempotent=True)
    assert far_side.count(PATH) == 1


def test_an_idempotent_agent_that_may_have_run_stays_unknown_after_a_rejected_attempt(
    far_side: WebhookServer,
) -> None:
    done = calling(far_side.script(PATH, LOST, Reply(409)), idempotent=True)
    assert (*verdict_of(done), far_side.count(PATH)) == (UNKNOWN, "connection_lost", 2)


# Interruptions


_PROGRAM = """
import signal, socket, sys, time
from agentctl.core.webhook.call import call_webhook
from agentctl.core.webhook.endpoint import Endpoint

def told(event):
    print(event.kind.value, flush=True)
    if event.kind == sys.argv[2]:
        raise KeyboardInterrupt

def terminated(*_):
    raise KeyboardInterrupt

def hang(*_, **__):
    print("resolving", flush=True)
    time.sleep(600)

signal.signal(signal.SIGTERM, terminated)
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may have it ignored
if sys.argv[2] == "hang":
    socket.getaddrinfo = hang
endpoint = Endpoint(sys.argv[1], allow_hosts=("127.0.0.1",))
try:
    call_webhook(endpoint, {}, execution_id="run-1", timeout=float(sys.argv[3]), on_event=told)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@contextlib.contextmanager
def program(url: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, url, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_after_sending_ends_the_call_at_once_and_silently(
    far_side: WebhookServer, number: signal.Signals
) -> None:
    with program(far_side.script(PATH, Reply(delay=600)), "nothing", "600") as process:
        assert process.stdout
        assert [process.stdout.readline() for _ in range(2)] == ["attempt\n", "sent\n"]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert (rest, errors, process.returncode) == ("interrupted\n", "", 0)
    assert far_side.connections == 1


@pytest.mark.parametrize("kind", ["attempt", "sent", "answered"])
def test_an_interruption_in_the_middle_of_a_step_is_silent(far_side: WebhookServer, kind: str) -> None:
    with program(far_side.script(PATH, OK), kind, "600") as process:
        shown, errors = process.communicate(timeout=30)
    assert shown.endswith(f"{kind}\ninterrupted\n")
    assert (errors, process.returncode) == ("", 0)


@pytest.mark.parametrize("interrupt", [True, False])
def test_a_hanging_resolver_does_not_keep_the_program_from_ending(interrupt: bool) -> None:
    with program("http://n8n.example.com/", "hang", "600" if interrupt else "0.3") as process:
        assert process.stdout
        assert process.stdout.readline() == "attempt\n"
        assert process.stdout.readline() == "resolving\n"
        if interrupt:
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert (rest, errors) == ("interrupted\n" if interrupt else "", "")


def test_reports_that_the_request_was_sent_before_the_first_byte_arrives(far_side: WebhookServer) -> None:
    seen: list[int] = []

    def told(event: WebhookEvent) -> None:
        if event.kind == "sent":
            seen.append(len(far_side.requests))

    calling(far_side.script(PATH, OK), on_event=told)
    assert seen == [0]
    assert json.loads(far_side.requests[0].body) == {"inputs": {"a": "ä"}}
