"""A reference has a different type from the column that it refers to."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="key-mismatch",
    title="A reference has a different type from the column that it refers to",
    meaning="Rows of the two tables cannot be compared.",
    remedy="Name the right column in [profiles.NAME.schema].",
    details=(
        "The reference names a user, an agent or an execution. For a user, the line is "
        '`[profiles.NAME.schema.users] id = "COLUMN"`.'
    ),
)
