"""Shows what became of open executions, one on each line, and what the rest would need."""

from collections import Counter
from collections.abc import Sequence

from agentctl.core.amounts import total
from agentctl.core.errors import AgentctlError
from agentctl.core.models import Outcome, Verbatim
from agentctl.core.settling.cases import Action, Case
from agentctl.render.blocks import Cell, Table, Text, Tone, Toned, View
from agentctl.render.envelope import agent_name_data, user_name_data

_WORDS = {
    Action.SETTLED: ("settled", Tone.GOOD),
    Action.WOULD_SETTLE: ("would settle", Tone.GOOD),
    Action.LEFT_OPEN: ("left open", Tone.WARNING),
    Action.ALIVE: ("may be alive", Tone.WARNING),
    Action.NOT_SETTLED: ("not settled", Tone.BAD),
    Action.FOUND_SETTLED: ("settled before", Tone.PLAIN),
}


def reconcile_data(cases: Sequence[Case]) -> dict[str, object]:
    """Return the cases as programs read them."""
    count = Counter(case.action for case in cases)
    return {
        "executions": [_case_data(case) for case in cases],
        "counts": {action.value: count[action] for action in Action},
    }


def reconcile_view(cases: Sequence[Case]) -> View:
    """Show each case in a line, and a sum."""
    if not cases:
        yield Text("No open execution is old enough to be dead.", Tone.GOOD)
        return
    yield Table(("execution", "agent", "user", "created", "was", "now", "why"), tuple(map(_make_row, cases)))
    yield Text(_summarise_cases(cases))


def _case_data(case: Case) -> dict[str, object]:
    execution, evidence = case.execution, case.evidence
    return {
        "id": execution.id,
        "agent": agent_name_data(execution.agent),
        "user": user_name_data(execution.user),
        "created_at": execution.created_at,
        "action": case.action,
        "status": case.status,
        "outcome": evidence.outcome,
        "source": evidence.source,
        "message": case.message,
        "refunded": case.refunded,
        "error": _error_data(case.obstacle),
    }


def _error_data(obstacle: AgentctlError | None) -> dict[str, object] | None:
    if obstacle is None:
        return None
    return {"code": obstacle.code, "message": obstacle.message, "hint": obstacle.hint}


def _make_row(case: Case) -> tuple[Cell, ...]:
    word, tone = _WORDS[case.action]
    execution = case.execution
    ended = case.action in {Action.SETTLED, Action.WOULD_SETTLE}
    outcome = f": {case.evidence.outcome}" if ended and case.evidence.outcome is not Outcome.UNKNOWN else ""
    return (
        execution.id,
        execution.agent.slug or execution.agent.id,
        execution.user.email or execution.user.id,
        execution.created_at,
        execution.status,
        Toned(f"{word}{outcome}", tone),
        case.message,
    )


def _summarise_cases(cases: Sequence[Case]) -> str:
    count = Counter(case.action for case in cases)
    parts = [f"{count[action]} {word}" for action, (word, _) in _WORDS.items() if count[action]]
    amounts = (case.refunded for case in cases if case.action is Action.SETTLED)
    refunded = total(amount for amount in amounts if not isinstance(amount, Verbatim))
    back = f"; {refunded} credits refunded" if refunded else ""
    noun = "execution" if len(cases) == 1 else "executions"
    return f"{len(cases)} {noun}: {', '.join(parts)}{back}."
