"""A column must be filled, but agentctl does not know the value."""

from collections.abc import Iterator

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Check, Finding
from agentctl.core.hint_text import toml_key
from agentctl.core.mapping.directions import DIRECTIONS
from agentctl.core.mapping.optional_columns import NAIVE
from agentctl.core.mapping.subjects import WrittenTable
from agentctl.core.mapping.table_role import Ledger
from agentctl.core.mapping.vocabulary import TEXT


def find(written: WrittenTable) -> Iterator[Finding]:
    """Look for columns that an inserted row would leave out."""
    table = written.role
    for column in table.table.columns:
        is_filled = column.name in {*written.filled, *table.constant, *written.filled_by_kind}
        if column.nullable or column.default is not None or column.generated or is_filled:
            continue
        name = f"{table.name}.{column.name}"
        line = f"{toml_key(column.name)} = {_give_example(table.table, column)}"
        yield CHECK.finding(
            name,
            f"{name} ({column.type}) must not be NULL, has no default, and agentctl does not know what to "
            "write.",
            _explain_remedy(written, column, line),
        )


def _explain_remedy(written: WrittenTable, column: Column, line: str) -> str:
    section = f"profiles.NAME.schema.{written.section}"
    if column.base_type == NAIVE and column.name in written.role.columns.values():
        return 'Name the zone of its times, for example: [profiles.NAME.schema] timezone = "UTC"'
    if not isinstance(written.role, Ledger):
        return f"Set its value: [{section}.constant] {line}"
    by_kind = "\n".join(f"  [{section}.constants.{kind}] {line}" for kind in DIRECTIONS)
    return f"Set its value: [{section}.constant] {line}\nor, if it depends on the kind of row:\n{by_kind}"


def _give_example(table: Table, column: Column) -> str:
    if column.base_type == "boolean":
        return "false"
    if column.base_type in TEXT and table.is_unique(column.name):
        return '"agentctl-{execution}"'
    return "0" if column.base_type in {"smallint", "integer", "bigint", "numeric"} else '"TEXT"'


CHECK = Check(
    id="column-unfilled",
    title="A column must be filled, but agentctl does not know the value",
    meaning="It must not be NULL, has no default, and has no known purpose.",
    remedy="Set its value in the constant section of [schema].",
    details=(
        "Every insert would fail. A text may be a template: `{execution}`, `{user}`, `{agent}` and `{now}` "
        "are filled in. The line to add is `[profiles.NAME.schema.executions.constant] "
        'workspace_id = "..."`, for example.'
    ),
)
