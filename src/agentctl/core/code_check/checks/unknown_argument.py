"""Code calls a function with arguments that it does not have."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-unknown-argument",
    title="Code calls a function with arguments that it does not have",
    meaning=(
        "No overload has all the arguments that are given by name, or an argument without a default is "
        "missing."
    ),
    remedy="The hint shows the signature.",
    details=(
        "PostgREST picks among overloads by the names of arguments. The hint shows the nearest overload."
    ),
)
