"""The role may not execute the function that deducts credits."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="function-denied",
    title="The role may not execute the function that deducts credits",
    meaning="The function is there and fits, but this role has no EXECUTE privilege on it.",
    remedy="The hint is the GRANT that fixes it.",
)
