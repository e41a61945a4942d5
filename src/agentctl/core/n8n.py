"""Asks n8n's execution API what became of executions whose answers nobody got.

It reads only. An execution of ours is known again by the id that was sent in the webhook's headers and body;
what n8n does not know, or does not tell, stays unknown.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from agentctl.core.config import N8nSettings
from agentctl.core.endpoint import Target, target_of
from agentctl.core.errors import ConfigError, Refused
from agentctl.core.evidence import Evidence, nobody_knows
from agentctl.core.models import Key, Outcome
from agentctl.core.n8n_api import Api, Trouble
from agentctl.core.n8n_execution import identities, instant, judge
from agentctl.core.wire import Client

_WHOLE_SECONDS = 300.0
_MOST_READ = 5000  # executions of n8n that one look reads whole
# n8n's clock and the database's may differ, and a call may be repeated for some minutes before it arrives.
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Question:
    """An execution that n8n is asked about.

    Attributes:
        webhook_url: that was called, or that the agent has now.
        created_at: of our row; the call came after it.
        success_when: the agent's rule on its JSON answer.

    """

    execution: Key
    webhook_url: str | None
    created_at: datetime | None
    success_when: str | None = None


def ask(settings: N8nSettings, questions: Sequence[Question]) -> Mapping[Key, Evidence]:
    """Ask n8n about executions.

    Args:
        settings: where it answers; secrets are resolved here.
        questions: what is asked.

    Returns:
        evidence for every question, of an unknown outcome where n8n cannot tell, with the reason.

    Raises:
        ConfigError: the URL or the key in the configuration.

    """
    if settings.url is None or settings.api_key is None:
        why = "Nobody knows how it ended. n8n would, where [profiles.NAME.n8n] has url and api_key."
        return {question.execution: nobody_knows(why) for question in questions}
    target = _api(settings.url.resolve())
    client = Client(tls=target.scheme == "https")
    return asyncio.run(_ask(client, target, settings.api_key.resolve(), questions))


def _api(url: str) -> Target:
    try:
        return target_of(url.rstrip("/"))
    except Refused as error:
        msg = f"n8n's url in the configuration cannot be used: {error.message}"
        raise ConfigError(msg) from None


async def _ask(
    client: Client, target: Target, key: str, questions: Sequence[Question]
) -> Mapping[Key, Evidence]:
    search = _Search(questions)
    trouble = None
    try:
        async with asyncio.timeout(_WHOLE_SECONDS), client:
            await search.through(Api(target, key=key, client=client))
    except TimeoutError:
        trouble = f"n8n did not tell within {_WHOLE_SECONDS:g} s."
    except Trouble as said:
        trouble = str(said)
    return search.evidence(trouble)


class _Search:
    """Looks for executions of ours among n8n's, and remembers what it has found."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self._asked = {str(question.execution): question for question in questions}
        self._heard: dict[Key, Evidence] = {}
        self._read = 0

    async def through(self, api: Api) -> None:
        """Read n8n's executions of the workflows and the time in question."""
        workflows = await _workflows_by_path(api)
        named = {workflows.get(_path(question.webhook_url)) for question in self._asked.values()}
        # One webhook that no workflow is known for may belong to any of them.
        filters = [{"workflowId": each} for each in named if each] if None not in named else [{}]
        for each in filters:
            await self._scan(api, each)

    async def _scan(self, api: Api, which: Mapping[str, str]) -> None:
        # A list without a status leaves out those that are running.
        await self._scan_list(api, {**which, "status": "running"})
        await self._scan_list(api, which)

    async def _scan_list(self, api: Api, which: Mapping[str, str]) -> None:
        since, until = self._window()
        async for page in api.pages("executions", **which):
            for summary in page:  # newest first
                started = instant(summary.get("startedAt"))
                if started is not None and started < since:
                    return
                if started is None or started <= until:
                    await self._look_at(api, summary)

    def _window(self) -> tuple[datetime, datetime]:
        times = [question.created_at for question in self._asked.values() if question.created_at]
        if len(times) < len(self._asked):
            return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return min(times) - _BEFORE, max(times) + _AFTER

    async def _look_at(self, api: Api, summary: Mapping[str, Any]) -> None:
        self._read += 1
        if self._read > _MOST_READ:
            msg = f"n8n has more than {_MOST_READ} executions from that time; name fewer of ours."
            raise Trouble(msg)
        whole = await api.get(f"executions/{summary.get('id')}?includeData=true")
        for identity in identities(whole):
            question = self._asked.get(identity)
            if question is not None:
                self._hear(question, whole)

    def _hear(self, question: Question, whole: Mapping[str, Any]) -> None:
        """Remember what weighs most: one success outweighs failed attempts of the same execution."""
        new = judge(whole, question.success_when)
        known = self._heard.get(question.execution)
        if known is None or _WEIGHT[new.outcome] > _WEIGHT[known.outcome]:
            self._heard[question.execution] = new

    def evidence(self, trouble: str | None) -> Mapping[Key, Evidence]:
        """Return what was heard of each, or why nothing was."""
        why = trouble or "n8n has no execution with its id: perhaps it was pruned, or is not saved."
        return {
            question.execution: self._heard.get(question.execution) or nobody_knows(why)
            for question in self._asked.values()
        }


_WEIGHT = {Outcome.FAILED: 0, Outcome.UNKNOWN: 1, Outcome.SUCCESS: 2}


async def _workflows_by_path(api: Api) -> Mapping[str, str]:
    """Return the workflow of each webhook path; nothing where the key may not list workflows."""
    found: dict[str, str] = {}
    try:
        async for page in api.pages("workflows"):
            for workflow in page:
                for path in _webhook_paths(workflow):
                    found[path] = str(workflow.get("id"))
    except Trouble:
        return {}
    return found


def _webhook_paths(workflow: Mapping[str, Any]) -> Iterator[str]:
    for node in workflow.get("nodes") or ():
        if isinstance(node, dict) and str(node.get("type")).endswith(".webhook"):
            path = (node.get("parameters") or {}).get("path") or node.get("webhookId")
            yield str(path).strip("/")


def _path(url: str | None) -> str:
    """Return what stands behind `/webhook/` in a URL."""
    return urlsplit(url or "").path.partition("/webhook/")[2].strip("/")
