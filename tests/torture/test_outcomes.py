"""Every webhook behaviour of docs/outcomes.md, acted out with the installed program.

The cases below are the rows of that document; a test requires the two to agree.
"""

import contextlib
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agentctl.core.webhook.answer import BODY_LIMIT
from support.rules import violations
from support.shop import Shop
from support.webhook_server import Hangup, Reply, WebhookServer, make_certificate

_DOCUMENT = Path(__file__).parents[2] / "docs/outcomes.md"
_PATH = "/webhook/agent"


class End(NamedTuple):
    """The end of a run, in the table's columns of these names."""

    outcome: str
    exit_code: int
    charge: str


SUCCESS = End("success", 0, "kept")
FAILED = End("failed", 1, "refunded")
UNKNOWN = End("unknown", 5, "held")


class FarSide:
    """The servers of one case, until the stack is closed; `env` is for the program."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.env: dict[str, str] = {}
        self.servers: list[WebhookServer] = []

    def serve(self, *replies: Reply, **how: Any) -> str:
        server = self._stack.enter_context(WebhookServer(**how))
        self.servers.append(server)
        return server.script(_PATH, *replies)

    def serve_tls(self, name: str, *, trusted: bool = True, expired: bool = False) -> str:
        certificate, context = make_certificate(self._folder, [name], expired=expired)
        if trusted:
            self.env["SSL_CERT_FILE"] = str(certificate)
        return self.serve(OK, tls=context)

    def stay_silent(self) -> str:
        listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        return f"https://127.0.0.1:{listener.getsockname()[1]}/"

    @property
    def requests(self) -> int:
        return sum(len(server.requests) for server in self.servers)


Scene = Callable[[FarSide], str]
"""Sets up a far side, and returns the URL to call."""


def to(*replies: Reply) -> Scene:
    """Set up a server that gives these answers in turn and then repeats the last one."""
    return lambda far: far.serve(*replies)


@dataclass(frozen=True)
class Case:
    """One row of the document.

    Attributes:
        behaviour: what the far side does, in words.
        scenes: the scenes of the row; each is a run of its own.
        tries: how often agentctl connects, or tries to; one of these numbers.
        requests: how many arrive completely; None: as many as there are tries.
        more: additional configuration.

    """

    behaviour: str
    end: End
    scenes: tuple[Scene, ...] = field(repr=False)
    tries: tuple[int, ...] = (1,)
    requests: int | None = None
    timeout: str = "20s"
    more: str = ""

    @property
    def row(self) -> str:
        """The row as the document has it."""
        tries = " or ".join(map(str, self.tries))
        arrive = tries if self.requests is None else self.requests
        cells = (self.behaviour, self.end.outcome, self.end.exit_code, self.end.charge, tries, arrive)
        return f"| {' | '.join(map(str, cells))} |"


OK = Reply.json({"title": "x"})
ECHO = {"headers": {"x-api-key": "k"}, "params": {}, "query": {}, "body": {}, "webhookUrl": "http://n8n/webhook/a",
        "executionMode": "production"}  # fmt: skip
BROKEN = Reply.json({"message": "Error in workflow"}, 500)
LOST = Reply(hangup=Hangup.AFTER_READING)
NOT_REGISTERED = Reply.json(
    {"code": 404, "message": 'The requested webhook "POST x" is not registered.', "hint": "Activate it."}, 404
)
IDEMPOTENT = "[profiles.test.agents.seo-blog]\nidempotent = true"
RULED_OUT = '[profiles.test.agents.seo-blog]\nsuccess_when = "status != error"'
RULED = '[profiles.test.agents.seo-blog]\nsuccess_when = "status == ok"'
PAST, FUTURE = "Mon, 06 Jul 2026 08:00:00 GMT", "Mon, 06 Jul 2099 08:00:00 GMT"
SSE = "text/event-stream"
NODE = {"metadata": {"nodeId": "n1", "nodeName": "AI Agent", "itemIndex": 0, "runIndex": 0}}
BEGIN, ITEM, END, ERROR = (
    {"type": "begin", **NODE},
    {"type": "item", "content": "Tea", **NODE},
    {"type": "end", **NODE},
    {"type": "error", "content": "The model is overloaded", **NODE},
)
STARTING_503 = Reply.json({"code": 0, "message": "Database is not ready!"}, 503)
HTML = "<!DOCTYPE html><h1>Something went wrong</h1>"
CHUNKED = b"HTTP/1.1 200 \r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def lines(*pieces: dict[str, Any]) -> str:
    return "".join(json.dumps(piece) + "\n" for piece in pieces)


def html_text(text: str) -> Reply:
    return Reply.text(text, content_type="text/html; charset=utf-8")


def html(status: int) -> Reply:
    return Reply.text(HTML, status, content_type="text/html")


def wait(status: int, seconds: str) -> Reply:
    return Reply(status, {"Retry-After": seconds})


def typed(content_type: str, body: bytes, **others: Any) -> Reply:
    return Reply(headers={"Content-Type": content_type}, body=body, **others)


def compressed(body: bytes, encoding: str = "gzip") -> Reply:
    return Reply(headers={"Content-Type": "text/plain", "Content-Encoding": encoding}, body=body)


def each(*replies: Reply) -> tuple[Scene, ...]:
    return tuple(to(reply) for reply in replies)


def nothing_sent(behaviour: str, *scenes: Scene, tries: tuple[int, ...] = (1,), timeout: str = "20s") -> Case:
    return Case(behaviour, FAILED, scenes, tries=tries, requests=0, timeout=timeout)


CASES = {
    "Nothing was sent": (
        nothing_sent("connection refused", lambda _: "http://127.0.0.1:9/x", tries=(4,)),
        nothing_sent("host name without an address", lambda _: "http://nobody.invalid/x", tries=(2, 4)),
        nothing_sent(
            "name of a private address that is not in `allow_hosts`",
            lambda far: far.serve(OK).replace("127.0.0.1", socket.gethostname()),
        ),
        nothing_sent(
            "TLS: expired certificate", lambda far: far.serve_tls("127.0.0.1", expired=True), tries=(2,)
        ),
        nothing_sent(
            "TLS: certificate for another host", lambda far: far.serve_tls("n8n.example.com"), tries=(2,)
        ),
        nothing_sent(
            "TLS: self-signed certificate", lambda far: far.serve_tls("127.0.0.1", trusted=False), tries=(2,)
        ),
        nothing_sent(
            "TLS: the server does not speak TLS",
            lambda far: far.serve(OK).replace("http", "https"),
            tries=(4,),
        ),
        nothing_sent(
            "TLS: reset during the handshake",
            lambda far: far.serve(OK, resets=True).replace("http", "https"),
            tries=(4,),
        ),
        nothing_sent("TLS: silence until the deadline", FarSide.stay_silent, timeout="1s"),
    ),
    "Sent, but no complete answer": (
        Case(
            "connection reset before the request is read",
            UNKNOWN,
            each(Reply(hangup=Hangup.BEFORE_READING)),
            requests=0,
        ),
        Case(
            "connection reset after the request was sent",
            UNKNOWN,
            each(Reply(hangup=Hangup.RESET_AFTER_READING)),
        ),
        Case("connection closed after the request was sent", UNKNOWN, each(LOST)),
        Case("no answer within `--timeout`", UNKNOWN, each(Reply.json({}, delay=60)), timeout="1s"),
        Case(
            "one byte per second, beyond `--timeout`",
            UNKNOWN,
            each(Reply.json({}, 500, drip=1)),
            timeout="1s",
        ),
        Case("an answer that is not HTTP", UNKNOWN, each(Reply(raw=b"220 mail.example.com ESMTP\r\n"))),
        Case(
            "body that ends before its Content-Length or its last chunk",
            UNKNOWN,
            each(
                Reply.json({"a": 1}, declared_length=99),
                Reply.json({"message": "Error in workflow"}, 500, declared_length=99),
                Reply(raw=CHUNKED + b'7\r\n{"a": 1\r\n'),
            ),
        ),
        Case("body of more than 10 MiB", UNKNOWN, each(Reply.text("x" * (BODY_LIMIT + 1)))),
        Case("gzip of more than 10 MiB", UNKNOWN, each(compressed(gzip.compress(bytes(BODY_LIMIT + 1))))),
        Case(
            "compression that is broken or unknown",
            UNKNOWN,
            each(compressed(gzip.compress(b"text")[:-9]), compressed(b"no gzip"), compressed(b"?", "br")),
        ),
    ),
    "2xx": (
        Case("JSON", SUCCESS, each(OK, Reply.json([{"a": 1}], 201), OK.gzipped())),
        Case("text or HTML", SUCCESS, each(Reply.text("# Title"), html(200))),
        Case("text that is not UTF-8", SUCCESS, each(typed("text/plain", b"caf\xe9"))),
        Case("a file: PDF, image or other binary data", SUCCESS, each(typed("application/pdf", b"%PDF\0"))),
        Case(
            "Content-Type is JSON, the body is not", SUCCESS, each(typed("application/json", b'{"title": '))
        ),
        Case("more bytes than its Content-Length", SUCCESS, each(Reply.json({"a": 1}, declared_length=4))),
        Case("empty 200, 204", UNKNOWN, each(Reply(), Reply.text(" \r\n"), Reply(204, declared_length=-1))),
        Case(
            "n8n's echo of the request, for a workflow that waits",
            UNKNOWN,
            each(Reply.json(ECHO), Reply.json([ECHO])),
        ),
        Case(
            "`Workflow was started`, `Workflow got started.`",
            UNKNOWN,
            each(*(Reply.json({"message": f"Workflow {word}"}) for word in ("was started", "got started."))),
        ),
        Case(
            "streamed text that ends",
            SUCCESS,
            each(Reply.text(lines(BEGIN, ITEM, END)), typed(SSE, b"data: Tea\n\ndata: [DONE]\n\n")),
        ),
        Case(
            "streamed text with an error",
            FAILED,
            each(
                typed("application/json", lines(BEGIN, ITEM, ERROR).encode()),
                typed("application/json", lines(ERROR, BEGIN, ITEM, END).encode()),
                typed(SSE, b"data: Tea\n\nevent: error\ndata: no more\n\n"),
            ),
        ),
        Case(
            "streamed text without its end",
            UNKNOWN,
            each(Reply.text(lines(BEGIN, ITEM)), typed(SSE, b"data: Tea\n\n")),
        ),
        Case("a stream that ends without text", UNKNOWN, each(Reply.text(lines(BEGIN, END)))),
        Case(
            "`n8n is starting up`",
            FAILED,
            each(html_text("n8n is starting up. Please wait"), STARTING_503),
            tries=(4,),
        ),
        Case(
            "`n8n is starting up`, then JSON",
            SUCCESS,
            (to(html_text("n8n is starting up. Please wait"), OK),),
            tries=(2,),
        ),
        Case(
            "JSON for which `success_when` holds",
            SUCCESS,
            each(Reply.json({"status": "ok"}), Reply.json([{"status": "ok"}])),
            more=RULED,
        ),
        Case(
            "JSON without the path of `success_when`",
            UNKNOWN,
            each(Reply.json({"state": "ok"}), Reply.json([])),
            more=RULED_OUT,
        ),
        Case(
            "JSON for which `success_when` does not hold",
            FAILED,
            each(Reply.json({"status": "no"})),
            more=RULED,
        ),
        Case("no JSON, and the agent has `success_when`", UNKNOWN, each(Reply.text("ok")), more=RULED),
    ),
    "3xx": (
        Case(
            "redirect",
            UNKNOWN,
            each(*(Reply(status, {"Location": "/elsewhere"}) for status in (302, 307))),
        ),
    ),
    "4xx": (
        Case(
            "400, 401, 403, 409, 413, 422 and others",
            FAILED,
            each(*(Reply.json({"message": "no"}, status) for status in (400, 401, 409, 413, 422)), html(403)),
        ),
        Case("404, n8n's included", FAILED, each(NOT_REGISTERED, html(404))),
        Case("408", UNKNOWN, each(Reply(408))),
        Case("429 without Retry-After", FAILED, each(Reply(429)), tries=(4,)),
        Case("429 with Retry-After in seconds or as a date", FAILED, each(wait(429, "0")), tries=(4,)),
        Case(
            "429 with Retry-After, then 200",
            SUCCESS,
            (to(wait(429, "1"), OK), to(wait(429, PAST), OK)),
            tries=(2,),
        ),
        Case("429 with Retry-After beyond the deadline", FAILED, each(wait(429, "3600"), wait(429, FUTURE))),
    ),
    "5xx": (
        Case("500 with n8n's message `Error in workflow`", FAILED, each(BROKEN)),
        Case("500 with any other JSON object", FAILED, each(Reply.json({"error": "no such city"}, 500))),
        Case(
            "500 with n8n's message `No item to return was found`",
            UNKNOWN,
            each(
                Reply.json({"code": 0, "message": "No item to return was found"}, 500),
                Reply.json({"code": 0, "message": "No binary data was found to return"}, 500),
            ),
        ),
        Case("500, empty or HTML", UNKNOWN, each(Reply(500), html(500))),
        Case("502, 504", UNKNOWN, each(Reply.json({"message": "Bad gateway"}, 502), html(504))),
        Case("503 without Retry-After", UNKNOWN, each(html(503))),
        Case("503 with Retry-After", UNKNOWN, each(wait(503, "0")), tries=(4,)),
        Case("503 with Retry-After, then 200", SUCCESS, (to(wait(503, "1"), OK),), tries=(2,)),
        Case("503 with Retry-After, then 4xx", UNKNOWN, (to(wait(503, "0"), Reply(429)),), tries=(4,)),
        Case("520 to 524", UNKNOWN, each(*(html(status) for status in (520, 524)))),
    ),
    "An agent declared `idempotent`": (
        Case(
            "connection lost, 408, 500 (empty), 502 or the like, then 200",
            SUCCESS,
            tuple(to(first, OK) for first in (LOST, Reply(408), Reply(500), html(502))),
            tries=(2,),
            more=IDEMPOTENT,
        ),
        Case("502 every time", UNKNOWN, each(html(502)), tries=(4,), more=IDEMPOTENT),
        Case(
            "connection lost, then 409",
            UNKNOWN,
            (to(LOST, Reply.json({"message": "is running"}, 409)),),
            tries=(2,),
            more=IDEMPOTENT,
        ),
        Case(
            "no answer within `--timeout`",
            UNKNOWN,
            each(Reply.json({}, delay=60)),
            timeout="1s",
            more=IDEMPOTENT,
        ),
    ),
}
_ALL = [case for cases in CASES.values() for case in cases]
_HEADERS = (
    "| the far side's behaviour | outcome | exit code | charge | tries | requests that arrive |",
    "| --- | --- | --- | --- | --- | --- |",
)


def test_the_document_has_exactly_these_rows() -> None:
    expected = [
        line
        for heading, cases in CASES.items()
        for line in (f"### {heading}", *_HEADERS, *(case.row for case in cases))
    ]
    written = _DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert [line for line in written if line.startswith(("| ", "### "))] == expected


@pytest.mark.parametrize("case", _ALL, ids=lambda case: case.behaviour)
def test_a_run_ends_as_the_document_says(shop_with: Callable[..., Shop], case: Case, tmp_path: Path) -> None:
    shop = shop_with(more=case.more)
    for scene in case.scenes:
        with _act(scene, tmp_path) as (url, far):
            shop.marketplace.set_webhook("SEO Blog", url)
            whole = shop.run_json(
                "seo-blog",
                "topic=Tea",
                "--timeout",
                case.timeout,
                exit_code=case.end.exit_code,
                env=far.env,
            )
            _check(whole["data"], case, requests=far.requests)
        _check_books(shop, whole["data"]["execution"]["id"], case.end)


@contextlib.contextmanager
def _act(scene: Scene, folder: Path) -> Iterator[tuple[str, FarSide]]:
    with contextlib.ExitStack() as stack:
        far = FarSide(stack, folder)
        yield scene(far), far


def _check(data: dict[str, Any], case: Case, *, requests: int) -> None:
    tries = data["webhook"]["attempts"]
    assert data["execution"]["outcome"] == case.end.outcome
    assert tries in case.tries, data
    assert requests == (tries if case.requests is None else case.requests)
    assert data["webhook"]["sent"] is (case not in CASES["Nothing was sent"])
    charged, refunded = data["credits"]["charged"], data["credits"]["refunded"]
    assert (charged, refunded) == (10, 10 if case.end is FAILED else 0)


def _check_books(shop: Shop, execution: str, end: End) -> None:
    status = {row["id"]: row["status"] for row in shop.rows()}[execution]
    assert status == {"unknown": "running"}.get(end.outcome, end.outcome)
    moved = [(kind, amount) for kind, amount, whose in shop.ledger() if whose == execution]
    assert moved == [("usage", -10), *([("refund", 10)] if end is FAILED else [])]
    assert violations(shop.marketplace) == []
