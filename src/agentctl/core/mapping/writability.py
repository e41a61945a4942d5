"""Foresees what would refuse agentctl's rows: columns that nobody fills, CHECKs, triggers, views, privileges.

It looks at the catalog with the rows in mind that agentctl writes. It writes nothing, and what only the
database can tell it leaves to the database.
"""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Marketplace
from agentctl.core.mapping.checks import (
    check_refuses,
    column_generated,
    column_unfilled,
    rows_hidden,
    sequence_denied,
    table_denied,
    trigger_present,
    view_not_writable,
)
from agentctl.core.mapping.sides import SIDES
from agentctl.core.mapping.subjects import WrittenTable
from agentctl.core.mapping.table_role import Executions, TableRole

_EXECUTION_PARTS = frozenset(
    {
        "updated_at",
        "id",
        "user",
        "account",
        "agent",
        "agent_version",
        "status",
        "succeeded",
        "created_at",
        "workflow_id",
        "inputs",
        "credits_used",
        "started_at",
    }
)
_LEDGER_PARTS = frozenset(
    {
        "updated_at",
        "id",
        "user",
        "account",
        "amount",
        "kind",
        "balance_after",
        "balance_before",
        "description",
        "created_at",
        "execution",
        *SIDES,
    }
)
_FINDERS = (
    view_not_writable.find,
    column_unfilled.find,
    column_generated.find_unwritable,
    trigger_present.find,
    rows_hidden.find_closed,
    check_refuses.find,
)


def writing_findings(market: Marketplace) -> Iterator[Finding]:
    """Look at every table that agentctl writes into."""
    writer = market.catalog.server.role
    tables = [_written_table(market.executions, _EXECUTION_PARTS, writer)]
    if market.ledger is not None:
        tables.append(_written_table(market.ledger, _LEDGER_PARTS, writer))
    for table in tables:
        for find in _FINDERS:
            yield from find(table)
    yield from trigger_present.find(WrittenTable(market.balances, frozenset(), writer))
    yield from sequence_denied.find(tables[0])
    yield from table_denied.find_unwritable(market)


def _written_table(role: TableRole, parts: frozenset[str], writer: str) -> WrittenTable:
    empty = frozenset(role.unrecordable) if isinstance(role, Executions) else frozenset()
    filled = frozenset(role.columns[part] for part in (parts - empty) & set(role.columns))
    return WrittenTable(role, filled, writer)
