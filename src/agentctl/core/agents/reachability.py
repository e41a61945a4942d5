"""Checks whether agents' webhooks exist, with a CORS preflight, which starts nothing.

n8n answers a preflight for every path, with the methods that are registered there. Nothing is posted and
nothing is written; an answer that is not n8n's is no finding, since its meaning is unknown.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from http import HTTPStatus
from itertools import count

from msgspec import Struct

from agentctl import __version__
from agentctl.core.config.profiles import Profile
from agentctl.core.errors import Refused
from agentctl.core.models import Agent
from agentctl.core.webhook.answer import WebhookAnswer
from agentctl.core.webhook.attempts import Attempt, Delivery
from agentctl.core.webhook.endpoint import Endpoint, Target, check_endpoint, target_of
from agentctl.core.webhook.http import Client, Request
from agentctl.core.webhook.judgement import Judgement, Reason, is_starting_up, judge, one_line

_AT_ONCE = 8
_SECONDS = 10.0
_RETRIES = 1  # a connection that fails once is no finding yet
_FROM_IN_BETWEEN = frozenset({502, 503, 504, *range(520, 531)})
_IS_IT_RUNNING = "Is the agent's server running?"


class State(StrEnum):
    """The state of a webhook; all but the first and the last are findings."""

    REGISTERED = "registered"
    NOT_REGISTERED = "not_registered"
    NO_URL = "no_url"
    BAD_URL = "bad_url"
    TEST_URL = "test_url"
    ADDRESS_REFUSED = "address_refused"
    NAME_NOT_FOUND = "name_not_found"
    NOT_CONNECTED = "not_connected"
    TLS_FAILED = "tls_failed"
    NO_ANSWER = "no_answer"
    CANNOT_TELL = "cannot_tell"


class Look(Struct, frozen=True):
    """A state, a sentence about it, and the next step if there is one."""

    state: State
    message: str
    hint: str | None = None


class Checked(Struct, frozen=True):
    """The result for one agent; `url` has no credentials or parameters, and is None if it is no URL."""

    agent: Agent
    url: str | None
    look: Look

    @property
    def is_finding(self) -> bool:
        """Whether somebody should act on it."""
        return self.look.state not in {State.REGISTERED, State.CANNOT_TELL}


Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Shows progress, given the total; the function that it yields is called with the number done."""


def check_agents(agents: Sequence[Agent], profile: Profile, *, progress: Progress) -> tuple[Checked, ...]:
    """Check the webhooks of agents, several at a time; the hosts of a run are allowed and no others.

    Raises:
        ConfigError: a webhook header in the configuration is wrong.

    """
    headers = {name: value.resolve() for name, value in profile.webhook.headers.items()}
    planned = [_plan_check(agent, headers, profile.webhook.allow_hosts) for agent in agents]
    tls = any(isinstance(plan, _Preflight) and plan.target.scheme == "https" for plan in planned)
    with progress(len(agents)) as on_progress:
        return asyncio.run(_check_all(Client(tls=tls), planned, on_progress))


class _Preflight(Struct, frozen=True):
    """The question to ask for an agent."""

    agent: Agent
    endpoint: Endpoint
    target: Target

    def make_request(self) -> Request:
        target = self.target
        headers = {
            "Host": target.host_header,
            "User-Agent": f"agentctl/{__version__}",
            **({"Authorization": target.authorization} if target.authorization else {}),
            **self.endpoint.headers,
            "Origin": f"{target.scheme}://{target.host_header}",
            "Access-Control-Request-Method": "POST",
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }
        return Request(target=target, headers=headers, method="OPTIONS")


