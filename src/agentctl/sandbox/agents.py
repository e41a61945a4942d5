"""The demo agents: functions that turn a request into an answer.

They do not know the HTTP server; a slow agent puts a delay into its answer and does not sleep.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from agentctl.sandbox.seo_blog import TONES, write_article

_LONGEST_WAIT = 600.0
_DEFAULT_WAIT = 5.0
_DEFAULT_WORDS = 600
_LONGEST_TOPIC = 200


class Call(Struct, frozen=True):
    """One request to one agent.

    Attributes:
        inputs: what the operator gave.
        attempt: 1 for the first request of an execution; 1 always where the execution is not named.

    """

    inputs: Mapping[str, Any]
    attempt: int = 1


class AgentAnswer(Struct, frozen=True):
    """The answer to a request.

    Attributes:
        status: of HTTP.
        body: sent as JSON.
        headers: beyond the usual ones.
        delay: seconds to wait before it is sent.

    """

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


Agent = Callable[[Call], AgentAnswer]


def answer(agent: Agent, body: bytes, *, attempt: int) -> AgentAnswer:
    """Return what an agent answers to a request's body, or what is wrong with that body."""
    try:
        request = json.loads(body)
    except ValueError:  # UnicodeDecodeError too
        return _make_failure(422, "Failed to parse request body: it is not JSON.")
    except RecursionError:
        return _make_failure(422, "Failed to parse request body: it is nested too deeply.")
    inputs = request.get("inputs", {}) if isinstance(request, dict) else None
    if not isinstance(inputs, dict):
        return _make_failure(422, 'The request body is not an object with an object "inputs".')
    return agent(Call(inputs, attempt))


def seo_blog(call: Call) -> AgentAnswer:
    """Write an article; 400 when an input makes no sense."""
    topic = " ".join(str(call.inputs.get("topic") or "").split())
    tone = call.inputs.get("tone") or TONES[0]
    words = _parse_number(call.inputs.get("words"), default=_DEFAULT_WORDS)
    if not topic or len(topic) > _LONGEST_TOPIC:
        return _make_failure(400, f"topic: between 1 and {_LONGEST_TOPIC} characters are needed.")
    if tone not in TONES:
        return _make_failure(400, f"tone: one of {', '.join(TONES)} is needed.")
    if words is None:
        return _make_failure(400, "words: a number is needed.")
    keywords = [word.strip() for word in str(call.inputs.get("keywords") or "").split(",") if word.strip()]
    return AgentAnswer(200, write_article(topic, tone=tone, words=words, keywords=keywords))


def always_fails(_: Call) -> AgentAnswer:
    """Fail as n8n does when a node of the workflow fails."""
    return _make_failure(500, "Error in workflow")


def slow(call: Call) -> AgentAnswer:
    """Succeed after the time asked for, ten minutes at most."""
    seconds = _parse_number(call.inputs.get("seconds"), default=_DEFAULT_WAIT)
    if seconds is None:
        return _make_failure(400, "seconds: a number is needed.")
    seconds = min(max(seconds, 0.0), _LONGEST_WAIT)
    return AgentAnswer(200, {"message": f"Done after {seconds:g} seconds."}, delay=seconds)


def flaky(call: Call) -> AgentAnswer:
    """Be too busy for the first request of an execution."""
    if call.attempt == 1:
        return AgentAnswer(
            429, {"message": "Too many requests: try again in a second."}, {"Retry-After": "1"}
        )
    return AgentAnswer(200, {"message": f"Done at attempt {call.attempt}."})


AGENTS: Mapping[str, Agent] = {
    "seo-blog": seo_blog,
    "always-fails": always_fails,
    "slow": slow,
    "flaky": flaky,
}


def _make_failure(status: int, message: str) -> AgentAnswer:
    return AgentAnswer(status, {"message": message})


def _parse_number(value: object, *, default: float) -> float | None:
    """Return a number, also from text; None if there is none."""
    if value is None or value == "":
        return default
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
