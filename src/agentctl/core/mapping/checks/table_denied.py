"""The role may not read a table."""

from collections.abc import Iterator, Sequence
from typing import LiteralString

from agentctl.core.catalog.grants import grant
from agentctl.core.findings.finding import Finding, Severity, SpecialCase, SubjectCheck
from agentctl.core.mapping.marketplace import Marketplace
from agentctl.core.mapping.subjects import ReadTable
from agentctl.core.mapping.table_role import TableRole


def _find_unreadable(read: ReadTable) -> Iterator[Finding]:
    denied = [column.name for column in read.columns if not column.readable]
    if denied:
        yield CHECK.finding(
            read.table.name,
            f"Role {read.reader} may not read {read.table.name} ({', '.join(denied)}).",
            grant(read.table, ["SELECT"], denied, to=read.reader),
        )


def find_unwritable(market: Marketplace) -> Iterator[Finding]:
    """Look for what every run writes and this role may not; one that only reads needs none of it."""
    executions, ledger, writer = market.executions, market.ledger, market.catalog.server.role
    yield from _find_denied(executions, "INSERT", ("id", "user", "agent", "status"), writer)
    yield from _find_denied(executions, "UPDATE", ("status",), writer)
    yield from _find_denied(market.balances, "UPDATE", ("balance",), writer)
    if ledger is not None:
        entry = ("user", "amount", "debit", "credit", "kind", "execution", "balance_after", "balance_before")
        yield from _find_denied(ledger, "INSERT", entry, writer)


def _find_denied(
    role: TableRole, privilege: LiteralString, parts: Sequence[str], writer: str
) -> Iterator[Finding]:
    columns = [column for part in parts if (column := role.column(part))]
    denied = [
        column.name
        for column in columns
        if not (column.insertable if privilege == "INSERT" else column.updatable) and not column.generated
    ]
    if denied:
        yield CHECK.finding(
            role.name,
            f"Role {writer} has no {privilege} privilege on {role.name} ({', '.join(denied)}).",
            grant(role.table, [privilege], denied, to=writer),
            is_special=True,
        )


CHECK = SubjectCheck(
    id="table-denied",
    special_case=SpecialCase(
        Severity.INFO, "where the role may read the table and not write what runs write there"
    ),
    title="The role may not read a table",
    meaning="The role that agentctl connects as has no SELECT privilege on columns that it must read.",
    remedy="The hint is the GRANT that fixes it.",
    subject=ReadTable,
    find=_find_unreadable,
)
