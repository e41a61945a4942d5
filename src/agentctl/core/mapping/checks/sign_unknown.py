"""It is unclear whether a charge is a negative amount."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="sign-unknown",
    title="It is unclear whether a charge is a negative amount",
    meaning="No CHECK, name or row shows the ledger's sign.",
    remedy="Set sign in [profiles.NAME.schema.ledger].",
    details=(
        '`sign = "signed"` means that a charge is a negative amount, `sign = "by_kind"` that it is a '
        "positive amount of a kind of its own."
    ),
)
