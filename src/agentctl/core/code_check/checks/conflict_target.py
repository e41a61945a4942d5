"""Code upserts on columns without a unique index."""

from agentctl.core.findings.finding import Check

CHECK = Check(
    id="code-conflict-target",
    title="Code upserts on columns without a unique index",
    meaning="ON CONFLICT needs a unique index on exactly those columns, neither partial nor on expressions.",
    remedy="The hint lists the unique indexes that exist.",
    details="An invalid index does not count.",
)
