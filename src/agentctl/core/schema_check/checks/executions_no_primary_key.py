"""Nothing keeps two executions from having one id."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.table_role import Executions


def _find_unkeyed(market: Marketplace) -> Iterator[Finding]:
    executions = market.executions
    if not _is_keyed(executions):
        name = f"{executions.name}.{executions.columns['id']}"
        msg = f"Nothing makes {name} unique: two executions with the same id could not be told apart."
        statement = executions.query("ALTER TABLE {table} ADD UNIQUE ({id});").as_string()
        yield CHECK.finding(name, msg, statement if executions.table.kind == "table" else None)


def _is_keyed(executions: Executions) -> bool:
    """Whether ids are unique, or it cannot be told: a partitioned table's key has other columns, too."""
    table, name = executions.table, executions.columns["id"]
    if table.kind not in {"table", "partitioned table"} or table.is_unique(name):
        return True
    keys = (item.columns for item in table.constraints if item.kind == "primary key")
    return table.kind == "partitioned table" and any(name in columns for columns in keys)


CHECK = SubjectCheck(
    id="executions-no-primary-key",
    severity=Severity.WARNING,
    title="Two executions can have the same id",
    meaning=(
        "The executions' table has neither a primary key nor a unique index on its id. Two rows "
        "with the same id cannot be told apart, and settling one may change both."
    ),
    remedy="Add the constraint in the hint, or a primary key.",
    details=(
        "The key of a partitioned table has to include the columns that it is partitioned by: a "
        "key that includes the id is accepted."
    ),
    subject=Marketplace,
    find=_find_unkeyed,
)
