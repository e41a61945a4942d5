"""Shows a run: the agent's result for people and for programs, and what it did to the credits."""

from collections.abc import Iterator
from pathlib import Path

from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.running.run_report import RunReport
from agentctl.render.blocks import Block, Code, Facts, Markdown, Text, Tone, View
from agentctl.render.envelope import agent_name_data, format_json, user_name_data

# The keys under which agents put text for people, the likeliest first; n8n's AI nodes use `output`.
_READABLE = ("markdown", "output", "text", "content", "message")
_TEXT_FILES = frozenset({".md", ".txt", ".markdown"})


def run_data(report: RunReport, *, dry: bool, file: Path | None) -> dict[str, object]:
    """Return a run as programs read it; `file` is where its result was written, if it was."""
    call = report.call
    data: dict[str, object] = {
        "execution": {
            "id": report.execution,
            "agent": agent_name_data(report.agent),
            "user": user_name_data(report.user),
            "status": report.status,
            "outcome": report.outcome,
            "started_at": report.started_at,
            "completed_at": report.completed_at,
            "duration_ms": report.duration_ms,
            "replayed": report.replayed,
            "recorded": list(report.recorded),
            "not_recorded": [name for name in BY_NAME if name not in report.recorded],
        },
        "credits": {
            "cost": report.cost,
            "charged": report.charged,
            "refunded": report.refunded,
            "balance_before": report.balance_before,
            "balance_after": report.balance_after,
        },
        "webhook": {
            "http_status": call.http_status if call else None,
            "attempts": call.attempts if call else 0,
            "sent": call.sent if call else False,
        },
        "result": report.result,
        "result_text": report.result_text,
        "result_file": str(file.absolute()) if file else None,
        "warnings": list(report.notes),
    }
    return {**data, "dry_run": True, "inputs": report.inputs} if dry else data


def dry_view(report: RunReport) -> View:
    """Show what a run would do."""
    yield Facts(
        (
            ("Agent", report.agent.name),
            ("User", report.user.email or report.user.id),
            ("Cost", f"{report.cost} credits of {report.balance_before}"),
            ("Webhook", report.agent.public_url),
        )
    )
    yield Text("Inputs", Tone.STRONG)
    yield Code(format_json(report.inputs), "json")
    yield Text("Dry run: nothing was written and nothing was sent.", Tone.DIM)


def result_view(report: RunReport, *, file: Path | None) -> View:
    """Show the result of a success: Markdown if the agent wrote for people, else JSON or a file's name."""
    if not report.has_result:
        return
    if is_binary(report):
        if file is not None:
            yield Text(str(file))
    elif report.result_text is not None:
        yield Markdown(report.result_text)
    elif report.result is not None:
        text, others = readable(report.result)
        yield Markdown(text) if text is not None else Code(format_json(report.result), "json")
        if others:
            yield Text(f"Also returned: {', '.join(others)} (see --json).", Tone.DIM)


def file_view(report: RunReport, *, file: Path | None) -> Iterator[Block]:
    """Name the file that holds the result."""
    if file is not None:
        kind = f" ({report.call.judgement.content_type})" if report.call and is_binary(report) else ""
        yield Text(f"Result written to {file}{kind}.", Tone.DIM)


def money_view(report: RunReport) -> Iterator[Block]:
    """Show what the table could not hold, and at the end the line about credits."""
    for note in report.notes:
        yield Text(note, Tone.WARNING)
    if report.status is None:
        return
    if report.unable:
        names = ", ".join(report.unable)
        yield Text(
            f"Not recorded, because there are no columns for them: {names} (agentctl migrate-full "
            "adds them).",
            Tone.DIM,
        )
    again = "Replayed: nothing was charged and nothing was sent. " if report.replayed else ""
    yield Text(f"{again}Credits: {_describe_credits(report)}.", Tone.STRONG)


def is_binary(report: RunReport) -> bool:
    """Tell whether the result is neither JSON nor text, and so can only become a file."""
    return report.call is not None and report.call.judgement.result_bytes is not None


def result_bytes(report: RunReport, *, suffix: str) -> bytes | None:
    """Return the content of a result's file: its text for a text file if it has one, else all of it."""
    if report.call is not None and report.call.judgement.result_bytes is not None:
        return report.call.judgement.result_bytes
    if report.result_text is not None:
        return report.result_text.encode("utf-8", "replace")
    if report.result is None:
        return None
    text, _ = readable(report.result) if suffix in _TEXT_FILES else (None, ())
    return (text if text is not None else format_json(report.result)).encode("utf-8", "replace") + b"\n"


def readable(result: object) -> tuple[str | None, tuple[str, ...]]:
    """Return the text of a result that is meant for people, and the keys of its other values."""
    if isinstance(result, list) and len(result) == 1:
        return readable(result[0])
    if isinstance(result, str):
        return result, ()
    if isinstance(result, dict):
        for name in _READABLE:
            if isinstance(result.get(name), str):
                return result[name], tuple(str(other) for other in result if other != name)
    return None, ()


def _describe_credits(report: RunReport) -> str:
    moved = f"{report.charged} charged" if report.charged else "none charged"
    back = f", {report.refunded} refunded" if report.refunded else ""
    held = ", held until the outcome is known" if report.charged and report.outcome == "unknown" else ""
    left = (
        f", {report.balance_after} left" if report.balance_after is not None and not report.replayed else ""
    )
    return f"{moved}{back}{held}{left}"
