"""Shows a migration: the plan as exactly the SQL that is run, and what became of it."""

from collections.abc import Iterator

from agentctl.core.migration.backfill import BackfillReport
from agentctl.core.migration.plan import Plan, Step
from agentctl.core.migration.undoing import UndoReport
from agentctl.render.blocks import Code, Table, Text, Tone, View
from agentctl.render.clean import clean_line

_BACKFILL = (
    "Then old rows are filled from the ledger (credits_used, started_at, completed_at), in small "
    "batches, each in a transaction of its own. If the ledger has no index on its execution "
    "column, it gets one."
)

_RAW = (
    "The copy is raw, so that COPY can read it back: do not open it in a spreadsheet, which "
    "would run a customer's text as a formula."
)

_PROOF = "Afterwards, agentctl schema-check --require full proves that everything is there."


def plan_data(plan: Plan, *, applied: bool) -> dict[str, object]:
    """Return a plan as programs read it."""
    return {
        "table": plan.full_name,
        "before": plan.before,
        "applied": applied,
        "session": list(plan.session),
        "steps": [_step_data(step) for step in plan.steps],
        "remarks": list(plan.remarks),
    }


def _step_data(step: Step) -> dict[str, object]:
    return {
        "kind": step.kind,
        "object": step.object,
        "sql": step.sql,
        "statements": list(step.statements),
        "lock": step.lock,
        "brief": step.brief,
        "scans": step.scans,
        "rewrites": False,
        "undo": step.undo,
    }


def plan_view(plan: Plan, *, backfill: bool = False) -> View:
    """Show each step with its lock and its SQL."""
    if not plan.steps:
        todo = "no column or index is missing" if backfill else "nothing to do"
        yield Text(f"{plan.full_name} already has full tracking: {todo}.", Tone.GOOD)
    yield from steps_view(plan)
    if backfill:
        yield Text(_BACKFILL)


def filled_data(plan: Plan, filled: BackfillReport) -> dict[str, object]:
    """Return what became of a migration with its backfill as programs read it."""
    return {
        **plan_data(plan, applied=bool(plan.steps)),
        "backfill": {
            "rows": filled.rows,
            "filled": filled.filled,
            "unknown": filled.unknown,
            "differing": filled.differing,
            "passed_over": filled.passed_over,
            "triggers": list(filled.triggers),
        },
    }


def filled_view(plan: Plan, filled: BackfillReport) -> View:
    """Say what was filled, and what nobody knows."""
    if plan.steps:
        yield from done_view(plan)
    yield Text(f"Checked {filled.rows} executions.", Tone.GOOD)
    yield Table(
        ("column", "filled", "unknown"),
        tuple((name, count, filled.unknown[name]) for name, count in filled.filled.items()),
        numbers=frozenset({"filled", "unknown"}),
    )
    if filled.differing:
        yield Text(
            f"For {filled.differing} of them the ledger shows a different cost; they were left "
            "as they are. To list them: agentctl audit --check credits-used-differs",
            Tone.WARNING,
        )
    if filled.passed_over:
        yield Text(
            f"{filled.passed_over} of them were locked by others. Run this again to fill them.",
            Tone.WARNING,
        )
    if filled.triggers:
        yield Text(f"Triggers of the table ran for every row: {', '.join(filled.triggers)}.", Tone.DIM)


def undo_view(plan: Plan) -> View:
    """Show how a migration is taken back, and what stays."""
    if not plan.steps:
        yield Text(f"{plan.full_name} has nothing that migrate-full added: nothing to do.", Tone.GOOD)
    yield from steps_view(plan)
    for remark in plan.remarks:
        yield Text(remark, Tone.DIM)


def steps_view(plan: Plan) -> View:
    """Show each step with its lock and its SQL."""
    for number, step in enumerate(plan.steps, start=1):
        yield Text("\n   ".join([f"{number}. {step.kind} ({step.object})", *_list_facts(step)]), Tone.STRONG)
        yield Code(f"{step.sql};", "sql")


def _list_facts(step: Step) -> Iterator[str]:
    yield f"Lock: {step.lock}."
    if step.scans:
        yield "Reads the whole table, rewrites nothing."
    if step.undo is None:
        yield "Cannot be undone."


def script(plan: Plan, *, proof: str = _PROOF) -> str:
    """Write a plan as a file of SQL for whoever runs it by hand.

    Args:
        plan: what to write.
        proof: what to tell them to do afterwards.

    """
    return "\n".join(_write_script(plan, proof)) + "\n"


def _write_script(plan: Plan, proof: str) -> Iterator[str]:
    yield from _write_comment(f"{plan.full_name}: {len(plan.steps)} steps of agentctl migrate-full.")
    yield from _write_comment("Run it outside a transaction: psql -X -v ON_ERROR_STOP=1 -f THIS-FILE")
    yield from _write_comment(
        "A step that does not get its lock in time changes nothing: run the file again."
    )
    yield from (f"{statement};" for statement in plan.session)
    for number, step in enumerate(plan.steps, start=1):
        yield ""
        yield from _write_comment(f"{number}. {step.kind}: {step.object}")
        for fact in _list_facts(step):
            yield from _write_comment(fact)
        if step.scans:
            yield from _write_comment(
                "If it is interrupted, it leaves an invalid index: undo it before you repeat it."
            )
        if step.undo is not None:
            yield from _write_comment(f"Undone by: {step.undo};")
        yield f"{step.sql};"
    yield ""
    yield from _write_comment(proof)


def _write_comment(text: str) -> Iterator[str]:
    yield f"-- {clean_line(text)}"


def done_view(plan: Plan) -> View:
    """Say that a plan was applied and verified."""
    return [
        Text(f"{plan.full_name} now has full tracking: {count_steps(plan)} done and verified.", Tone.GOOD)
    ]


def undone_data(plan: Plan, undone: UndoReport) -> dict[str, object]:
    """Return what became of an undo as programs read it."""
    saved = {"rows": undone.rows, "file": str(undone.file) if undone.file else None, "raw": True}
    return {**plan_data(plan, applied=True), "saved": saved}


def undone_view(plan: Plan, undone: UndoReport) -> View:
    """Say that an undo was applied and verified, and where the data is."""
    yield Text(f"{plan.full_name} is as it was before: {count_steps(plan)} done and verified.", Tone.GOOD)
    if undone.file is not None:
        yield Text(f"The data of {undone.rows} rows is in {undone.file}.")
        yield Text(_RAW, Tone.WARNING)
    for remark in plan.remarks:
        yield Text(remark, Tone.DIM)


def count_steps(plan: Plan) -> str:
    """Return how many steps a plan has, as a sentence says it."""
    return f"{len(plan.steps)} step{'s' if len(plan.steps) > 1 else ''}"
