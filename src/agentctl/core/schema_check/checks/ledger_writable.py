"""Customers may write the ledger."""

from collections.abc import Iterator

from agentctl.core.catalog.customer_access import list_openings
from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping import Ledger
from agentctl.core.schema_check.closing import name_people, revoke

_PRIVILEGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def _find_openings(ledger: Ledger) -> Iterator[Finding]:
    for privilege in _PRIVILEGES:
        if open_to := list_openings(ledger.table, privilege):
            people = name_people(open_to)
            msg = f"{people} may {privilege} rows of {ledger.name}: only the server should write a ledger."
            hint = revoke(privilege, ledger.table.identifier, open_to)
            yield CHECK.finding(f"{ledger.name} ({privilege})", msg, hint)


CHECK = SubjectCheck(
    id="ledger-writable",
    severity=Severity.WARNING,
    title="Customers may write the ledger",
    meaning="A ledger is append-only, and a browser should never write to it.",
    remedy="The hint revokes the privilege.",
    details=(
        "PUBLIC, `anon` or `authenticated` may insert, change or delete rows of the ledger, or some columns "
        "of them. The hint takes each privilege away."
    ),
    subject=Ledger,
    find=_find_openings,
)
