"""Shows executions: a list, one whole, exports a row at a time, and figures over many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from agentctl.core.amounts import subtract
from agentctl.core.executions.history import Page
from agentctl.core.executions.journal import Entry
from agentctl.core.executions.stats import Stats
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.models import Amount, Execution, LedgerRow, Status, Verbatim, outcome_of
from agentctl.render.blocks import Bars, Block, Cell, Code, Facts, Table, Text, Tone, Toned, View
from agentctl.render.csv_cells import csv_line
from agentctl.render.envelope import agent_name_data, format_json, to_json, user_name_data
from agentctl.render.plain import plain_cell, signed

_HEADERS = ("execution", "agent", "user", "status", "created", "duration", "credits")
_TONES: Mapping[str, Tone] = {
    Status.SUCCESS: Tone.GOOD,
    Status.FAILED: Tone.BAD,
    Status.RUNNING: Tone.WARNING,
    Status.PENDING: Tone.WARNING,
}
_DAYS_SHOWN = 30
_CSV_HEADERS = (
    "id", "agent_id", "agent", "user_id", "user", "status", "created_at", "started_at", "completed_at",
    "duration_ms", "charged", "refunded", "credits_used", "workflow_id", "error", "inputs", "result",
)  # fmt: skip


def execution_data(execution: Execution) -> dict[str, object]:
    """Return an execution as programs read it."""
    return {
        "id": execution.id,
        "agent": agent_name_data(execution.agent),
        "user": user_name_data(execution.user),
        "status": execution.status,
        "outcome": outcome_of(execution.status),
        "created_at": execution.created_at,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
        "duration_ms": execution.duration_ms,
        "credits": {"charged": execution.charged, "refunded": execution.refunded},
        "credits_used": execution.credits_used,
        "workflow_id": execution.workflow_id,
        "inputs": execution.inputs,
        "result": execution.result,
        "error": execution.error,
    }


def page_data(page: Page) -> dict[str, object]:
    """Return one page as programs read it."""
    return {
        "executions": [execution_data(execution) for execution in page.executions],
        "next_cursor": page.next_cursor,
    }


def one_data(
    execution: Execution, ledger: Sequence[LedgerRow], missing: Sequence[str], journal: Sequence[Entry]
) -> dict[str, object]:
    """Return one execution, whole, with its ledger rows, what has no column, and this machine's journal."""
    return {
        "execution": execution_data(execution),
        "ledger": [{"type": row.kind, "amount": row.amount, "created_at": row.created_at} for row in ledger],
        "missing_columns": list(missing),
        "journal": [
            {
                "at": entry.at,
                "event": entry.event,
                "outcome": entry.outcome,
                "http_status": entry.http_status,
                "duration_ms": entry.duration_ms,
                "error": entry.error,
                "is_proven": entry.is_proven,
            }
            for entry in journal
        ],
    }


def stats_data(stats: Stats) -> dict[str, object]:
    """Return the figures as programs read them."""
    return {
        "executions": stats.total,
        "by_status": dict(stats.by_status),
        "success_rate": None if stats.success_rate is None else round(stats.success_rate, 4),
        "duration_ms": {"p50": stats.p50_ms, "p95": stats.p95_ms},
        "by_day": [
            {"day": day.day.isoformat(), "executions": day.executions, "failed": day.failed}
            for day in stats.days
        ],
    }


def table_of(executions: Iterable[Execution]) -> Table:
    """Lay out executions, one a line."""
    return Table(_HEADERS, tuple(map(_make_row, executions)), numbers=frozenset({"duration", "credits"}))


def line_of(execution: Execution) -> Text:
    """Write an execution in one line, for a list that grows."""
    when, key, status = map(plain_cell, (execution.created_at, execution.id, execution.status))
    others = (_agent_cell(execution), _user_cell(execution), duration_text(execution.duration_ms))
    return Text("  ".join((when, key, f"{status:<8}", *map(plain_cell, others))))


def page_view(page: Page) -> View:
    """Show one page."""
    return [table_of(page.executions)] if page.executions else ()


def page_aside(page: Page, missing: Sequence[str], *, filtered: bool) -> View:
    """Say what the list cannot show, and how it goes on; `filtered` by row level security."""
    if not page.executions:
        why = " that this role may see: row level security filters the table" if filtered else ""
        yield Text(f"No executions{why}.")
        return
    yield from _durations_missing(missing)
    if page.next_cursor:
        yield Text(f"More: the same command with --cursor {page.next_cursor}", Tone.DIM)


def _durations_missing(missing: Sequence[str]) -> Iterator[Text]:
    absent = [name for name in ("started_at", "completed_at") if name in missing]
    if absent:
        yield Text(f"Durations are unknown: this table has no {' and '.join(absent)}.", Tone.DIM)


