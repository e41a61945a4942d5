"""Customers may change what refunds depend on."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping import Marketplace
from agentctl.core.schema_check.closing import find_writable

# What decides whether an execution is refunded, how much, and to whom.
_REFUND_PARTS = ("status", "credits_used", "user")


def _find_openings(market: Marketplace) -> Iterator[Finding]:
    why = "refunds depend on what is written there"
    return find_writable(CHECK, market.executions, _REFUND_PARTS, privileges=("UPDATE",), why=why)


CHECK = SubjectCheck(
    id="executions-writable",
    severity=Severity.WARNING,
    title="Customers may change what refunds depend on",
    meaning="Privileges and policies let a browser write the status, cost or user of an execution.",
    remedy="The hint revokes the privilege.",
    details=(
        "PUBLIC, `anon` or `authenticated` may change them. The hint takes the privilege away from those "
        "columns and leaves it on the others."
    ),
    subject=Marketplace,
    find=_find_openings,
)
