"""Shows a migration: the plan as exactly the SQL that is run, and what became of it."""

from agentctl.core.migrate import Plan
from agentctl.render.blocks import Code, Text, Tone, View


def plan_data(plan: Plan, *, applied: bool) -> dict[str, object]:
    """Return a plan as programs read it."""
    return {
        "table": plan.table,
        "before": plan.before,
        "applied": applied,
        "steps": [
            {"kind": step.kind, "object": step.object, "sql": step.sql, "lock": step.lock}
            for step in plan.steps
        ],
    }


def plan_view(plan: Plan) -> View:
    """Show each step with its lock and its SQL."""
    if not plan.steps:
        yield Text(f"{plan.table} has full tracking already: nothing to do.", Tone.GOOD)
        return
    for number, step in enumerate(plan.steps, start=1):
        yield Text(f"{number}. {step.kind} ({step.object})\n   Lock: {step.lock}.", Tone.STRONG)
        yield Code(f"{step.sql};", "sql")


def done_view(plan: Plan) -> View:
    """Say that a plan was applied and verified."""
    steps = f"{len(plan.steps)} step{'s' if len(plan.steps) > 1 else ''}"
    return [Text(f"{plan.table} has full tracking now: {steps} done and verified.", Tone.GOOD)]
