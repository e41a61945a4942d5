"""n8n's executions of any shape whatever: nothing that stands in one of them raises."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentctl.core.models import Outcome
from agentctl.core.settling.evidence import Evidence
from agentctl.core.settling.n8n.calls import why_not_ours
from agentctl.core.settling.n8n.execution import judge, list_calls, number_of, read_instant
from agentctl.core.strict_json import JsonNumber

SECRET = "whsec_bm9ib2R5LWVsc2UtaGFzLXRoaXMta2V5"
NAMES = (
    *("id", "status", "startedAt", "stoppedAt", "data", "resultData", "runData", "executionData", "error"),
    *(
        "nodeExecutionStack",
        "lastNodeExecuted",
        "workflowData",
        "nodes",
        "parameters",
        "name",
        "type",
        "json",
    ),
    *("main", "headers", "body", "execution_id", "idempotency-key", "webhook-signature", "message"),
    *("webhook-timestamp", "x-agentctl-row", "webhook-id", "responseData", "redaction"),
)
WORDS = ("success", "error", "n8n-nodes-base.respondToWebhook", "allEntries", "7", "\ud800", "v1,\u2603 v1,")
numbers = st.decimals(allow_nan=False, allow_infinity=False).map(JsonNumber)
leaves = st.none() | st.booleans() | st.integers() | numbers | st.sampled_from(WORDS) | st.text(max_size=5)
shapes = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4)
    ),
    max_leaves=40,
)


def nested(*names: str | int) -> Any:
    """Return a strategy of executions with an odd shape somewhere on this path."""

    def wrap(inner: Any, name: str | int) -> Any:
        return [inner] if isinstance(name, int) else {name: inner}

    def build(shape: Any, depth: int) -> Any:
        for name in reversed(names[:depth]):
            shape = wrap(shape, name)
        return shape

    return st.builds(build, shapes, st.integers(0, len(names)))


OUTPUT = ("data", "resultData", "runData", "Hook", 0, "data", "main", 0, 0, "json", "headers")
STACK = ("data", "executionData", "nodeExecutionStack", 0, "data", "main", 0, 0, "json", "body")
executions = st.builds(
    lambda *parts: {name: value for part in parts if isinstance(part, dict) for name, value in part.items()},
    nested(*OUTPUT) | nested(*STACK),
    shapes,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "status", "workflowData"), shapes)),
)


@given(executions)
def test_an_execution_of_any_shape_is_judged_and_its_calls_are_compared(whole: dict[str, Any]) -> None:
    for rule in (None, "status == ok"):
        evidence = judge(whole, rule)
        assert isinstance(evidence, Evidence)
        assert evidence.ended_at is None or evidence.ended_at.tzinfo is not None
    assert number_of(whole)
    for call in list_calls(whole):
        for execution in (*call.ids(), "7d444840-9dc0-41d1-b245-5ffdce74fad2"):
            assert why_not_ours(call, execution, None, SECRET) is not None


@given(shapes)
def test_a_time_of_any_shape_is_an_instant_or_none(shape: Any) -> None:
    instant = read_instant(shape)
    assert instant is None or instant.tzinfo is not None


def test_a_time_without_a_zone_or_outside_of_the_calendar_is_none() -> None:
    for text in ("2026-11-01T10:00:00", "0001-01-01T00:00:00+14:00", "2026", "", "\ud800"):
        assert read_instant(text) is None


def test_a_success_is_still_a_success() -> None:
    item = {"json": {"headers": {"idempotency-key": "k"}}}
    whole = {
        "id": 7,
        "status": "success",
        "data": {"resultData": {"runData": {"Hook": [{"data": {"main": [[item]]}}]}}},
    }

    assert judge(whole, None).outcome is Outcome.SUCCESS
    assert [list(call.ids()) for call in list_calls(whole)] == [["k"]]
