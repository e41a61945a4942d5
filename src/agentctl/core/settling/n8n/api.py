"""Reads n8n's public API: lists with their cursors, and single objects.

It changes nothing in n8n, waits when n8n says so, and knows nothing of our executions.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from agentctl.core.strict_json import list_members
from agentctl.core.webhook import addresses
from agentctl.core.webhook.answer import WebhookAnswer, parse_retry_after
from agentctl.core.webhook.endpoint import Target
from agentctl.core.webhook.http import Client, NoAnswer, Request
from agentctl.core.webhook.judgement import Reason, is_starting_up, judge_no_answer

if TYPE_CHECKING:
    from tenacity import RetryCallState

_REQUEST_SECONDS = 20.0
_LONGEST_PAUSE = 30.0
_ATTEMPTS = 4
_PAGE = 100
_MOST_PAGES = 1000
_NO_USE = frozenset({Reason.ANSWER_TOO_LARGE})  # it would come again as it did
_NOT_NOW = frozenset({429, 502, 503, 504})


class Trouble(Exception):
    """n8n does not answer as it should; the message says how, for the operator."""


class Unusable(Trouble):
    """One answer cannot be used; others may be."""


class Endless(Trouble):
    """A list does not come to an end."""


class _NotNow(Trouble):
    """n8n may answer later; `pause` is in seconds, if n8n said how much later."""

    def __init__(self, message: str, *, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class Api:
    """Reads from one n8n.

    Args:
        target: its address; the API stands below `/api/v1/` there.
        key: of the API.
        client: open while this is used.

    """

    def __init__(self, target: Target, *, key: str, client: Client) -> None:
        self._target = target
        self._headers = {
            "Host": target.host_header,
            "X-N8N-API-KEY": key,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        self._client = client

    async def pages(self, resource: str, **parameters: str) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """Yield a list's pages, following the cursor to its end.

        Raises:
            Endless: the cursor leads back to a page that was read, or never ends.
            Trouble: n8n does not answer as it should.

        """
        cursor, seen = "", {""}
        for _ in range(_MOST_PAGES):
            asked = {"limit": str(_PAGE), **parameters, **({"cursor": cursor} if cursor else {})}
            page = await self.get(f"{resource}?{urlencode(asked)}")
            yield [item for item in list_members(page, "data") if isinstance(item, dict)]
            following = page.get("nextCursor")
            if not isinstance(following, str) or not following:
                return
            if following in seen:
                raise Endless(f"n8n's list of {resource} leads back to a page that was already read.")
            cursor = following
            seen.add(cursor)
        raise Endless(f"n8n's list of {resource} has more than {_MOST_PAGES:,} pages.")

    async def get(self, resource: str) -> Mapping[str, Any]:
        """Return an object; ask again if n8n says "not now" or does not answer.

        Raises:
            Unusable: there is no such object, or the answer is not one.
            Trouble: n8n does not answer as it should.

        """
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt  # noqa: PLC0415 - seldom

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_NotNow),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_choose_pause,
            reraise=True,
        )
        return await retrying(self._try_once, resource)

    async def _try_once(self, resource: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                answer = await self._send_request(resource)
        except TimeoutError:
            raise _NotNow(f"n8n did not answer within {_REQUEST_SECONDS:g} s.") from None
        except NoAnswer as failure:
            msg = f"n8n could not be asked: {judge_no_answer(failure.reason, failure.detail).message}"
            if failure.reason in _NO_USE:
                raise Unusable(msg) from None
            raise _NotNow(msg) from None
        except (OSError, UnicodeError):
            raise _NotNow(f"n8n could not be asked: {self._target.host} has no address.") from None
        return _read_object(answer)

    async def _send_request(self, resource: str) -> WebhookAnswer:
        here = self._target
        target = Target(here.scheme, here.host, here.port, f"{here.resource.rstrip('/')}/api/v1/{resource}")
        found_addresses = await addresses.resolve(here.host, here.port)
        return await self._client.begin_exchange().send(
            Request(target, self._headers, method="GET"), found_addresses[0]
        )


def _choose_pause(state: "RetryCallState") -> float:
    from tenacity import wait_exponential_jitter  # noqa: PLC0415 - seldom

    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, _NotNow) else None
    return wait_exponential_jitter(initial=0.5, max=5)(state) if asked is None else min(asked, _LONGEST_PAUSE)


def _read_object(answer: WebhookAnswer) -> Mapping[str, Any]:
    if answer.status == HTTPStatus.OK and isinstance(answer.content.result, dict):
        return answer.content.result
    problem = "n8n is starting up." if is_starting_up(answer) else _describe_problem(answer)
    if answer.status in _NOT_NOW or is_starting_up(answer):
        raise _NotNow(problem, pause=parse_retry_after(answer.retry_after, now=datetime.now(UTC)))
    unusable = answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
    raise Unusable(problem) if unusable else Trouble(problem)


def _describe_problem(answer: WebhookAnswer) -> str:
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            needs = "execution:read, execution:list, workflow:read and workflow:list"
            return f"n8n refuses the API key ({answer.status}): it needs {needs}."
        case HTTPStatus.NOT_FOUND:
            return "n8n's API was not found (404): check its url, and that the public API is enabled."
        case HTTPStatus.OK:
            return "n8n's url answers, but not as n8n's API does."
    return f"n8n's API answered {answer.status}."