def _plan_check(
    agent: Agent, headers: Mapping[str, str], allow_hosts: tuple[str, ...]
) -> Checked | _Preflight:
    """Return what is wrong already, or the preflight to send."""
    if not agent.webhook_url:
        return Checked(agent, None, Look(State.NO_URL, "It has no webhook URL.", "Set its webhook_url."))
    endpoint = Endpoint(agent.webhook_url, headers=headers, allow_hosts=allow_hosts)
    url = None
    try:
        target = target_of(agent.webhook_url)
        url = agent.public_url
        check_endpoint(endpoint)
    except Refused as error:
        return Checked(agent, url, Look(_REFUSALS[error.code], error.message, error.hint))
    return _Preflight(agent, endpoint, target)


_REFUSALS = {
    "webhook_url": State.BAD_URL,
    "webhook_test_url": State.TEST_URL,
    "webhook_address": State.ADDRESS_REFUSED,
}


async def _check_all(
    client: Client, planned: Sequence[Checked | _Preflight], on_progress: Callable[[int], None]
) -> tuple[Checked, ...]:
    slots = asyncio.Semaphore(_AT_ONCE)
    done = count(1)

    async def check(plan: Checked | _Preflight) -> Checked:
        async with slots:
            checked = plan if isinstance(plan, Checked) else await _send_preflight(client, plan)
        on_progress(next(done))
        return checked

    async with client, asyncio.TaskGroup() as group:
        tasks = [group.create_task(check(plan)) for plan in planned]
    return tuple(task.result() for task in tasks)


async def _send_preflight(client: Client, preflight: _Preflight) -> Checked:
    """Send a preflight, and read what its answer says."""
    delivery = Delivery(client, preflight.endpoint, preflight.target, timeout=_SECONDS, retries=_RETRIES)
    last = await delivery.run(preflight.make_request, _judge_preflight)
    if last.answer is None or is_starting_up(last.answer):
        look = _read_silence(last.judgement)
    else:
        look = _read_answer(last.answer)
    return Checked(preflight.agent, preflight.agent.public_url, look)


def _judge_preflight(answer: WebhookAnswer) -> Attempt:
    return Attempt(judge(answer), answer.status, answer)


def _read_answer(answer: WebhookAnswer) -> Look:
    """Read n8n's answer for a path: the methods that are registered there."""
    welcome = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    methods = {method.strip().upper() for method in (answer.allow_methods or "").split(",")}
    if welcome and {"OPTIONS", "POST"} <= methods:
        return Look(State.REGISTERED, "It exists.")
    if methods == {"OPTIONS"}:
        return Look(
            State.NOT_REGISTERED,
            "n8n does not know it: its workflow is not active, or its path is different.",
            "Activate the workflow, and compare the URL with the production URL of its webhook node.",
        )
    if welcome and "OPTIONS" in methods:
        others = one_line(", ".join(sorted(methods - {"OPTIONS"})))
        return Look(
            State.NOT_REGISTERED,
            f"n8n accepts {others} there, but not POST.",
            "Set the HTTP method of its webhook node to POST.",
        )
    if answer.status in _FROM_IN_BETWEEN:
        return Look(
            State.NO_ANSWER,
            f"A server in between answered {answer.status}; the agent's server was not reached.",
            _IS_IT_RUNNING,
        )
    return Look(State.CANNOT_TELL, f"Answered {answer.status}, unlike n8n: cannot tell.")


_REASONS = {
    Reason.NAME_NOT_FOUND: State.NAME_NOT_FOUND,
    Reason.ADDRESS_REFUSED: State.ADDRESS_REFUSED,
    Reason.NOT_CONNECTED: State.NOT_CONNECTED,
    Reason.TLS_FAILED: State.TLS_FAILED,
    Reason.OUT_OF_TIME: State.NO_ANSWER,
    Reason.CONNECTION_LOST: State.NO_ANSWER,
    Reason.STARTING_UP: State.NO_ANSWER,
}


def _read_silence(judgement: Judgement) -> Look:
    if judgement.reason is Reason.TIMED_OUT:
        return Look(State.NO_ANSWER, f"No answer within {_SECONDS:g} s.", _IS_IT_RUNNING)
    return Look(_REASONS.get(judgement.reason, State.CANNOT_TELL), judgement.message, judgement.hint)
