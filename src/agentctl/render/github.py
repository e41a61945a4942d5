"""Writes findings as the workflow commands that GitHub Actions turns into annotations.

It never lets foreign text end its command or start another one.
"""

from collections import Counter
from collections.abc import Sequence

from agentctl.core.findings.finding import Finding, Severity
from agentctl.core.hint_text import count_things
from agentctl.render.clean import clean, clean_line

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github_text(findings: Sequence[Finding]) -> str:
    """Return a command a finding, and a line for whoever reads the log."""
    return "".join(f"{line}\n" for line in (*map(_write_command, findings), _write_summary(findings)))


def _write_command(finding: Finding) -> str:
    location = zip(("file", "line", "col"), finding.location or (), strict=False)
    properties = {**dict(location), "title": f"{finding.check.title} ({finding.id})"}
    parameters = ",".join(
        f"{name}={_escape_property(str(value))}" for name, value in properties.items() if value
    )
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    return f"::{_COMMANDS[finding.severity]} {parameters}::{clean(_escape_text(message))}"


def _escape_property(text: str) -> str:
    return clean_line(_escape_text(text)).replace(":", "%3A").replace(",", "%2C")


def _escape_text(text: str) -> str:
    """Escape what ends a command, as GitHub's runner undoes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _write_summary(findings: Sequence[Finding]) -> str:
    counts = Counter(_COMMANDS[finding.severity] for finding in findings)
    totals = (count_things(counts[word], word) for word in _COMMANDS.values() if counts[word])
    return f"agentctl schema-check: {', '.join(totals) or 'no problems found'}."
