"""Code does something that this role may not do."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-denied",
    title="Code does something that this role may not do",
    meaning=(
        "The role that agentctl connects as lacks a privilege on a column or function, or the view cannot be "
        "written to."
    ),
    remedy="The hint is the GRANT that fixes it.",
    details=(
        "The code reads or writes the column, or calls the function. If the application connects "
        "as another role, check with that role."
    ),
)
