"""Reads one whole execution of n8n's: the calls in it, how it ended, and what it returned.

n8n's data varies with its version, its settings, and how an execution ended, so nothing in it is taken for
granted. What is not there is not made up. The facts are from executions of n8n 2.38.7.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agentctl.core.models import Outcome
from agentctl.core.settling.evidence import Evidence, Source, nobody_knows
from agentctl.core.settling.n8n.calls import Call, read_call
from agentctl.core.strict_json import find_member, list_members
from agentctl.core.webhook.success_rule import parse_rule

_FAILED = frozenset({"error", "crashed", "canceled"})
_LONGEST = 40  # characters of a word of n8n's that is shown


def read_instant(text: object) -> datetime | None:
    """Read a time of n8n's; None if it is not a time, or has no zone."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _read_result(whole: Mapping[str, Any], name: str) -> Any:
    return find_member(whole, "data", "resultData", name)


def _list_items(whole: Mapping[str, Any], node: object) -> list[Any]:
    """Return what a node put out in its last run."""
    runs = list_members(_read_result(whole, "runData"), node) if isinstance(node, str) else []
    items = _first_output(runs[-1]) if runs else []
    kept = (item for item in items if isinstance(item, dict) and "redaction" not in item)
    return [item.get("json") for item in kept]


def _first_output(run: object) -> list[Any]:
    """Return the items of a run's first output."""
    outputs = list_members(run, "data", "main")
    return outputs[0] if outputs and isinstance(outputs[0], list) else []


def list_calls(whole: Mapping[str, Any]) -> Iterator[Call]:
    """Return the calls that may have started an n8n execution."""
    calls = map(read_call, _list_inputs(whole))
    return (call for call in calls if call is not None)


def _list_inputs(whole: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what may be a webhook's input: the first item of each node, and of each node still to run.

    While an execution runs, and after n8n was killed, nodes still to run hold the only trace of its input.
    """
    run_data = _read_result(whole, "runData")
    for node in run_data if isinstance(run_data, dict) else ():
        yield from _list_items(whole, node)[:1]
    for waiting in list_members(whole, "data", "executionData", "nodeExecutionStack"):
        for item in _first_output(waiting)[:1]:
            if isinstance(item, dict):
                yield item.get("json")


def judge(whole: Mapping[str, Any], rule: str | None) -> Evidence:
    """Return what an execution of n8n's proves about ours; `rule` is the agent's success_when."""
    status, number = str(whole.get("status")), number_of(whole)
    ended = read_instant(whole.get("stoppedAt"))
    if status in _FAILED:
        message = f"n8n's execution {number} ended with {status}{_describe_error(whole)}."
        return Evidence(Outcome.FAILED, Source.N8N, message, ended_at=ended)
    if status != "success":
        return nobody_knows(f"n8n has not finished it yet: its execution {number} is {status[:_LONGEST]}.")
    items = _list_items(whole, _answering_node(whole))
    message = f"n8n's execution {number} succeeded."
    if items:
        result = items if _answers_with_all(whole) else items[0]
        success = Evidence(
            Outcome.SUCCESS, Source.N8N, message, result=result, has_result=True, ended_at=ended
        )
        return success if rule is None else _apply_rule(success, rule)
    if rule is not None:
        return nobody_knows(f"{message} Its result, which success_when needs, is missing.")
    return Evidence(Outcome.SUCCESS, Source.N8N, message, ended_at=ended)


def _apply_rule(success: Evidence, rule: str) -> Evidence:
    parsed = parse_rule(rule)
    holds = parsed.holds(success.result)
    if holds is None:
        return nobody_knows(f"{success.message} Its result has no {parsed.dotted}, which success_when needs.")
    if holds:
        return success
    message = f"{success.message} But success_when does not accept its result as a success."
    return Evidence(Outcome.FAILED, Source.N8N, message, ended_at=success.ended_at)


def number_of(execution: Mapping[str, Any]) -> str:
    """Return n8n's number of an execution, for a message."""
    number = execution.get("id")
    text = str(number)[:_LONGEST] if isinstance(number, str | int) else ""
    return text or "without a number"


def _answering_node(whole: Mapping[str, Any]) -> object:
    """Return the node whose output the webhook answered with, or would have."""
    responding = (
        node.get("name") for node in _list_nodes(whole) if str(node.get("type")).endswith(".respondToWebhook")
    )
    run_data = _read_result(whole, "runData")
    ran = run_data if isinstance(run_data, dict) else {}
    return next(
        (name for name in responding if isinstance(name, str) and name in ran),
        _read_result(whole, "lastNodeExecuted"),
    )


def _answers_with_all(whole: Mapping[str, Any]) -> bool:
    """Whether the webhook would have answered with all items of the last node, not with the first."""
    return any(find_member(node, "parameters", "responseData") == "allEntries" for node in _list_nodes(whole))


def _list_nodes(whole: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [node for node in list_members(whole, "workflowData", "nodes") if isinstance(node, dict)]


def _describe_error(whole: Mapping[str, Any]) -> str:
    message = find_member(_read_result(whole, "error"), "message")
    return f": {json.dumps(message)[1:-1][:200]}" if isinstance(message, str) and message else ""
