"""Sends one HTTP request to one address and reads the answer: the only module that knows httpx.

It judges no answer, repeats nothing and follows no redirect. It connects only to the address that it is
given, ignores the environment's proxies, and stops reading an answer that is too large.
"""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec import Struct

from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.models import Reticent
from agentctl.core.webhook.answer import (
    BODY_LIMIT,
    BodyBroken,
    BodyTooLarge,
    WebhookAnswer,
    decompress,
    read_content,
)
from agentctl.core.webhook.endpoint import Target
from agentctl.core.webhook.judgement import Reason

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import httpx

CONNECT_SECONDS = 10.0
"""For one look-up, one connection, one handshake: the next address may answer where this one is silent."""


class Stage(Enum):
    """How far an exchange has got; from the last stage on, the agent may be running."""

    CONNECTING = auto()
    HANDSHAKE = auto()
    SENDING = auto()


_STAGES = {
    "connection.connect_tcp.started": Stage.CONNECTING,
    "connection.start_tls.started": Stage.HANDSHAKE,
    "http11.send_request_headers.started": Stage.SENDING,
}


class Request(Reticent, Struct, frozen=True):
    """What to send; httpx adds no header to these but the length of the content."""

    unsaid: ClassVar = frozenset({"headers", "content"})

    target: Target
    headers: Mapping[str, str]
    method: str = "POST"
    content: bytes | None = None


class NoAnswer(Exception):
    """An exchange ended without an answer, or before the whole answer had arrived.

    Attributes:
        reason: why.
        detail: the facts, for a sentence to the operator.
        is_lasting: the cause will hardly have gone by the next attempt.

    """

    def __init__(self, reason: Reason, detail: str = "", *, is_lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.is_lasting = is_lasting


class Client:
    """Begins exchanges, and trusts the certificates that the system and SSL_CERT_FILE trust.

    Create it outside the event loop: reading the certificates would block the loop.
    """

    def __init__(self, *, tls: bool) -> None:
        from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415 - see below

        import httpx  # noqa: PLC0415 - a command that only prepares a call needs no httpx

        verify: ssl.SSLContext | bool = False
        if tls:
            verify = httpx.create_ssl_context(trust_env=False)
            verify.load_default_certs()
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)  # the rest is the caller's deadline
        # This jar accepts nothing: a cookie of one answer must not go out with the next request.
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx.AsyncClient(
            verify=verify, timeout=timeout, follow_redirects=False, trust_env=False, cookies=cookies
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def begin_exchange(
        self,
        *,
        on_sending: Callable[[], None] = lambda: None,
        on_answer: Callable[[int], None] = lambda _: None,
    ) -> "Exchange":
        """Return an exchange that has sent nothing yet.

        Args:
            on_sending: called before the first byte goes out.
            on_answer: called with the status of the answer, before its body is read.

        """
        return Exchange(self._client, on_sending=on_sending, on_answer=on_answer)


class Exchange:
    """One request on the wire.

    Attributes:
        stage: how far it has got.
        http_status: the answer's, as soon as there is one.

    """

    def __init__(
        self,
        client: "httpx.AsyncClient",
        *,
        on_sending: Callable[[], None],
        on_answer: Callable[[int], None],
    ) -> None:
        self._client = client
        self._on_sending = on_sending
        self._on_answer = on_answer
        self._connection: Any = None  # of httpcore, which has no public name for it
        self.stage = Stage.CONNECTING
        self.http_status: int | None = None

    async def send(self, request: Request, address: str) -> WebhookAnswer:
        """Send a request to an address that was checked, and read the whole answer.

        Raises:
            NoAnswer: there is none, or not all of it arrived.

        """
        import httpx  # noqa: PLC0415 - see Client

        try:
            async with self._open_stream(request, address) as response:
                self.http_status = response.status_code
                self._on_answer(response.status_code)
                return await _read_answer(response)
        except httpx.HTTPError as error:
            raise self._explain_failure(error, f"{request.target.host_header} ({address})") from None
        finally:
            if self._connection is not None:  # a deadline during the handshake leaves it open
                await self._connection.aclose()

    def _open_stream(self, request: Request, address: str) -> "AbstractAsyncContextManager[httpx.Response]":
        return self._client.stream(
            request.method,
            request.target.url_at(address),
            content=request.content,
            headers=request.headers,
            extensions={"trace": self._follow_trace, "sni_hostname": request.target.host},
        )

    async def _follow_trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._connection = info["return_value"]
        stage = _STAGES.get(event)
        if stage is not None:
            self.stage = stage
        if stage is Stage.SENDING:
            self._on_sending()
            passing(Failpoint.SENDING)
        if event == "http11.send_request_body.complete":
            passing(Failpoint.SENT)

    def _explain_failure(self, error: Exception, peer: str) -> NoAnswer:
        """Say what a failure of the connection means at the stage that was reached."""
        if self.stage is Stage.SENDING:
            reason = Reason.CONNECTION_LOST if self.http_status is None else Reason.ANSWER_BROKEN
            return NoAnswer(reason, "the connection ended too early")
        detail = f"{peer} {_explain_no_connection(error)}"
        if self.stage is Stage.HANDSHAKE:
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _list_causes(error))
            return NoAnswer(Reason.TLS_FAILED, detail, is_lasting=untrusted)
        return NoAnswer(Reason.NOT_CONNECTED, detail)


async def _read_answer(response: "httpx.Response") -> WebhookAnswer:
    """Read an answer to its end.

    Raises:
        NoAnswer: it is too large, or cannot be decompressed.

    """
    try:
        body = await _read_raw_body(response)
        plain = decompress(body, response.headers.get("content-encoding", ""))
    except BodyTooLarge:
        raise NoAnswer(Reason.ANSWER_TOO_LARGE, f"{BODY_LIMIT // 1024**2} MiB") from None
    except BodyBroken:
        raise NoAnswer(Reason.ANSWER_BROKEN, "it cannot be decompressed") from None
    return WebhookAnswer(
        status=response.status_code,
        content=read_content(plain, response.headers.get("content-type", "")),
        location=response.headers.get("location"),
        retry_after=response.headers.get("retry-after"),
        allow_methods=response.headers.get("access-control-allow-methods"),
    )


async def _read_raw_body(response: "httpx.Response") -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
    return bytes(body)


def _explain_no_connection(error: Exception) -> str:
    for cause in _list_causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"has a certificate that is not trusted: {cause.verify_message}"
            case ssl.SSLError():
                return f"does not speak TLS correctly: {cause.reason}"
            case ConnectionRefusedError():
                return "refused the connection"
            case TimeoutError():
                return f"did not answer within {CONNECT_SECONDS:g} s"
            case OSError(errno=int(number)):
                return f"cannot be reached: {os.strerror(number)}"
    return "ended the connection"


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
