"""Asks n8n's execution API what became of executions whose answers nobody got.

It only reads. It recognises an execution of ours by the id in the webhook's headers and body, if the call
proves to be ours (`calls`); what n8n does not know, or does not tell, stays unknown. Executions of n8n's that
cannot be read are skipped, and the search goes on.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from msgspec import Struct

from agentctl.core.config.profiles import N8nSettings
from agentctl.core.config.toml_sections import Value
from agentctl.core.errors import ConfigError, Refused
from agentctl.core.hint_text import toml_key
from agentctl.core.models import Key, Outcome, Reticent
from agentctl.core.settling.evidence import Evidence, nobody_knows
from agentctl.core.settling.n8n.api import Api, Endless, Trouble, Unusable
from agentctl.core.settling.n8n.calls import why_not_ours
from agentctl.core.settling.n8n.execution import judge, list_calls, number_of, read_instant
from agentctl.core.strict_json import find_member, list_members
from agentctl.core.times import Moment, shifted
from agentctl.core.webhook.endpoint import Target, target_of
from agentctl.core.webhook.http import Client

_WHOLE_SECONDS = 300.0
_MOST_READ = 5000  # executions of n8n's that one search reads whole
# n8n's clock and the database's may differ, and a call may be repeated for some minutes before it arrives.
_BEFORE, _AFTER = timedelta(minutes=10), timedelta(hours=1)
_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Question(Reticent, Struct, frozen=True):
    """An execution that n8n is asked about.

    Attributes:
        webhook_url: the one that was called, or else the agent's present one.
        creation: our row's; the call came after it.
        row_mark: which row of which database it is, as our calls say it; None where that is not known.
        success_when: the agent's rule on its JSON answer.

    """

    unsaid: ClassVar = frozenset({"webhook_url"})

    execution: Key
    webhook_url: str | None
    creation: Moment | None
    row_mark: str | None
    success_when: str | None = None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The time in which n8n's execution began, if it is of this one."""
        if self.creation is None:
            return _EVER
        return shifted(self.creation.earliest, -_BEFORE), shifted(self.creation.latest, _AFTER)


def ask(
    settings: N8nSettings, questions: Sequence[Question], *, profile: str, signing_secret: Value | None
) -> Mapping[Key, Evidence]:
    """Ask n8n about executions.

    Args:
        settings: n8n's address and key; secrets are resolved here.
        questions: the executions.
        profile: the name of the profile that the settings belong to.
        signing_secret: signs our calls; None where they are not signed.

    Returns:
        evidence for every question; where n8n cannot tell, its outcome is unknown, with the reason.

    Raises:
        ConfigError: the configured URL or key cannot be used.

    """
    if settings.url is None or settings.api_key is None:
        why = f"Outcome unknown. To ask n8n, set url and api_key in [{toml_key('profiles', profile, 'n8n')}]."
        return {question.execution: nobody_knows(why) for question in questions}
    target = _read_api_target(settings.url.resolve())
    client = Client(tls=target.scheme == "https")
    search = _Search(questions, signing_secret.resolve() if signing_secret else None)
    return asyncio.run(_ask_within_time(client, target, settings.api_key.resolve(), search))


def _read_api_target(url: str) -> Target:
    try:
        return target_of(url.rstrip("/"))
    except Refused as error:
        raise ConfigError(f"n8n's url in the configuration cannot be used: {error.message}") from None


async def _ask_within_time(
    client: Client, target: Target, key: str, search: "_Search"
) -> Mapping[Key, Evidence]:
    trouble = None
    try:
        async with asyncio.timeout(_WHOLE_SECONDS), client:
            await search.read_all(Api(target, key=key, client=client))
    except TimeoutError:
        trouble = f"n8n did not answer within {_WHOLE_SECONDS:g} s."
    except Trouble as error:
        trouble = str(error)
    return search.list_evidence(trouble)


