"""Shows what there is to know about a check, and lists all of them."""

from collections.abc import Iterable

from agentctl.core.findings.finding import Check
from agentctl.render.blocks import Table, Text, Tone, View


def list_data(checks: Iterable[Check]) -> dict[str, object]:
    """Return the list as programs read it."""
    return {"checks": [_summarize_check(check) for check in checks]}


def list_view(checks: Iterable[Check]) -> View:
    """Show a line for each check."""
    yield Table(
        ("finding", "severity", "title"), tuple((check.id, check.severity, check.title) for check in checks)
    )


def check_data(check: Check) -> dict[str, object]:
    """Return a check as programs read it."""
    special = check.special_case
    return {
        **_summarize_check(check),
        "special_case": {"severity": special.severity, "when": special.when} if special else None,
        "meaning": check.meaning or None,
        "details": check.details or None,
        "remedy": check.remedy or None,
    }


def check_view(check: Check) -> View:
    """Show a check as documents describe it."""
    severity, *paragraphs = check.paragraphs
    yield Text(f"{check.id}: {severity}", Tone.STRONG)
    for paragraph in paragraphs:
        yield Text(paragraph)


def _summarize_check(check: Check) -> dict[str, object]:
    return {"id": check.id, "severity": check.severity, "title": check.title}
