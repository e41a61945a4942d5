"""Calls an agent's webhook and says what became of it.

It never sends a request again that may have arrived, except for an agent declared idempotent, and follows no
redirect. It writes nothing: charging before the call and settling after it are the caller's.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.webhook.answer import Answer, seconds_to_wait
from agentctl.core.webhook.attempts import (
    RETRIES,
    Attempt,
    Broken,
    Delivery,
    EventKind,
    OnEvent,
    Stage,
    WebhookEvent,
)
from agentctl.core.webhook.endpoint import Endpoint, Target, headers_for, target_of
from agentctl.core.webhook.http import Client, Request
from agentctl.core.webhook.judgement import MAY_PASS, Judgement, judge


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookCall:
    """How a call ended.

    Attributes:
        judgement: what the answer means, or that there was none.
        sent: whether any byte of a request may have reached the other side.
        attempts: how many there were, sent or not.
        http_status: of the answer that was judged; None where there was none.
        duration_ms: of the whole call, with its pauses.

    """

    judgement: Judgement
    sent: bool
    attempts: int
    http_status: int | None
    duration_ms: int


def call_webhook(
    endpoint: Endpoint,
    body: Mapping[str, object] | bytes,
    *,
    execution_id: str,
    timeout: float,
    on_event: OnEvent | None = None,
    row_mark: str | None = None,
) -> WebhookCall:
    """Call a webhook; whatever becomes of that is returned, not raised.

    Args:
        endpoint: one that `check_endpoint` has let pass.
        body: JSON, or what can be written as JSON.
        execution_id: goes into the headers, as the idempotency key too.
        timeout: seconds for everything: look-up, attempts, pauses, the last byte of the answer.
        on_event: is told what happens.
        row_mark: which row the execution is, where it is known; goes into the headers.

    Raises:
        Refused, ConfigError: the endpoint was not checked.
        KeyboardInterrupt: on Ctrl-C; something may have been sent if there was a `sent` event.

    """
    order = _Order(
        endpoint=endpoint,
        target=target_of(endpoint.url),
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        execution_id=execution_id,
        row_mark=row_mark,
    )
    client = Client(tls=order.target.scheme == "https")  # out of the loop, which it would hold up
    return asyncio.run(_deliver(client, order, on_event or (lambda _: None), seconds=timeout))


@dataclass(frozen=True, slots=True)
class _Order:
    endpoint: Endpoint
    target: Target
    content: bytes
    execution_id: str
    row_mark: str | None

    def request(self) -> Request:
        """Return the request, signed now."""
        headers = headers_for(
            self.endpoint,
            self.target,
            self.content,
            execution_id=self.execution_id,
            now=int(time.time()),
            row_mark=self.row_mark,
        )
        return Request(target=self.target, headers=headers, content=self.content)


async def _deliver(client: Client, order: _Order, on_event: OnEvent, *, seconds: float) -> WebhookCall:
    loop = asyncio.get_running_loop()
    _stay_awake(loop)
    began = loop.time()
    delivery = Delivery(order.endpoint, order.target, timeout=seconds, on_event=on_event)
    async with client:
        last = await delivery.run(lambda: _Call(client, order, on_event))
    return WebhookCall(
        judgement=last.judgement,
        sent=delivery.sent,
        attempts=delivery.attempts,
        http_status=last.http_status,
        duration_ms=round((loop.time() - began) * 1000),
    )


def _stay_awake(loop: asyncio.AbstractEventLoop) -> None:
    """Wake the loop now and then: it sleeps through a signal that comes just before it goes to sleep."""
    loop.call_later(0.25, _stay_awake, loop)


class _Call:
    """One attempt: what goes over the wire, judged."""

    def __init__(self, client: Client, order: _Order, on_event: OnEvent) -> None:
        self._order = order
        self._exchange = client.exchange(
            on_sending=lambda: on_event(WebhookEvent(EventKind.SENT)),
            on_answer=lambda status: on_event(WebhookEvent(EventKind.ANSWERED, str(status))),
        )

    @property
    def stage(self) -> Stage:
        """How far it has got."""
        return self._exchange.stage

    @property
    def http_status(self) -> int | None:
        """Of the answer, as soon as there is one."""
        return self._exchange.http_status

    async def post(self, address: str) -> Attempt:
        """Send the request to an address and judge the answer.

        Raises:
            Broken: there is none, or not all of it.

        """
        try:
            answer = await self._exchange.send(self._order.request(), address)
        except Broken as broken:
            if self._order.endpoint.idempotent and broken.judgement.reason in MAY_PASS:
                broken.retries = RETRIES
            raise
        passing(Failpoint.ANSWERED)
        return _judged(answer, self._order.endpoint)


def _judged(answer: Answer, endpoint: Endpoint) -> Attempt:
    judgement = judge(answer, success_when=endpoint.success_when)
    pause = seconds_to_wait(answer.retry_after, now=datetime.now(UTC))
    not_now = answer.status == HTTPStatus.TOO_MANY_REQUESTS or (
        answer.status == HTTPStatus.SERVICE_UNAVAILABLE and pause is not None
    )
    again = not_now or (endpoint.idempotent and judgement.reason in MAY_PASS)
    return Attempt(judgement, answer.status, RETRIES if again else 0, pause)
