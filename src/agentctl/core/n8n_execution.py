"""Reads one execution of n8n's, whole: whether it is one of ours, how it ended, and what it returned.

n8n's data is walked with care: it varies with n8n's version, its settings, and how an execution ended. What
is not there is not made up. The facts are from executions of n8n 2.38.7.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from agentctl.core.evidence import Evidence, Source, nobody_knows
from agentctl.core.models import Outcome
from agentctl.core.success_rule import parse_rule

_FAILED = frozenset({"error", "crashed", "canceled"})
_ID_HEADERS = ("x-agentctl-execution-id", "idempotency-key")


def instant(text: object) -> datetime | None:
    """Read a time of n8n's; None where it is none."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def _runs(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    data = whole.get("data")
    found = data.get("resultData") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _items(run_data: object, node: object) -> list[Any]:
    """Return what a node put out in its last run; n8n's data is walked with care, for it varies."""
    try:
        items = run_data[node][-1]["data"]["main"][0]  # type: ignore[index]  # whatever it is, the errors say
    except (KeyError, IndexError, TypeError):
        return []
    kept = (item for item in items or () if isinstance(item, dict) and "redaction" not in item)
    return [item.get("json") for item in kept]


def identities(whole: Mapping[str, Any]) -> Iterator[str]:
    """Return the ids of ours that came in with an n8n execution."""
    for item in _inputs(whole):
        if isinstance(item, dict) and isinstance(item.get("headers"), dict):
            yield from (str(item["headers"].get(name)) for name in _ID_HEADERS)
            body = item.get("body")
            yield str(body.get("execution_id") if isinstance(body, dict) else None)


def _inputs(whole: Mapping[str, Any]) -> Iterator[Any]:
    """Return what may be a webhook's input: first items of nodes, and what a node is still to be given.

    While it runs, and after n8n itself was killed, an execution has no other trace of its input than that.
    """
    run_data = _runs(whole).get("runData")
    for node in run_data if isinstance(run_data, dict) else ():
        yield from _items(run_data, node)[:1]
    try:
        for waiting in whole["data"]["executionData"]["nodeExecutionStack"]:
            yield waiting["data"]["main"][0][0]["json"]
    except (KeyError, IndexError, TypeError):
        return


def judge(whole: Mapping[str, Any], rule: str | None) -> Evidence:
    """Return what an execution of n8n's says about ours; `rule` is the agent's success_when."""
    status, number = whole.get("status"), whole.get("id")
    ended = instant(whole.get("stoppedAt"))
    if status in _FAILED:
        said = f"n8n's execution {number} ended with {status}{_reason(whole)}."
        return Evidence(Outcome.FAILED, Source.N8N, said, ended_at=ended)
    if status != "success":
        return nobody_knows(f"n8n is not done with it yet: its execution {number} is {status}.")
    items = _items(_runs(whole).get("runData"), _answering_node(whole))
    said = f"n8n's execution {number} succeeded."
    if not items and rule is not None:
        return nobody_knows(f"{said} Its result, which success_when is about, is not there.")
    if not items:
        return Evidence(Outcome.SUCCESS, Source.N8N, said, ended_at=ended)
    result = items if _answers_with_all(whole) else items[0]
    if rule is not None and not parse_rule(rule).holds(result):
        said = f"n8n's execution {number} ended with a result that success_when does not take for a success."
        return Evidence(Outcome.FAILED, Source.N8N, said, ended_at=ended)
    return Evidence(Outcome.SUCCESS, Source.N8N, said, result=result, has_result=True, ended_at=ended)


def _answering_node(whole: Mapping[str, Any]) -> object:
    """Return the node whose output the webhook answered with, or would have."""
    run_data = _runs(whole).get("runData")
    ran = run_data if isinstance(run_data, dict) else {}
    responding = (node.get("name") for node in _nodes(whole) if _is_responding(node))
    return next((name for name in responding if name in ran), _runs(whole).get("lastNodeExecuted"))


def _is_responding(node: Mapping[str, Any]) -> bool:
    return str(node.get("type")).endswith(".respondToWebhook")


def _answers_with_all(whole: Mapping[str, Any]) -> bool:
    """Whether the webhook would have answered with all items of the last node, not with the first."""
    parameters = (node.get("parameters") for node in _nodes(whole))
    return any(isinstance(each, dict) and each.get("responseData") == "allEntries" for each in parameters)


def _nodes(whole: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    workflow = whole.get("workflowData")
    nodes = workflow.get("nodes") if isinstance(workflow, dict) else None
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def _reason(whole: Mapping[str, Any]) -> str:
    error = _runs(whole).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return f": {json.dumps(message)[1:-1][:200]}" if isinstance(message, str) and message else ""
