"""No function charges, so agentctl does it itself."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping.functions import REFERENCE, Deducting


def _find_absence(deducting: Deducting) -> Iterator[Finding]:
    if deducting.function is None and not deducting.findings:
        msg = f"There is no function that charges, such as {REFERENCE}: agentctl moves the credits itself."
        hint = 'If the application charges with one, name it: [profiles.NAME.schema.deduct] function = "NAME"'
        yield CHECK.finding(REFERENCE, msg, hint)


CHECK = SubjectCheck(
    id="function-missing",
    severity=Severity.INFO,
    title="No function charges, so agentctl does it itself",
    meaning=(
        "agentctl takes the price from the balance and writes the ledger row, in one transaction under the "
        "user's lock."
    ),
    details="No function in the database has a name that suggests that it charges.",
    subject=Deducting,
    find=_find_absence,
)
