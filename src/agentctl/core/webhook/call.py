"""Calls an agent's webhook and returns what became of the call.

It never repeats a request that may have arrived, except for an agent declared idempotent, and follows no
redirect. It writes nothing: the caller charges before the call and settles after it.
"""

import asyncio
import time
from collections.abc import Mapping

from msgspec import Struct

from agentctl.core.failpoints import Failpoint, passing
from agentctl.core.strict_json import write_json
from agentctl.core.webhook.answer import WebhookAnswer
from agentctl.core.webhook.attempts import Attempt, Delivery, OnEvent, judge_attempt
from agentctl.core.webhook.endpoint import Endpoint, Target, headers_for, target_of
from agentctl.core.webhook.http import Client, Request
from agentctl.core.webhook.judgement import Judgement


class WebhookCall(Struct, frozen=True, kw_only=True):
    """How a call ended.

    Attributes:
        judgement: what the answer means, or that there was none.
        sent: whether any byte of a request may have reached the other side.
        attempts: how many attempts were made, sent or not.
        http_status: the status of the answer that was judged; None if there was none.
        duration_ms: the time that the whole call took, pauses included.

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
    """Call a webhook; every failure of the call is returned, not raised.

    Args:
        endpoint: has passed `check_endpoint`.
        body: JSON as bytes, or a mapping to be written as JSON.
        execution_id: goes into the headers, also as the idempotency key.
        timeout: seconds for everything: look-up, attempts, pauses, the last byte of the answer.
        on_event: called with what happens.
        row_mark: identifies the execution's row if it is known; goes into the headers.

    Raises:
        Refused, ConfigError: the endpoint was not checked.
        KeyboardInterrupt: on Ctrl-C; something may have been sent if there was a `sent` event.

    """
    order = _Order(
        endpoint=endpoint,
        target=target_of(endpoint.url),
        content=body if isinstance(body, bytes) else write_json(body).encode(),
        execution_id=execution_id,
        row_mark=row_mark,
    )
    client = Client(tls=order.target.scheme == "https")  # outside the loop, see there
    return asyncio.run(_deliver_order(client, order, on_event or (lambda _: None), seconds=timeout))


class _Order(Struct, frozen=True):
    endpoint: Endpoint
    target: Target
    content: bytes
    execution_id: str
    row_mark: str | None

    def sign_request(self) -> Request:
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

    def judge_answer(self, answer: WebhookAnswer) -> Attempt:
        """Judge an answer that has just arrived."""
        passing(Failpoint.ANSWERED)
        return judge_attempt(answer, self.endpoint)


async def _deliver_order(client: Client, order: _Order, on_event: OnEvent, *, seconds: float) -> WebhookCall:
    loop = asyncio.get_running_loop()
    _keep_awake(loop)
    began = loop.time()
    delivery = Delivery(client, order.endpoint, order.target, timeout=seconds, on_event=on_event)
    async with client:
        last = await delivery.run(order.sign_request, order.judge_answer)
    return WebhookCall(
        judgement=last.judgement,
        sent=delivery.sent,
        attempts=delivery.attempts,
        http_status=last.http_status,
        duration_ms=round((loop.time() - began) * 1000),
    )


def _keep_awake(loop: asyncio.AbstractEventLoop) -> None:
    """Wake the loop now and then: it sleeps through a signal that comes just before it goes to sleep."""
    loop.call_later(0.25, _keep_awake, loop)
