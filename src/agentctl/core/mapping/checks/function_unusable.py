"""No function that deducts credits can be called."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="function-unusable",
    title="No function that deducts credits can be called",
    meaning=(
        "There is none, or agentctl does not understand the arguments and results of those that exist: "
        "agents can only be run with --no-charge."
    ),
    remedy="sql/credits.sql has a function that works.",
)
