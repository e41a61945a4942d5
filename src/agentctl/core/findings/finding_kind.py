"""What a kind of finding is: data only."""

from dataclasses import dataclass

from agentctl.core.findings.finding import Severity

DOCUMENT = "docs/findings.md"


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What all findings of one id have in common.

    Attributes:
        id: never changes; also the heading in docs/findings.md.
        severity: the usual one; the finding's own is what counts.
        title: one line without a full stop.
        help: what it means and what to do, in a few sentences.

    """

    id: str
    severity: Severity
    title: str
    help: str

    @property
    def anchor(self) -> str:
        """Where it is documented, relative to the project."""
        return f"{DOCUMENT}#{self.id}"
