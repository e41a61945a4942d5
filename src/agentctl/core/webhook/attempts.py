"""Makes attempts to deliver one request until one is final, and looks up the host's addresses.

It decides what is worth another attempt. It begins none after the deadline, and lets no later attempt hide
that an earlier one may have made the agent run.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.models import Outcome
from agentctl.core.webhook import addresses
from agentctl.core.webhook.answer import WebhookAnswer, parse_retry_after
from agentctl.core.webhook.endpoint import Endpoint, Target
from agentctl.core.webhook.http import CONNECT_SECONDS, Client, Exchange, NoAnswer, Request, Stage
from agentctl.core.webhook.judgement import MAY_PASS, NEVER_RAN, Judgement, Reason, judge, judge_no_answer

if TYPE_CHECKING:
    from tenacity import RetryCallState

RETRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds between attempts, unless the server asks for others

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NO_CONNECTION = frozenset({Reason.NAME_NOT_FOUND, Reason.NOT_CONNECTED, Reason.TLS_FAILED})


class EventKind(StrEnum):
    """What happens during a call; after `sent`, only the other side knows whether the agent runs."""

    ATTEMPT = "attempt"
    SENT = "sent"
    ANSWERED = "answered"
    WAITING = "waiting"


class WebhookEvent(Struct, frozen=True):
    """Something that happens; its detail is for people: which attempt, which status, how long and why."""

    kind: EventKind
    detail: str = ""


OnEvent = Callable[[WebhookEvent], None]
"""Called with each event as it happens: `sent` before the first byte goes out. An exception ends the call."""


class Attempt(Struct, frozen=True):
    """How one attempt ended.

    Attributes:
        judgement: what it means for the run.
        http_status: the answer's, even if not all of the answer arrived.
        answer: None where there is none, or not all of it arrived.
        retries: how many further attempts that is worth.
        pause: the seconds that the server asked to wait before the next one.

    """

    judgement: Judgement
    http_status: int | None = None
    answer: WebhookAnswer | None = None
    retries: int = 0
    pause: float | None = None


def judge_attempt(answer: WebhookAnswer, endpoint: Endpoint) -> Attempt:
    """Judge the answer of a webhook that was called, and decide whether to call it again."""
    judgement = judge(answer, success_when=endpoint.success_when)
    pause = parse_retry_after(answer.retry_after, now=datetime.now(UTC))
    asks_to_wait = (
        answer.status == HTTPStatus.TOO_MANY_REQUESTS
        or judgement.reason is Reason.STARTING_UP
        or (answer.status == HTTPStatus.SERVICE_UNAVAILABLE and pause is not None)
    )
    is_repeatable = asks_to_wait or (endpoint.idempotent and judgement.reason in MAY_PASS)
    return Attempt(judgement, answer.status, answer, RETRIES if is_repeatable else 0, pause)


class Delivery:
    """The attempts of one call, and what is known from them so far.

    Args:
        client: open while this is used.
        endpoint: what may be called, and how.
        target: its URL.
        timeout: seconds for everything together, from now on.
        on_event: called with what happens.
        retries: how many further attempts a connection is worth that fails and may soon succeed.

    """

    def __init__(
        self,
        client: Client,
        endpoint: Endpoint,
        target: Target,
        *,
        timeout: float,
        on_event: OnEvent = lambda _: None,
        retries: int = RETRIES,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._target = target
        self._timeout = timeout
        self._on_event = on_event
        self._retries = retries
        self._deadline = asyncio.get_running_loop().time() + timeout
        self._in_doubt: Attempt | None = None  # an earlier attempt that may have made the agent run
        self._last: Attempt
        self.attempts = 0
        self.sent = False

    async def run(
        self, make_request: Callable[[], Request], judge_answer: Callable[[WebhookAnswer], Attempt]
    ) -> Attempt:
        """Make attempts, and return the one that counts.

        Args:
            make_request: makes the request anew for each attempt.
            judge_answer: decides what an answer means, and whether it is worth another attempt.

        """
        # Imported here: a command that only prepares a call needs no tenacity.
        from tenacity import AsyncRetrying, retry_if_result  # noqa: PLC0415 - see above

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda _: True),  # `stop` decides; exceptions (Ctrl-C!) are not retried
            wait=self._choose_pause,
            stop=self._is_enough,
            before_sleep=self._announce_pause,
            retry_error_callback=lambda _: self._last,
        )
        return await retrying(self._make_attempt, make_request, judge_answer)

    def _choose_pause(self, state: "RetryCallState") -> float:
        from tenacity import wait_exponential, wait_random  # noqa: PLC0415 - see run

        backoff = wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE) + wait_random(0, FIRST_PAUSE)
        return backoff(state) if self._last.pause is None else self._last.pause

    def _is_enough(self, state: "RetryCallState") -> bool:
        too_late = asyncio.get_running_loop().time() + state.upcoming_sleep >= self._deadline
        return too_late or self.attempts > self._last.retries

    def _announce_pause(self, state: "RetryCallState") -> None:
        why = self._last.judgement.message
        self._on_event(WebhookEvent(EventKind.WAITING, f"{state.upcoming_sleep:.1f} s. {why}"))

    async def _make_attempt(
        self, make_request: Callable[[], Request], judge_answer: Callable[[WebhookAnswer], Attempt]
    ) -> Attempt:
        self.attempts += 1
        self._on_event(WebhookEvent(EventKind.ATTEMPT, str(self.attempts)))
        exchange = self._client.begin_exchange(
            on_sending=lambda: self._on_event(WebhookEvent(EventKind.SENT)),
            on_answer=lambda status: self._on_event(WebhookEvent(EventKind.ANSWERED, str(status))),
        )
        try:
            attempt = await self._finish_in_time(exchange, make_request, judge_answer)
        finally:
            self.sent = self.sent or exchange.stage is Stage.SENDING
        if attempt.judgement.outcome is Outcome.UNKNOWN:
            self._in_doubt = attempt
        elif self._in_doubt is not None and attempt.judgement.reason in NEVER_RAN:
            attempt = replace(self._in_doubt, retries=attempt.retries, pause=attempt.pause)
        self._last = attempt
        return attempt

    async def _finish_in_time(
        self,
        exchange: Exchange,
        make_request: Callable[[], Request],
        judge_answer: Callable[[WebhookAnswer], Attempt],
    ) -> Attempt:
        try:
            async with asyncio.timeout_at(self._deadline):
                permitted = await self._find_addresses()
                return judge_answer(await _send_to_one_of(permitted, exchange, make_request))
        except TimeoutError:
            reason = Reason.TIMED_OUT if exchange.stage is Stage.SENDING else Reason.OUT_OF_TIME
            return Attempt(judge_no_answer(reason, f"{self._timeout:g} s"), exchange.http_status)
        except NoAnswer as failure:
            judgement = judge_no_answer(failure.reason, failure.detail)
            return Attempt(judgement, exchange.http_status, retries=self._count_retries(failure))

    def _count_retries(self, failure: NoAnswer) -> int:
        """Return how many further attempts a failure is worth: none if the agent may be running."""
        if failure.reason in _NO_CONNECTION:
            return 1 if failure.is_lasting else self._retries
        return RETRIES if self._endpoint.idempotent and failure.reason in MAY_PASS else 0

    async def _find_addresses(self) -> tuple[str, ...]:
        """Return the addresses of the host that may be called.

        Raises:
            NoAnswer: it has none.

        """
        host, port = self._target.host, self._target.port
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                resolved = await addresses.resolve(host, port)
        except (OSError, UnicodeError) as error:
            is_unknown = isinstance(error, UnicodeError) or error.errno in _NO_SUCH_NAME
            why = "no such name exists" if is_unknown else "the name service does not answer"
            detail = f"{host} has no address: {why}"
            raise NoAnswer(Reason.NAME_NOT_FOUND, detail, is_lasting=is_unknown) from None
        permitted = addresses.callable_addresses(host, port, resolved, self._endpoint.allow_hosts)
        if not permitted:
            detail = f"{host} has the address {resolved[0]}, which is {addresses.why_refused(resolved[0])}"
            raise NoAnswer(Reason.ADDRESS_REFUSED, detail)
        return permitted


async def _send_to_one_of(
    permitted: tuple[str, ...], exchange: Exchange, make_request: Callable[[], Request]
) -> WebhookAnswer:
    """Send a request to the first address that accepts a connection."""
    for address in permitted[:-1]:
        try:
            return await exchange.send(make_request(), address)
        except NoAnswer:
            if exchange.stage is Stage.SENDING:
                raise
    return await exchange.send(make_request(), permitted[-1])
