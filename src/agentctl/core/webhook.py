"""Calls an agent's webhook and says what became of it: the only place that knows httpx.

It never sends a request again that may have arrived, except for an agent declared idempotent, and follows no
redirect. It writes nothing: charging before the call and settling after it are the caller's.
"""

import asyncio
import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from agentctl.core.answers import (
    BODY_LIMIT,
    Answer,
    BodyBroken,
    BodyTooLarge,
    decompress,
    read_content,
    seconds_to_wait,
)
from agentctl.core.delivery import (
    CONNECT_SECONDS,
    RETRIES,
    Attempt,
    Broken,
    Delivery,
    EventKind,
    OnEvent,
    Stage,
    WebhookEvent,
)
from agentctl.core.endpoint import Endpoint, Target, check_endpoint, headers_for, target_of
from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.outcomes import MAY_PASS, Judgement, Reason, judge

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import httpx

__all__ = ["Endpoint", "EventKind", "OnEvent", "WebhookCall", "WebhookEvent", "call", "check_endpoint"]


@dataclass(frozen=True, kw_only=True)
class WebhookCall(Judgement):
    """How a call ended.

    Attributes:
        sent: whether any byte of a request may have reached the other side.
        attempts: how many there were, sent or not.
        http_status: of the answer that was judged; None where there was none.
        duration_ms: of the whole call, with its pauses.

    """

    sent: bool
    attempts: int
    http_status: int | None
    duration_ms: int


def call(
    endpoint: Endpoint,
    body: Mapping[str, object] | bytes,
    *,
    execution_id: str,
    timeout: float,
    on_event: OnEvent | None = None,
) -> WebhookCall:
    """Call a webhook; whatever becomes of that is returned, not raised.

    Args:
        endpoint: one that `check_endpoint` has let pass.
        body: JSON, or what can be written as JSON.
        execution_id: goes into the headers, as the idempotency key too.
        timeout: seconds for everything: look-up, attempts, pauses, the last byte of the answer.
        on_event: is told what happens.

    Raises:
        Refused, ConfigError: the endpoint was not checked.
        KeyboardInterrupt: on Ctrl-C; something may have been sent if there was a `sent` event.

    """
    request = _Request(
        endpoint=endpoint,
        target=target_of(endpoint.url),
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        execution_id=execution_id,
    )
    client = _client(request.target)  # out of the loop, which it would hold up
    return asyncio.run(_deliver(client, request, on_event or (lambda _: None), seconds=timeout))


@dataclass(frozen=True, slots=True)
class _Request:
    endpoint: Endpoint
    target: Target
    content: bytes
    execution_id: str


async def _deliver(
    client: "httpx.AsyncClient", request: _Request, on_event: OnEvent, *, seconds: float
) -> WebhookCall:
    loop = asyncio.get_running_loop()
    _stay_awake(loop)
    began = loop.time()
    delivery = Delivery(request.endpoint, request.target, timeout=seconds, on_event=on_event)
    async with client:
        last = await delivery.run(lambda: _Exchange(client, request, on_event))
    return WebhookCall(
        **vars(last.judgement),
        sent=delivery.sent,
        attempts=delivery.attempts,
        http_status=last.http_status,
        duration_ms=round((loop.time() - began) * 1000),
    )


def _stay_awake(loop: asyncio.AbstractEventLoop) -> None:
    """Wake the loop now and then: it sleeps through a signal that comes just before it goes to sleep."""
    loop.call_later(0.25, _stay_awake, loop)


def _client(target: Target) -> "httpx.AsyncClient":
    """Return a client that goes only where it is told, and trusts what the system and SSL_CERT_FILE trust."""
    import httpx  # noqa: PLC0415 - what only prepares a call does not pay for it

    verify: ssl.SSLContext | bool = False
    if target.scheme == "https":
        verify = httpx.create_ssl_context(trust_env=False)
        verify.load_default_certs()
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)  # the rest is the delivery's deadline
    return httpx.AsyncClient(verify=verify, timeout=timeout, follow_redirects=False, trust_env=False)


_STAGES = {
    "connection.connect_tcp.started": Stage.CONNECTING,
    "connection.start_tls.started": Stage.HANDSHAKE,
    "http11.send_request_headers.started": Stage.SENDING,
}


