"""A column has a type that agentctl cannot use."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="type-inexact",
    title="A column has a type that agentctl cannot use",
    meaning="Amounts of credits must be integers or numeric: floating-point types lose fractions.",
    remedy="Change the column's type.",
    details=(
        "The column would be a balance, an amount, a price or a time. Another column can be named in "
        "`[profiles.NAME.schema]` instead."
    ),
)
