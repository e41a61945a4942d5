"""The seven optional columns of agent_executions: the purpose of each, and where its content is without it.

This is data, and its comparison with a catalog; nothing here reads or writes a database.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from msgspec import Struct

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.index_keys import IndexKey


class Tracking(StrEnum):
    """How much of an execution the table can hold."""

    MINIMAL = "minimal"
    PARTIAL = "partial"
    FULL = "full"


class OptionalColumn(Struct, frozen=True):
    """One of the seven optional columns.

    Attributes:
        type: the type that migrate-full gives it.
        accepted: the base types that can hold its content exactly.
        default: SQL, or None.
        begun: whether agentctl fills it when an execution begins.
        ended: whether agentctl fills it when an execution ends.

    """

    name: str
    type: LiteralString
    accepted: frozenset[str]
    purpose: str
    kept_instead: str
    default: LiteralString | None = None
    begun: bool = False
    ended: bool = False

    def denied(self, column: Column) -> list[str]:
        """Return the privileges that this role lacks for reading and filling the column."""
        held = {
            "SELECT": column.readable,
            "INSERT": column.insertable or not self.begun,
            "UPDATE": column.updatable or not self.ended,
        }
        return [privilege for privilege, has in held.items() if not has]

    def accepts(self, column: Column) -> bool:
        """Whether the column's type can hold the content."""
        return column.base_type in self.accepted

    def fits(self, column: Column) -> bool:
        """Whether the content can be written to the column."""
        return self.accepts(column) and not column.generated


_TEXT = frozenset({"text", "character varying", "citext"})
_JSON = frozenset({"jsonb", "json"})
_WHOLE = frozenset({"integer", "bigint", "numeric"})
NAIVE = "timestamp without time zone"
"""A type of times that are read and written in the zone that the configuration names, as created_at is."""
_INSTANT = frozenset({"timestamp with time zone", NAIVE})

OPTIONAL_COLUMNS = (
    OptionalColumn(
        "workflow_id",
        "text",
        _TEXT,
        purpose="the webhook that was called",
        kept_instead="agents.webhook_url has the current one; the one that was called is not kept",
        begun=True,
    ),
    OptionalColumn(
        "inputs",
        "jsonb",
        _JSON,
        purpose="what the agent was given",
        kept_instead="sent to the webhook; n8n's execution log has it for a while",
        begun=True,
    ),
    OptionalColumn(
        "result",
        "jsonb",
        _JSON,
        purpose="what the agent returned",
        kept_instead="shown once by run (use -o FILE); n8n's execution log has it for a while",
        ended=True,
    ),
    OptionalColumn(
        "error",
        "text",
        _TEXT,
        purpose="why it failed",
        kept_instead="shown once by run; the status says only that it failed",
        ended=True,
    ),
    OptionalColumn(
        "credits_used",
        "integer",
        _WHOLE,
        purpose="what it cost, refunds netted",
        kept_instead="credit_transactions, in the rows with the execution's id",
        default="0",
        begun=True,
        ended=True,
    ),
    OptionalColumn(
        "started_at",
        "timestamp with time zone",
        _INSTANT,
        purpose="when the webhook was called",
        kept_instead="created_at is close to it",
        begun=True,
    ),
    OptionalColumn(
        "completed_at",
        "timestamp with time zone",
        _INSTANT,
        purpose="when the outcome was known",
        kept_instead="nothing: durations are unknown without it",
        ended=True,
    ),
)

BY_NAME: Mapping[str, OptionalColumn] = {column.name: column for column in OPTIONAL_COLUMNS}
MINIMAL_INDEXES: Mapping[str, LiteralString] = {"user": "", "agent": "", "status": ""}
"""The required parts that are searched by, with the order of their indexes."""
INDEXES: Mapping[str, LiteralString] = {"workflow_id": "", "started_at": " DESC"}
"""The optional columns that are searched by, with the order of their indexes."""


def index_keys(columns: Mapping[str, str], parts: Mapping[str, LiteralString]) -> tuple[IndexKey, ...]:
    """Return the keys of the indexes of some parts.

    Args:
        columns: part -> column; a part without one gets the name that its column will have.
        parts: MINIMAL_INDEXES or INDEXES.

    """
    return tuple(IndexKey((columns.get(part, part),), order) for part, order in parts.items())


def tracking_of(executions: Table | None, columns: Mapping[str, str]) -> Tracking:
    """Return how much of an execution a table can hold.

    Args:
        executions: the table.
        columns: part -> column; a part without one is missing.

    """
    present = [_find_column(executions, columns, wanted.name) for wanted in OPTIONAL_COLUMNS]
    if not any(present):
        return Tracking.MINIMAL
    whole = all(
        existing is not None and column.fits(existing)
        for column, existing in zip(OPTIONAL_COLUMNS, present, strict=True)
    )
    return Tracking.FULL if whole else Tracking.PARTIAL


def _find_column(executions: Table | None, columns: Mapping[str, str], part: str) -> Column | None:
    return executions.column(columns[part]) if executions is not None and part in columns else None


def recordable(executions: Table, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Return the optional columns that exist and that this role can read, and fill with the right content."""
    return tuple(
        wanted.name
        for wanted in OPTIONAL_COLUMNS
        if (column := _find_column(executions, columns, wanted.name)) is not None
        and wanted.fits(column)
        and not wanted.denied(column)
    )
