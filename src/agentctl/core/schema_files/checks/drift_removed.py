"""Something is in the baseline and not in the database."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="drift-removed",
    title="Something is in the baseline and not in the database",
    meaning=(
        "It was dropped or renamed after the baseline was recorded, or a migration has not been applied here."
    ),
    remedy=(
        "Apply the migration, or, if the change is intended, record the schema again with --write-baseline."
    ),
    details="The finding points to the line of the baseline.",
)
