"""`agentctl migrate-full --history-index`: build the indexes that serve lists, or drop them."""

from functools import partial

from agentctl.cli.migration_order import Order, confirm_plans, write_script
from agentctl.cli.reply import Reply


def change_indexes(order: Order, *, undo: bool) -> Reply:
    """Build the indexes on the executions and on the ledger, one table after the other, or drop them."""
    from agentctl.cli.migration_progress import migrating
    from agentctl.core.migration import listing_indexes as core
    from agentctl.core.migration.apply import apply
    from agentctl.render import listing_indexes as render

    make_plan = core.plan_removing_listing_indexes if undo else core.plan_listing_indexes
    planners = [
        partial(make_plan, settings=order.settings, role=role, wait=order.wait)
        for role in core.find_listed_roles(order.connection, order.settings)
    ]
    plans = [planner(order.connection) for planner in planners]
    changing = [plan for plan in plans if plan.steps]
    planned = Reply.of(render.plans_data, render.plans_view, plans, undo=undo)
    if order.dry_run:
        write_script(order.output, *(render.script(plan) for plan in changing))
    if order.dry_run or not changing:
        return planned
    confirm_plans(order, changing, planned)
    with migrating(order.session) as on_event:
        for plan, planner in zip(plans, planners, strict=True):
            if plan.steps:
                apply(order.connection, plan, planner, on_event)
    return Reply.of(render.done_data, render.done_view, plans, undo=undo)
