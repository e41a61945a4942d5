"""n8n's execution API on a loopback server, scripted by a test; tests/n8n uses a real n8n."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from support.webhook_server import Reply, Request, WebhookServer

WORKFLOW = "wf1"
LISTS = (
    f"/api/v1/executions?limit=100&workflowId={WORKFLOW}&status=running",
    f"/api/v1/executions?limit=100&workflowId={WORKFLOW}",
)


def script_workflow(server: WebhookServer, path: str) -> None:
    """Add one workflow to the API, with its webhook path."""
    node = {"type": "n8n-nodes-base.webhook", "webhookId": path, "parameters": {"path": path}}
    _script_pages(server, "/api/v1/workflows?limit=100", [{"id": WORKFLOW, "nodes": [node]}])


def script_executions(server: WebhookServer, *executions: Mapping[str, Any], pages: int = 1) -> None:
    """Add executions to the API, newest first, on a number of pages; running ones have their own list."""
    running = [one for one in executions if one["status"] == "running"]
    ended = [one for one in executions if one["status"] != "running"]
    _script_pages(server, LISTS[0], running)
    share = -(-len(ended) // pages)
    for page in range(pages):
        cursor = f"&cursor=page{page}" if page else ""
        following = f"page{page + 1}" if page + 1 < pages else None
        _script_pages(server, LISTS[1] + cursor, ended[page * share : (page + 1) * share], following)
    for one in executions:
        server.script(f"/api/v1/executions/{one['id']}?includeData=true", Reply.json(one))


def n8n_execution(
    number: int,
    execution: str,
    *,
    status: str = "success",
    output: object = None,
    error: str | None = None,
    request: Request | None = None,
) -> dict[str, Any]:
    """Return an n8n execution that agentctl's execution started, with `request` if it is given."""
    came_in: dict[str, Any]
    came_in = {"headers": {"x-agentctl-execution-id": execution}, "body": {"execution_id": execution}}
    if request is not None:
        came_in = {"headers": dict(request.headers), "body": request.json}
    run_data: dict[str, Any] = {"Webhook": [_put_out(came_in)]}
    result: dict[str, Any] = {"runData": run_data, "lastNodeExecuted": "Webhook"}
    if output is not None:
        run_data["Answer"] = [_put_out(output)]
        result["lastNodeExecuted"] = "Answer"
    if error is not None:
        result["error"] = {"message": error}
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    ended = None if status == "running" else now
    times = {"startedAt": now, "stoppedAt": ended}
    return {"id": str(number), "status": status, **times, "data": {"resultData": result}}


def _put_out(item: object) -> dict[str, Any]:
    return {"data": {"main": [[{"json": item}]]}}


def _script_pages(
    server: WebhookServer, path: str, items: Sequence[Mapping[str, Any]], cursor: str | None = None
) -> None:
    server.script(path, Reply.json({"data": list(items), "nextCursor": cursor}))
