"""Reads one execution of n8n's, whole: whether it is one of ours, how it ended, and what it returned.

n8n's data is walked with care: it varies with n8n's version, its settings, and how an execution ended. What
is not there is not made up. The facts are from executions of n8n 2.38.7.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agentctl.core.models import Outcome
from agentctl.core.settling.evidence import Evidence, Source, nobody_knows
from agentctl.core.settling.n8n.calls import Call, read_call
from agentctl.core.webhook.success_rule import parse_rule

_FAILED = frozenset({"error", "crashed", "canceled"})
_LONGEST = 40  # characters of a word of n8n's that is shown


def read_instant(text: object) -> datetime | None:
    """Read a time of n8n's; None where it is none, or says no zone."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _runs(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    data = whole.get("data")
    found = data.get("resultData") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _items(run_data: object, node: object) -> list[Any]:
    """Return what a node put out in its last run; n8n's data is walked with care, for it varies."""
    runs = run_data.get(node) if isinstance(run_data, dict) and isinstance(node, str) else None
    items = _first_output(runs[-1]) if isinstance(runs, list) and runs else []
    kept = (item for item in items if isinstance(item, dict) and "redaction" not in item)
    return [item.get("json") for item in kept]


def _first_output(run: object) -> list[Any]:
    """Return the items of a run's first output."""
    data = run.get("data") if isinstance(run, dict) else None
    outputs = data.get("main") if isinstance(data, dict) else None
    items = outputs[0] if isinstance(outputs, list) and outputs else None
    return items if isinstance(items, list) else []


def list_calls(whole: Mapping[str, Any]) -> Iterator[Call]:
    """Yield what may have come in with an n8n execution: what its nodes put out or are still to be given."""
    for item in _inputs(whole):
        call = read_call(item)
        if call is not None:
            yield call


def _inputs(whole: Mapping[str, Any]) -> Iterator[Any]:
    """Return what may be a webhook's input: first items of nodes, and what a node is still to be given.

    While it runs, and after n8n itself was killed, an execution has no other trace of its input than that.
    """
    run_data = _runs(whole).get("runData")
    for node in run_data if isinstance(run_data, dict) else ():
        yield from _items(run_data, node)[:1]
    data = whole.get("data")
    stored = data.get("executionData") if isinstance(data, dict) else None
    stack = stored.get("nodeExecutionStack") if isinstance(stored, dict) else None
    for waiting in stack if isinstance(stack, list) else ():
        for item in _first_output(waiting)[:1]:
            if isinstance(item, dict):
                yield item.get("json")


def judge(whole: Mapping[str, Any], rule: str | None) -> Evidence:
    """Return what an execution of n8n's says about ours; `rule` is the agent's success_when."""
    status, number = str(whole.get("status")), number_of(whole)
    ended = read_instant(whole.get("stoppedAt"))
    if status in _FAILED:
        said = f"n8n's execution {number} ended with {status}{_reason(whole)}."
        return Evidence(Outcome.FAILED, Source.N8N, said, ended_at=ended)
    if status != "success":
        said = f"n8n has not finished it yet: its execution {number} is {status[:_LONGEST]}."
        return nobody_knows(said)
    items = _items(_runs(whole).get("runData"), _answering_node(whole))
    said = f"n8n's execution {number} succeeded."
    if not items and rule is not None:
        return nobody_knows(f"{said} Its result, which success_when needs, is missing.")
    if not items:
        return Evidence(Outcome.SUCCESS, Source.N8N, said, ended_at=ended)
    result = items if _answers_with_all(whole) else items[0]
    if rule is not None and not parse_rule(rule).holds(result):
        said = f"n8n's execution {number} ended with a result that success_when does not accept as a success."
        return Evidence(Outcome.FAILED, Source.N8N, said, ended_at=ended)
    return Evidence(Outcome.SUCCESS, Source.N8N, said, result=result, has_result=True, ended_at=ended)


def number_of(execution: Mapping[str, Any]) -> str:
    """Return n8n's number of an execution, as far as it is one."""
    number = execution.get("id")
    return str(number)[:_LONGEST] if isinstance(number, str | int) else "without a number"


def _answering_node(whole: Mapping[str, Any]) -> object:
    """Return the node whose output the webhook answered with, or would have."""
    run_data = _runs(whole).get("runData")
    ran = run_data if isinstance(run_data, dict) else {}
    responding = (node.get("name") for node in _nodes(whole) if _is_responding(node))
    return next(
        (name for name in responding if isinstance(name, str) and name in ran),
        _runs(whole).get("lastNodeExecuted"),
    )


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
