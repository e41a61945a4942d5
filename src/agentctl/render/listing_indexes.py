"""Shows the indexes that serve lists: the plan of each table, and what became of it."""

from collections.abc import Sequence

from agentctl.core.migration.plan import Plan
from agentctl.render import migrate
from agentctl.render.blocks import Text, Tone, View

_PROOF = "Afterwards, agentctl schema-check finds no list-unindexed."


def plans_data(plans: Sequence[Plan], *, undo: bool) -> dict[str, object]:
    """Return plans as programs read them."""
    return _compose_data(plans, undo=undo, applied=False)


def done_data(plans: Sequence[Plan], *, undo: bool) -> dict[str, object]:
    """Return applied plans as programs read them."""
    return _compose_data(plans, undo=undo, applied=True)


def _compose_data(plans: Sequence[Plan], *, undo: bool, applied: bool) -> dict[str, object]:
    tables = [migrate.plan_data(plan, applied=applied and bool(plan.steps)) for plan in plans]
    for table in tables:
        del table["before"]  # which of the optional columns there are does not matter here
    return {"undo": undo, "tables": tables}


def plans_view(plans: Sequence[Plan], *, undo: bool) -> View:
    """Show the plan of each table."""
    for plan in plans:
        if plan.steps:
            yield Text(f"{plan.full_name}:")
            yield from migrate.steps_view(plan)
        elif not plan.remarks:
            yield Text(_explain_nothing(plan, undo=undo), Tone.GOOD)
        for remark in plan.remarks:
            yield Text(remark, Tone.DIM)


def _explain_nothing(plan: Plan, *, undo: bool) -> str:
    if undo:
        return f"{plan.full_name} has no index that --history-index has built: nothing to do."
    return f"{plan.full_name} has an index for each list: nothing to do."


def done_view(plans: Sequence[Plan], *, undo: bool) -> View:
    """Say what was done, and that it was verified."""
    for plan in plans:
        if plan.steps:
            result = "is as it was before" if undo else "now has an index for each list"
            yield Text(
                f"{plan.full_name} {result}: {migrate.count_steps(plan)} done and verified.", Tone.GOOD
            )


def script(plan: Plan) -> str:
    """Write a plan as SQL for whoever runs it by hand."""
    return migrate.script(plan, proof=_PROOF)
