"""A part of the code could not be read."""

from agentctl.core.findings.finding import Check, Severity

CHECK = Check(
    id="code-unparsed",
    severity=Severity.WARNING,
    title="A part of the code could not be read",
    meaning=(
        "It does not fit the grammar of the file's language. That part is not checked; everything around it "
        "is."
    ),
)
