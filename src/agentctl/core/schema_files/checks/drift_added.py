"""Something is in the database and not in the baseline."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="drift-added",
    title="Something is in the database and not in the baseline",
    meaning="It was added after the baseline was recorded.",
    remedy="If that is intended, record the schema again with --write-baseline; otherwise remove it.",
    details=(
        "It may be a column that was added by hand, a policy, or another overload of a function. "
        "A new table or function is one finding, not one for each of its parts."
    ),
)
