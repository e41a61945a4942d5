"""The seven optional columns of agent_executions: what each is for, and what a table without it still knows.

Pure data and its comparison with a catalog; nothing here reads or writes a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agentctl.core.catalog import Column, Index, Table


class Tracking(StrEnum):
    """How much of an execution the table can hold."""

    MINIMAL = "minimal"
    PARTIAL = "partial"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class OptionalColumn:
    """One of the seven.

    Attributes:
        type: the type that migrate-full gives it.
        accepted: the base types that agentctl can write its content to, exactly.
        default: SQL, or None.

    """

    name: str
    type: str
    accepted: frozenset[str]
    purpose: str
    kept_instead: str
    default: str | None = None

    def accepts(self, column: Column) -> bool:
        """Whether the column's type can hold the content."""
        return column.base_type in self.accepted

    def fits(self, column: Column) -> bool:
        """Whether the content can be written to the column."""
        return self.accepts(column) and not column.generated


_TEXT = frozenset({"text", "character varying", "citext"})
_JSON = frozenset({"jsonb", "json"})
_WHOLE = frozenset({"integer", "bigint", "numeric"})
_INSTANT = frozenset({"timestamp with time zone"})

OPTIONAL_COLUMNS = (
    OptionalColumn(
        "workflow_id",
        "text",
        _TEXT,
        purpose="the webhook that was called",
        kept_instead="agents.webhook_url has the present one; what was called then is not kept",
    ),
    OptionalColumn(
        "inputs",
        "jsonb",
        _JSON,
        purpose="what the agent was given",
        kept_instead="sent to the webhook; n8n's execution log has it for as long as it is kept there",
    ),
    OptionalColumn(
        "result",
        "jsonb",
        _JSON,
        purpose="what the agent returned",
        kept_instead="shown once by run (use -o FILE); n8n's execution log has it for a while",
    ),
    OptionalColumn(
        "error",
        "text",
        _TEXT,
        purpose="why it failed",
        kept_instead="shown once by run; the status says only that it failed",
    ),
    OptionalColumn(
        "credits_used",
        "integer",
        _WHOLE,
        purpose="what it cost, refunds netted",
        kept_instead="credit_transactions, in the rows with the execution's id",
        default="0",
    ),
    OptionalColumn(
        "started_at",
        "timestamp with time zone",
        _INSTANT,
        purpose="when the webhook was called",
        kept_instead="created_at is close to it",
    ),
    OptionalColumn(
        "completed_at",
        "timestamp with time zone",
        _INSTANT,
        purpose="when the outcome was known",
        kept_instead="nothing: durations are unknown without it",
    ),
)

BY_NAME: Mapping[str, OptionalColumn] = {column.name: column for column in OPTIONAL_COLUMNS}
MINIMAL_INDEXES: Mapping[str, str] = {
    "idx_agent_executions_user_id": "user_id",
    "idx_agent_executions_agent_id": "agent_id",
    "idx_agent_executions_status": "status",
}
INDEXES: Mapping[str, str] = {
    "idx_agent_executions_workflow_id": "workflow_id",
    "idx_agent_executions_started_at": "started_at DESC",
}


def serves(index: Index, key: str) -> bool:
    """Whether an index does the work of one on `key`, a column with perhaps ` DESC` behind it."""
    # One key can be read in both directions, so that ASC serves as well as DESC.
    ordered = index.method == "btree" and not index.partial and not index.unique
    return ordered and index.columns[:1] == (key.partition(" ")[0],)


def tracking_of(executions: Table | None) -> Tracking:
    """Say how much an executions table can hold."""
    if executions is None:
        return Tracking.MINIMAL
    present = [executions.column(column.name) for column in OPTIONAL_COLUMNS]
    if not any(present):
        return Tracking.MINIMAL
    whole = all(
        found is not None and column.fits(found)
        for column, found in zip(OPTIONAL_COLUMNS, present, strict=True)
    )
    return Tracking.FULL if whole else Tracking.PARTIAL


def recordable(executions: Table) -> tuple[str, ...]:
    """Return the optional columns that exist and that this role can read, and fill with the right content."""
    return tuple(
        column.name
        for column in OPTIONAL_COLUMNS
        if (found := executions.column(column.name)) is not None
        and column.fits(found)
        and found.readable
        and found.insertable
        and found.updatable
    )


def unrecordable(executions: Table) -> tuple[str, ...]:
    """Return the optional columns whose content this table, or this role, has no place for."""
    able = recordable(executions)
    return tuple(name for name in BY_NAME if name not in able)
