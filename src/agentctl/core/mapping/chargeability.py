"""Finds out whether a charge could be made, found again and refunded, before anybody is charged.

It judges what was found in the catalog, and reads nothing.
"""

from collections.abc import Iterator
from typing import LiteralString

from agentctl.core.database.quoting import Printed
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import balance_derived, ledger_unlinked, sign_unknown
from agentctl.core.mapping.column_findings import find_wrong_type
from agentctl.core.mapping.functions import Deducting
from agentctl.core.mapping.table_role import Executions, Ledger, TableRole
from agentctl.core.mapping.unmapped_words import find_unmapped_words
from agentctl.core.mapping.words import find_unconfirmed_words

_KINDS = ("charge", "refund")
_ADD_LINK: LiteralString = "ALTER TABLE {table} ADD COLUMN execution_id {kind};"
_CONVERT_LINK: LiteralString = (
    "ALTER TABLE {table} ALTER execution_id TYPE {kind} USING execution_id::{kind};"
)


def charging_findings(
    agents: TableRole,
    executions: Executions,
    ledger: Ledger | None,
    deducting: Deducting,
    *,
    users: TableRole,
    balances: TableRole,
) -> Iterator[Finding]:
    """Yield what keeps agentctl from charging here."""
    if "price" not in agents and (inexact := find_wrong_type("agents", "price", agents.table)):
        yield inexact
    yield from balance_derived.find_generated(balances, users)
    yield from deducting.findings
    if ledger is not None and "kind" in ledger:
        yield from find_unmapped_words("ledger", ledger.name, ledger.kinds, _KINDS)
        yield from find_unconfirmed_words("ledger", ledger.name, ledger.kinds)
    if ledger is not None and ledger.sign_known is None and deducting.function is None:
        yield _explain_unknown_sign(ledger)
    if (ledger is None or not ledger.is_linked) and "credits_used" not in executions:
        yield _explain_unlinked_ledger(executions, ledger)


def _explain_unknown_sign(ledger: Ledger) -> Finding:
    amount = f"{ledger.name}.{ledger.columns['amount']}"
    return sign_unknown.CHECK.finding(
        amount,
        f"It is unclear whether a charge is a negative amount in {amount}: agentctl does not guess.",
        "Put one of these lines into [profiles.NAME.schema.ledger]:\n"
        '  sign = "signed"     # a charge is negative\n  sign = "by_kind"    # all amounts are positive',
    )


def _explain_unlinked_ledger(executions: Executions, ledger: Ledger | None) -> Finding:
    key = executions.column("id")
    if ledger is None:
        statement = executions.query("ALTER TABLE {table} ADD COLUMN credits_used integer DEFAULT 0;")
        return ledger_unlinked.CHECK.finding(
            executions.name,
            f"There is no ledger, and {executions.name} has no column for what an execution "
            "cost, so a charge could not be refunded.",
            statement.as_string(),
        )
    kind = Printed(key.type if key else "uuid")
    statement = ledger.query(_ADD_LINK, kind=kind)
    if ledger.table.column("execution_id") is not None:
        statement = ledger.query(_CONVERT_LINK, kind=kind)
    return ledger_unlinked.CHECK.finding(
        ledger.name,
        f"No column of {ledger.name} says which execution a row belongs to, so a charge could "
        "not be refunded.",
        f'{statement.as_string()}\nor name the column: [profiles.NAME.schema.ledger] execution = "COLUMN"',
    )
