"""Findings: what a check has to say, in the form that every command which checks something shares.

Pure data; a finding knows neither the check that made it nor how it is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is; an error fails the check."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at.

    Attributes:
        id: a stable word for its kind.
        object: the table, column, index or function.
        hint: what settles it.
        line: from 1, as is `column`, which counts characters.
        excerpt: that line of the file, or what stands around the column of a very long one, where it is
            application code; empty where it cannot be shown.

    """

    id: str
    severity: Severity
    object: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None


def errors_among(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those that fail the check."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def place_of(finding: Finding) -> str | None:
    """Write where a finding is, as compilers do: `src/run.ts:12:5`; None where it has no file."""
    parts = (finding.file, finding.line, finding.column)
    return ":".join(str(part) for part in parts if part is not None) or None
