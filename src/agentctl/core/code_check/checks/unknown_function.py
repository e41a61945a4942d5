"""Code calls a function that does not exist."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-unknown-function",
    title="Code calls a function that does not exist",
    meaning="No schema that the name is looked up in has such a function, or it is a trigger function.",
    remedy="The hint names the nearest one, or the schema that has it.",
    details="A trigger function cannot be called.",
)
