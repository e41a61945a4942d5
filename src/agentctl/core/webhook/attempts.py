"""Makes attempts to deliver one request until one of them is final, and looks up where to.

What happens on the wire is handed in, and each attempt tells itself whether it is worth another. It makes
none after the deadline, and lets no later attempt hide that an earlier one may have made the agent run.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Protocol

from agentctl.core.models import Outcome
from agentctl.core.webhook import addresses
from agentctl.core.webhook.endpoint import Endpoint, Target
from agentctl.core.webhook.judgement import NEVER_RAN, Judgement, Reason, no_answer

if TYPE_CHECKING:
    from tenacity import RetryCallState

RETRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds between attempts, where the other side asks for nothing else
CONNECT_SECONDS = 10.0
"""For one look-up, one connection, one handshake: a silent address may have a better successor."""

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class EventKind(StrEnum):
    """What happens during a call; after `sent`, only the other side knows whether the agent runs."""

    ATTEMPT = "attempt"
    SENT = "sent"
    ANSWERED = "answered"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something that happens; its detail is for people: which attempt, which status, how long and why."""

    kind: EventKind
    detail: str = ""


OnEvent = Callable[[WebhookEvent], None]
"""Is told each event as it happens, `sent` before the first byte goes out. What it raises ends the call."""


class Stage(Enum):
    """How far an attempt has got; from the last one on, the agent may be running."""

    CONNECTING = auto()
    HANDSHAKE = auto()
    SENDING = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended, how many retries that is worth, and the seconds to pause if it was told any."""

    judgement: Judgement
    http_status: int | None = None
    retries: int = 0
    pause: float | None = None


class Broken(Exception):
    """There will be no answer from this attempt, or not all of it."""

    def __init__(self, reason: Reason, detail: str = "", *, retries: int = 0) -> None:
        super().__init__(reason)
        self.judgement = no_answer(reason, detail)
        self.retries = retries


class Exchange(Protocol):
    """One attempt on the wire."""

    @property
    def stage(self) -> Stage:
        """How far it has got."""

    @property
    def http_status(self) -> int | None:
        """Of the answer, as soon as there is one."""

    async def post(self, address: str) -> Attempt:
        """Send the request to an address and judge the answer.

        Raises:
            Broken: there is none, or not all of it.

        """


class Delivery:
    """The attempts of one call, and what is known from them so far.

    Args:
        endpoint: for the hosts that it allows.
        target: its URL.
        timeout: seconds for everything together, from now on.
        on_event: is told what happens.

    """

    def __init__(self, endpoint: Endpoint, target: Target, *, timeout: float, on_event: OnEvent) -> None:
        self._endpoint = endpoint
        self._target = target
        self._timeout = timeout
        self._on_event = on_event
        self._deadline = asyncio.get_running_loop().time() + timeout
        self._in_doubt: Attempt | None = None  # an earlier attempt that may have made the agent run
        self._last: Attempt
        self.attempts = 0
        self.sent = False

    async def run(self, begin: Callable[[], Exchange]) -> Attempt:
        """Return the attempt that counts; `begin` begins each one."""
        # Here, because what only prepares a call does not pay for it.
        from tenacity import AsyncRetrying, retry_if_result  # noqa: PLC0415 - see above

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda _: True),  # `stop` decides; what is raised (Ctrl-C!) is not retried
            wait=self._pause,
            stop=self._is_enough,
            before_sleep=self._announce,
            retry_error_callback=lambda _: self._last,
        )
        return await retrying(self._attempt, begin)

    def _pause(self, state: "RetryCallState") -> float:
        from tenacity import wait_exponential, wait_random  # noqa: PLC0415 - see run

        backoff = wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE) + wait_random(0, FIRST_PAUSE)
        return backoff(state) if self._last.pause is None else self._last.pause

    def _is_enough(self, state: "RetryCallState") -> bool:
        too_late = asyncio.get_running_loop().time() + state.upcoming_sleep >= self._deadline
        return too_late or self.attempts > self._last.retries

    def _announce(self, state: "RetryCallState") -> None:
        why = self._last.judgement.message
        self._on_event(WebhookEvent(EventKind.WAITING, f"{state.upcoming_sleep:.1f} s. {why}"))

    async def _attempt(self, begin: Callable[[], Exchange]) -> Attempt:
        self.attempts += 1
        self._on_event(WebhookEvent(EventKind.ATTEMPT, str(self.attempts)))
        exchange = begin()
        try:
            made = await self._exchanged(exchange)
        finally:
            self.sent = self.sent or exchange.stage is Stage.SENDING
        if made.judgement.outcome is Outcome.UNKNOWN:
            self._in_doubt = made
        elif self._in_doubt is not None and made.judgement.reason in NEVER_RAN:
            made = replace(self._in_doubt, retries=made.retries, pause=made.pause)
        self._last = made
        return made

    async def _exchanged(self, exchange: Exchange) -> Attempt:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._post_to_one_of(await self._find_addresses(), exchange)
        except TimeoutError:
            reason = Reason.TIMED_OUT if exchange.stage is Stage.SENDING else Reason.OUT_OF_TIME
            return Attempt(no_answer(reason, f"{self._timeout:g} s"), exchange.http_status)
        except Broken as broken:
            return Attempt(broken.judgement, exchange.http_status, broken.retries)

    async def _find_addresses(self) -> tuple[str, ...]:
        """Return the addresses of the host that may be called.

        Raises:
            Broken: it has none.

        """
        host, port = self._target.host, self._target.port
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await addresses.resolve(host, port)
        except (OSError, UnicodeError) as error:
            final = isinstance(error, UnicodeError) or error.errno in _NO_SUCH_NAME
            why = "no such name exists" if final else "the name service does not answer"
            detail = f"{host} has no address: {why}"
            raise Broken(Reason.NAME_NOT_FOUND, detail, retries=1 if final else RETRIES) from None
        permitted = addresses.callable_addresses(host, port, found, self._endpoint.allow_hosts)
        if not permitted:
            detail = f"{host} has the address {found[0]}, which is {addresses.why_refused(found[0])}"
            raise Broken(Reason.ADDRESS_REFUSED, detail)
        return permitted

    @staticmethod
    async def _post_to_one_of(found: tuple[str, ...], exchange: Exchange) -> Attempt:
        for address in found[:-1]:
            try:
                return await exchange.post(address)
            except Broken:
                if exchange.stage is Stage.SENDING:
                    raise
        return await exchange.post(found[-1])
