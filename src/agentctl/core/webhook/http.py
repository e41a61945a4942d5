"""One HTTP request to one address and its answer, or how far it got: the only place that knows httpx.

It judges no answer, repeats nothing and follows no redirect; it goes only where it is told, takes no proxy
from the environment, and reads no more than an answer may have.
"""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.webhook.answer import (
    BODY_LIMIT,
    Answer,
    BodyBroken,
    BodyTooLarge,
    decompress,
    read_content,
)
from agentctl.core.webhook.attempts import CONNECT_SECONDS, RETRIES, Broken, Stage
from agentctl.core.webhook.endpoint import Target
from agentctl.core.webhook.judgement import Reason

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import httpx

_STAGES = {
    "connection.connect_tcp.started": Stage.CONNECTING,
    "connection.start_tls.started": Stage.HANDSHAKE,
    "http11.send_request_headers.started": Stage.SENDING,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent; the headers are all that there are, but for the length of the content."""

    target: Target
    headers: Mapping[str, str] = field(repr=False)
    method: str = "POST"
    content: bytes | None = field(default=None, repr=False)


class Client:
    """Makes exchanges; it trusts what the system and SSL_CERT_FILE trust.

    Making one reads certificates, which would hold an event loop up: make it outside.
    """

    def __init__(self, *, tls: bool) -> None:
        from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415 - see below

        import httpx  # noqa: PLC0415 - what only prepares a call does not pay for it

        verify: ssl.SSLContext | bool = False
        if tls:
            verify = httpx.create_ssl_context(trust_env=False)
            verify.load_default_certs()
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)  # the rest is the caller's deadline
        # A jar that takes nothing: what one answer sets is not sent with the next request, to whomever.
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx.AsyncClient(
            verify=verify, timeout=timeout, follow_redirects=False, trust_env=False, cookies=cookies
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def exchange(
        self,
        *,
        on_sending: Callable[[], None] = lambda: None,
        on_answer: Callable[[int], None] = lambda _: None,
    ) -> "Exchange":
        """Return an exchange that is still to begin; it tells when it does, and which status came back."""
        return Exchange(self._client, on_sending=on_sending, on_answer=on_answer)


class Exchange:
    """One request on the wire.

    Attributes:
        stage: how far it has got.
        http_status: of the answer, as soon as there is one.

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

    async def send(self, request: Request, address: str) -> Answer:
        """Send a request to an address, the very one that was checked, and read the whole answer.

        Raises:
            Broken: there is none, or not all of it.

        """
        import httpx  # noqa: PLC0415 - see Client

        try:
            async with self._stream(request, address) as response:
                self.http_status = response.status_code
                self._on_answer(response.status_code)
                return await _read(response)
        except httpx.HTTPError as error:
            raise self._broken(error, f"{request.target.host_header} ({address})") from None
        finally:
            if self._connection is not None:  # a deadline during the handshake leaves it open
                await self._connection.aclose()

    def _stream(self, request: Request, address: str) -> "AbstractAsyncContextManager[httpx.Response]":
        return self._client.stream(
            request.method,
            request.target.url_at(address),
            content=request.content,
            headers=request.headers,
            extensions={"trace": self._trace, "sni_hostname": request.target.host},
        )

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
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

    def _broken(self, error: Exception, whom: str) -> Broken:
        """Say what a failure of the connection means at the stage where it came."""
        if self.stage is Stage.SENDING:
            reason = Reason.CONNECTION_LOST if self.http_status is None else Reason.ANSWER_BROKEN
            return Broken(reason, "the connection ended too early")
        detail = f"{whom} {_why_no_connection(error)}"
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
        raise Broken(Reason.ANSWER_BROKEN, "it cannot be decompressed") from None
    return Answer(
        status=response.status_code,
        content=read_content(plain, response.headers.get("content-type", "")),
        location=response.headers.get("location"),
        retry_after=response.headers.get("retry-after"),
        allow_methods=response.headers.get("access-control-allow-methods"),
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
                return f"does not speak TLS correctly: {cause.reason}"
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