class _Search:
    """Looks for executions of ours among n8n's, and keeps what it finds."""

    def __init__(self, questions: Sequence[Question], signing_secret: str | None) -> None:
        self._asked = {str(question.execution): question for question in questions}
        self._secret = signing_secret
        self._answers: dict[Key, Evidence] = {}
        self._rejected: dict[Key, str] = {}
        self._passed_over: str | None = None  # why something could not be read
        self._read: set[str] = set()

    async def read_all(self, api: Api) -> None:
        """Read n8n's executions of the workflows and the time in question."""
        workflows = await _map_workflows(api)
        named = {workflows.get(_read_webhook_path(question.webhook_url)) for question in self._asked.values()}
        # A webhook without a known workflow may belong to any of them.
        filters = [{"workflowId": each} for each in named if each] if None not in named else [{}]
        for each in filters:
            await self._scan_workflow(api, each)

    async def _scan_workflow(self, api: Api, which: Mapping[str, str]) -> None:
        # A list without a status leaves out those that are running.
        for parameters in ({**which, "status": "running"}, which):
            try:
                await self._scan_list(api, parameters)
            except Endless as endless:
                self._passed_over = str(endless)

    async def _scan_list(self, api: Api, which: Mapping[str, str]) -> None:
        windows = [question.window for question in self._asked.values()]
        since, until = min(start for start, _ in windows), max(end for _, end in windows)
        async for page in api.pages("executions", **which):  # newest first
            times = [read_instant(summary.get("startedAt")) for summary in page]
            for summary, started in zip(page, times, strict=True):
                if started is None or since <= started <= until:
                    await self._look_at(api, summary)
            if times and all(started is not None and started < since for started in times):
                return

    async def _look_at(self, api: Api, summary: Mapping[str, Any]) -> None:
        number = summary.get("id")
        if not isinstance(number, str | int) or str(number) in {"", ".", ".."} or str(number) in self._read:
            return
        self._read.add(str(number))
        if len(self._read) > _MOST_READ:
            raise Trouble(
                f"n8n has more than {_MOST_READ} executions from that time; reconcile fewer "
                "executions at once."
            )
        try:
            whole = await api.get(f"executions/{quote(str(number), safe='')}?includeData=true")
            self._recognise_calls(whole)
        except Unusable as unusable:
            self._passed_over = f"n8n's execution {number_of(summary)} cannot be read: {unusable}"
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            self._passed_over = f"n8n's execution {number_of(summary)} cannot be understood."

    def _recognise_calls(self, whole: Mapping[str, Any]) -> None:
        """Keep what an execution of n8n's proves about each of ours that it was called for."""
        started = read_instant(whole.get("startedAt"))
        for call in list_calls(whole):
            for question in (self._asked[each] for each in call.ids() if each in self._asked):
                start, end = question.window
                why = why_not_ours(call, question.execution, question.row_mark, self._secret)
                if why is None and started is not None and not start <= started <= end:
                    why = "is from another time"
                if why is None:
                    self._keep_answer(question, whole)
                else:
                    self._rejected[question.execution] = (
                        f"n8n's execution {number_of(whole)} has its id, but {why}."
                    )

    def _keep_answer(self, question: Question, whole: Mapping[str, Any]) -> None:
        """Keep what weighs most: one success outweighs failed attempts of the same execution."""
        new = judge(whole, question.success_when)
        known = self._answers.get(question.execution)
        if known is None or _WEIGHT[new.outcome] > _WEIGHT[known.outcome]:
            self._answers[question.execution] = new

    def list_evidence(self, trouble: str | None) -> Mapping[Key, Evidence]:
        """Return what was found of each execution, or why nothing was."""
        why = trouble or self._passed_over
        why = why or "n8n has no execution with its id: perhaps it was pruned, or was not saved."
        return {
            execution: self._answers.get(execution) or nobody_knows(self._rejected.get(execution, why))
            for execution in (question.execution for question in self._asked.values())
        }


_WEIGHT = {Outcome.FAILED: 0, Outcome.UNKNOWN: 1, Outcome.SUCCESS: 2}


async def _map_workflows(api: Api) -> Mapping[str, str]:
    """Return the workflow of each webhook path; nothing if the key may not list workflows."""
    workflows: dict[str, str] = {}
    try:
        async for page in api.pages("workflows"):
            for workflow in page:
                for path in _list_webhook_paths(workflow):
                    workflows[path] = str(workflow.get("id"))
    except Trouble:
        return {}
    return workflows


def _list_webhook_paths(workflow: Mapping[str, Any]) -> Iterator[str]:
    for node in list_members(workflow, "nodes"):
        if str(find_member(node, "type")).endswith(".webhook"):
            yield str(find_member(node, "parameters", "path") or node.get("webhookId")).strip("/")


def _read_webhook_path(url: str | None) -> str:
    """Return the part of a URL after `/webhook/`."""
    try:
        return urlsplit(url or "").path.partition("/webhook/")[2].strip("/")
    except ValueError:  # from a row that anybody wrote
        return ""
