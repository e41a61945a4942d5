"""A column that agentctl cannot do without is missing."""

from agentctl.core.findings.finding import Check, Severity, SpecialCase

CHECK = Check(
    id="column-missing",
    special_case=SpecialCase(
        Severity.WARNING, "where it is the agents' webhook or price, which the configuration can name instead"
    ),
    title="A column that agentctl cannot do without is missing",
    meaning="The table is there, but a column that runs, credits or reports need is not.",
    remedy="Add the column.",
    details=(
        "Such a column is an id, a balance, a price, a webhook, a status or an amount. The hint "
        "says how to name a column that has another name."
    ),
)
