"""Something differs between the baseline and the database."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="drift-changed",
    title="Something differs between the baseline and the database",
    meaning="The message shows both versions.",
    remedy="If the change is intended, record the schema again with --write-baseline; otherwise undo it.",
    details=(
        "It may be another type, default or definition, an index that has become invalid, or a function that "
        "is `SECURITY DEFINER` now. The finding points to the line of the baseline."
    ),
)
