"""Nothing says which of an agent's versions is the newest."""

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Check, Finding

CHECK = Check(
    id="version-unordered",
    title="Nothing says which of an agent's versions is the newest",
    meaning=(
        "An agent's key is its id and a version that is a text or a UUID: a greater one is not a newer "
        "one. agentctl runs the active version, or the newest of several, and would have to guess."
    ),
    remedy='Name one: `[profiles.NAME.schema.agents] made_at = "COLUMN"` or `latest = "COLUMN"`.',
    details=(
        "`made_at` is when a version was made. `latest` is a boolean that is true for the version to run. "
        'If agents have no versions, say `version = ""`.'
    ),
)


def explain(table: Table, column: Column) -> Finding:
    """Return the finding about a table's column of versions."""
    return CHECK.finding(
        f"{table.name}.{column.name}",
        f"{table.name}.{column.name} is of type {column.type}: agentctl cannot tell which version is newer.",
        "Name the column that says so in [profiles.NAME.schema.agents]:\n"
        '  made_at = "COLUMN"  # when a version was made\n'
        '  latest = "COLUMN"   # a boolean, true for the version to run',
    )
