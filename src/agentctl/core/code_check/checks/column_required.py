"""Code inserts rows without a required column."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-column-required",
    title="Code inserts rows without a required column",
    meaning=(
        "The column must not be NULL, has no default, and the insert never names it, so every row is refused."
    ),
    details=(
        "An upsert needs the column even if the row already exists. An identity column is "
        "filled, and a trigger that runs before the insert may fill any: then there is no "
        "finding."
    ),
)
