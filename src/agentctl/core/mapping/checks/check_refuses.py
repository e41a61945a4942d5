"""A CHECK would refuse what agentctl writes."""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from psycopg import sql

from agentctl.core.findings.finding import Check, Finding
from agentctl.core.mapping.subjects import WrittenTable
from agentctl.core.mapping.table_role import Executions, Ledger
from agentctl.core.mapping.words import Sign, checks_of

_Row = Mapping[str, object]


def find(written: WrittenTable) -> Iterator[Finding]:
    """Hold the rows that certainly come against every CHECK."""
    table = written.role
    checks = checks_of(table.table)
    definitions = {item.name: item.definition for item in table.table.constraints}
    for what, row in _list_rows(written):
        for constraint, check in checks.items():
            if check.holds(row) is False:
                yield CHECK.finding(
                    f"{table.name}.{constraint}",
                    f"CHECK {constraint} of {table.name} would refuse {what}: {definitions[constraint]}.",
                    _explain_remedy(written, constraint),
                )


def _explain_remedy(written: WrittenTable, constraint: str) -> str:
    """Return what to do; never to drop a rule of the ledger's, which keeps its books right."""
    if written.section == "ledger":
        return (
            "Set what such a row has in its other columns: [profiles.NAME.schema.ledger.constants.KIND] "
            'COLUMN = "VALUE", or another word for it: [profiles.NAME.schema.ledger.kinds] KIND = "WORD"'
        )
    drop: LiteralString = "ALTER TABLE {table} DROP CONSTRAINT {constraint};"
    statement = written.role.query(drop, constraint=sql.Identifier(constraint))
    line = '[profiles.NAME.schema.executions.constant] COLUMN = "VALUE"'
    return f"Widen it, or {statement.as_string()} or set another value: {line}"


def _list_rows(written: WrittenTable) -> Iterator[tuple[str, _Row]]:
    if isinstance(written.role, Executions):
        yield from _list_executions(written.role, written.filled)
    elif isinstance(written.role, Ledger):
        yield from _list_entries(written.role)


def _list_executions(executions: Executions, filled: frozenset[str]) -> Iterator[tuple[str, _Row]]:
    """Return the rows that certainly come, as far as their values are certain."""
    words = executions.statuses
    begun: _Row = {"status": words.value("running"), "result": None, "error": None, "completed_at": None}
    failed: _Row = {"status": words.value("failed"), "result": None, "credits_used": 0}
    succeeded: _Row = {"status": words.value("success"), "error": None}
    for what, parts in (("begins", begun), ("fails", failed), ("succeeds", succeeded)):
        row = {
            executions.columns[part]: value
            for part, value in parts.items()
            if (part == "status" and part in executions) or part in executions.recordable
        }
        empty = dict.fromkeys(_list_left_out(executions, filled)) if what == "begins" else {}
        yield f"an execution that {what}", {**empty, **row, **executions.constant}


def _list_left_out(executions: Executions, filled: frozenset[str]) -> Iterator[str]:
    """Return the columns that stay NULL when a row is inserted."""
    for column in executions.table.columns:
        if column.name not in filled and column.default is None and not column.generated:
            yield column.name


def _list_entries(ledger: Ledger) -> Iterator[tuple[str, _Row]]:
    charge = 1 if ledger.sign is Sign.BY_KIND else -1
    for kind, amount in (("refund", 1), ("grant", 1), ("charge", charge)):
        if kind in ledger.kinds.written and "kind" in ledger:
            row: dict[str, object] = {ledger.columns["kind"]: ledger.kinds.value(kind)}
            part = "amount" if "amount" in ledger.columns else "debit" if kind == "charge" else "credit"
            row[ledger.columns[part]] = amount if part == "amount" else 1
            yield f"a {kind}", {**row, **ledger.constant, **ledger.constants.get(kind, {})}


CHECK = Check(
    id="check-refuses",
    title="A CHECK would refuse what agentctl writes",
    meaning="A row that agentctl would write violates a constraint.",
    remedy="Widen it, or map the words that it allows.",
    details=(
        "One example is a refund in a ledger that allows no positive amounts. Words are mapped in "
        "`[profiles.NAME.schema]`."
    ),
)
