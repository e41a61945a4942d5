"""A column must be filled, but agentctl does not know the value."""

from collections.abc import Iterator

from agentctl.core.catalog.introspection import Column
from agentctl.core.findings.finding import Check, Finding
from agentctl.core.hint_text import toml_key
from agentctl.core.mapping.subjects import WrittenTable


def find(written: WrittenTable) -> Iterator[Finding]:
    """Look for columns that an inserted row would leave out."""
    table = written.role
    for column in table.table.columns:
        is_filled = column.name in written.filled or column.name in table.constant
        if column.nullable or column.default is not None or column.generated or is_filled:
            continue
        name = f"{table.name}.{column.name}"
        line = f"{toml_key(column.name)} = {_give_example(column)}"
        yield CHECK.finding(
            name,
            f"{name} ({column.type}) must not be NULL, has no default, and agentctl does not know what to "
            "write.",
            f"Set its value: [profiles.NAME.schema.{written.section}.constant] {line}",
        )


def _give_example(column: Column) -> str:
    if column.base_type == "boolean":
        return "false"
    return "0" if column.base_type in {"smallint", "integer", "bigint", "numeric"} else '"TEXT"'


CHECK = Check(
    id="column-unfilled",
    title="A column must be filled, but agentctl does not know the value",
    meaning="It must not be NULL, has no default, and has no known purpose.",
    remedy="Set its value in the constant section of [schema].",
    details=(
        "Every insert would fail. The line to add is `[profiles.NAME.schema.executions.constant] "
        'workspace_id = "..."`, for example.'
    ),
)
