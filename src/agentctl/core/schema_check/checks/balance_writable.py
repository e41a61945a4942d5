"""Customers may change a balance."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping import Marketplace
from agentctl.core.schema_check.closing import find_writable


def _find_openings(market: Marketplace) -> Iterator[Finding]:
    why = "only functions and the server should move a balance"
    return find_writable(CHECK, market.balances, ("balance",), privileges=("UPDATE", "INSERT"), why=why)


CHECK = SubjectCheck(
    id="balance-writable",
    severity=Severity.WARNING,
    title="Customers may change a balance",
    meaning="Privileges and policies let a browser write the balance column.",
    remedy="The hint revokes the privilege.",
    details=(
        "PUBLIC, `anon` or `authenticated` may `UPDATE` the balance's column, or `INSERT` a row with a "
        "balance of their own choice, and row level security is off or has a policy for them that does not "
        "literally say `false`: a user who may change their own row may change their own balance. The hint "
        "takes the privilege away from that column and leaves it on the others. What a policy's condition or "
        "a trigger makes of it is not looked at."
    ),
    subject=Marketplace,
    find=_find_openings,
)