def one_view(
    execution: Execution, ledger: Sequence[LedgerRow], missing: Sequence[str], journal: Sequence[Entry]
) -> View:
    """Show one execution whole, and where to look for what the table has no column for."""
    yield Facts(
        (
            ("Execution", execution.id),
            ("Agent", execution.agent.name or execution.agent.id),
            ("User", _user_cell(execution)),
            ("Status", _status_cell(execution.status)),
            ("Created", execution.created_at),
            ("Started", execution.started_at),
            ("Completed", execution.completed_at),
            ("Duration", duration_text(execution.duration_ms)),
            ("Credits", _describe_money(execution)),
            ("Webhook", execution.workflow_id),
            ("Error", Toned(execution.error, Tone.BAD) if execution.error else None),
        )
    )
    yield from _json_block("Inputs", execution.inputs)
    yield from _json_block("Result", execution.result)
    if ledger:
        rows = tuple((row.created_at, row.kind, signed(row.amount)) for row in ledger)
        yield Table(("when", "type", "amount"), rows, numbers=frozenset({"amount"}), title="Ledger")
    if missing:
        yield from _journal_tables(journal)
        costs = tuple((name, BY_NAME[name].purpose, BY_NAME[name].kept_instead) for name in missing)
        title = "Not kept in this table (agentctl migrate-full adds what is missing)"
        yield Table(("column", "would hold", "kept instead"), costs, title=title)


def stats_view(stats: Stats, missing: Sequence[str]) -> View:
    """Show the figures and a bar for each day."""
    rate = None if stats.success_rate is None else f"{stats.success_rate:.1%}"
    yield Facts(
        (
            ("Executions", stats.total),
            *stats.by_status.items(),
            ("Success rate", rate),
            ("Duration p50", duration_text(stats.p50_ms)),
            ("Duration p95", duration_text(stats.p95_ms)),
        )
    )
    yield from _durations_missing(missing)
    if stats.days:
        days = stats.days[-_DAYS_SHOWN:]
        zone = " (UTC)" if stats.is_in_utc else ""
        yield Bars(f"Executions a day{zone}", tuple((day.day.isoformat(), day.executions) for day in days))


def csv_lines(executions: Iterable[Execution]) -> Iterator[str]:
    """Write executions as CSV that a spreadsheet does not take for formulas."""
    yield csv_line(_CSV_HEADERS)
    for execution in executions:
        yield csv_line(_list_cells(execution))


def json_lines(executions: Iterable[Execution]) -> Iterator[str]:
    """Write executions as JSON, one a line."""
    for execution in executions:
        yield to_json(execution_data(execution)) + "\n"


def duration_text(milliseconds: int | None) -> str | None:
    """Write a duration as people read it."""
    if milliseconds is None:
        return None
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"  # noqa: PLR2004 - a minute


def _journal_tables(journal: Sequence[Entry]) -> Iterator[Table]:
    titles = {
        True: "Known only to this machine, from its journal",
        False: "In this machine's journal under this id, perhaps about another row with that id",
    }
    for is_proven, title in titles.items():
        lines = tuple(_journal_line(entry) for entry in journal if entry.is_proven is is_proven)
        if lines:
            yield Table(("when", "event", "outcome", "answer", "duration", "error"), lines, title=title)


def _journal_line(entry: Entry) -> tuple[Cell, ...]:
    duration = duration_text(entry.duration_ms)
    return (entry.at, entry.event, entry.outcome, entry.http_status, duration, entry.error)


def _make_row(execution: Execution) -> tuple[Cell, ...]:
    return (
        execution.id,
        _agent_cell(execution),
        _user_cell(execution),
        _status_cell(execution.status),
        execution.created_at,
        duration_text(execution.duration_ms),
        _known_cost(execution),
    )


def _agent_cell(execution: Execution) -> Cell:
    return execution.agent.slug or execution.agent.id


def _user_cell(execution: Execution) -> Cell:
    return execution.user.email or execution.user.id


def _status_cell(word: str | None) -> Cell:
    return None if word is None else Toned(word, _TONES.get(word, Tone.PLAIN))


def _describe_money(execution: Execution) -> str:
    if execution.charged is None:
        return "the database does not say"
    if not execution.charged:
        return "not charged"
    back = f", {execution.refunded} refunded" if execution.refunded else ""
    return f"{execution.charged} charged{back}"


def _json_block(title: str, value: object) -> Iterator[Block]:
    if value is not None:
        yield Text(title, Tone.STRONG)
        yield Code(format_json(value), "json")


def _list_cells(execution: Execution) -> Iterator[object]:
    own = {
        **execution_data(execution),
        "agent_id": execution.agent.id,
        "agent": execution.agent.slug,
        "user_id": execution.user.id,
        "user": execution.user.email,
        "charged": execution.charged,
        "refunded": execution.refunded,
    }
    return (own[name] for name in _CSV_HEADERS)


def _known_cost(execution: Execution) -> Amount | None:
    charged, refunded = execution.charged, execution.refunded or 0
    if charged is None or isinstance(charged, Verbatim) or isinstance(refunded, Verbatim):
        return charged
    return subtract(charged, refunded)
