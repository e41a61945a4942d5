"""A reference has a different type from the column that it refers to."""

from agentctl.core.findings.finding import Check, Severity, SpecialCase

CHECK = Check(
    id="key-mismatch",
    special_case=SpecialCase(Severity.WARNING, "where only charges need the reference"),
    title="A reference has a different type from the column that it refers to",
    meaning="Rows of the two tables cannot be compared.",
    remedy="Name the right column in [profiles.NAME.schema], or change its type.",
    details=(
        "The reference names a user, an agent or an execution. A text without a foreign key is no mismatch "
        "for a uuid: it can hold its text. A uuid for a text is read, and nothing is written into it."
    ),
)