class _Exchange:
    """One attempt on the wire."""

    def __init__(self, client: "httpx.AsyncClient", request: _Request, on_event: OnEvent) -> None:
        self._client = client
        self._request = request
        self._on_event = on_event
        self._connection: Any = None  # of httpcore, which has no public name for it
        self.stage = Stage.CONNECTING
        self.http_status: int | None = None

    async def post(self, address: str) -> Attempt:
        """Send the request to an address, the very one that was checked, and judge the answer.

        Raises:
            Broken: there is none, or not all of it.

        """
        import httpx  # noqa: PLC0415 - see _client

        try:
            async with self._stream(address) as response:
                self.http_status = response.status_code
                self._on_event(WebhookEvent(EventKind.ANSWERED, str(response.status_code)))
                answer = await _read(response)
                passing(Failpoint.ANSWERED)
                return self._judged(answer)
        except httpx.HTTPError as error:
            raise self._broken(error, address) from None
        finally:
            if self._connection is not None:  # a deadline during the handshake leaves it open
                await self._connection.aclose()

    def _stream(self, address: str) -> "AbstractAsyncContextManager[httpx.Response]":
        request = self._request
        headers = headers_for(
            request.endpoint,
            request.target,
            request.content,
            execution_id=request.execution_id,
            now=int(time.time()),
        )
        extensions = {"trace": self._trace, "sni_hostname": request.target.host}
        url = request.target.url_at(address)
        return self._client.stream(
            "POST", url, content=request.content, headers=headers, extensions=extensions
        )

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._connection = info["return_value"]
        stage = _STAGES.get(event)
        if stage is not None:
            self.stage = stage
        if stage is Stage.SENDING:
            self._on_event(WebhookEvent(EventKind.SENT))
            passing(Failpoint.SENDING)
        if event == "http11.send_request_body.complete":
            passing(Failpoint.SENT)

    def _judged(self, answer: Answer) -> Attempt:
        endpoint = self._request.endpoint
        judgement = judge(answer, success_when=endpoint.success_when)
        pause = seconds_to_wait(answer.retry_after, now=datetime.now(UTC))
        not_now = answer.status == HTTPStatus.TOO_MANY_REQUESTS or (
            answer.status == HTTPStatus.SERVICE_UNAVAILABLE and pause is not None
        )
        again = not_now or (endpoint.idempotent and judgement.reason in MAY_PASS)
        return Attempt(judgement, answer.status, RETRIES if again else 0, pause)

    def _broken(self, error: Exception, address: str) -> Broken:
        """Say what a failure of the connection means at the stage where it came."""
        if self.stage is Stage.SENDING:
            reason = Reason.CONNECTION_LOST if self.http_status is None else Reason.ANSWER_BROKEN
            retries = RETRIES if self._request.endpoint.idempotent else 0
            return Broken(reason, "the connection ended before it did", retries=retries)
        detail = f"{self._request.target.host_header} ({address}) {_why_no_connection(error)}"
        if self.stage is Stage.HANDSHAKE:
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
            return Broken(Reason.TLS_FAILED, detail, retries=1 if untrusted else RETRIES)
        return Broken(Reason.NOT_CONNECTED, detail, retries=RETRIES)


async def _read(response: "httpx.Response") -> Answer:
    """Read an answer to its end.

    Raises:
        Broken: it is too large, or cannot be decompressed.

    """
    try:
        body = await _read_raw(response)
        plain = decompress(body, response.headers.get("content-encoding", ""))
    except BodyTooLarge:
        raise Broken(Reason.ANSWER_TOO_LARGE, f"{BODY_LIMIT // 1024**2} MiB") from None
    except BodyBroken:
        raise Broken(Reason.ANSWER_BROKEN, "its compression cannot be undone") from None
    return Answer(
        status=response.status_code,
        content=read_content(plain, response.headers.get("content-type", "")),
        location=response.headers.get("location"),
        retry_after=response.headers.get("retry-after"),
    )


async def _read_raw(response: "httpx.Response") -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
    return bytes(body)


def _why_no_connection(error: Exception) -> str:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"has a certificate that is not trusted: {cause.verify_message}"
            case ssl.SSLError():
                return f"does not speak TLS as it should: {cause.reason}"
            case ConnectionRefusedError():
                return "refused the connection"
            case TimeoutError():
                return f"did not answer within {CONNECT_SECONDS:g} s"
            case OSError(errno=int(number)):
                return f"cannot be reached: {os.strerror(number)}"
    return "ended the connection"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
