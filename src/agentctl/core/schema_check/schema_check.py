"""Compares the live schema with what agentctl needs and with what a deploy requires. It never writes.

A check looks at the catalog, or at what was made of it, and yields findings; which of them end the program
with exit code 6 is told by their severity alone.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from agentctl.core.errors import UsageError
from agentctl.core.findings.finding import Finding, SubjectCheck
from agentctl.core.mapping import Reading
from agentctl.core.mapping.checks import column_missing
from agentctl.core.mapping.functions import find_deduct
from agentctl.core.mapping.optional_columns import BY_NAME, Tracking, tracking_of
from agentctl.core.mapping.writability import writing_findings
from agentctl.core.schema_check.checks import CHECKS
from agentctl.core.schema_check.schema_report import (
    SchemaReport,
    column_states,
    executions_of,
    function_states,
    index_states,
    role_states,
)
from agentctl.core.schema_check.subjects import (
    list_listings,
    list_money_subjects,
    list_read_tables,
    list_wanted_columns,
)


def parse_required(text: str | None) -> tuple[str, ...]:
    """Return the columns of agent_executions that `--require` names: some of the seven, or any others.

    Raises:
        UsageError: it names none.

    """
    words = [word.strip() for word in (Tracking.MINIMAL if text is None else text).split(",")]
    if not any(words):
        msg = "--require names no column."
        raise UsageError(msg, hint=f"Pass minimal, full, or columns such as {', '.join(BY_NAME)}.")
    groups: dict[str, Iterable[str]] = {Tracking.MINIMAL: (), Tracking.FULL: BY_NAME, "": ()}
    return tuple(dict.fromkeys(name for word in words for name in groups.get(word, (word,))))


def check_schema(
    reading: Reading, in_rows: Iterable[Finding] = (), *, required: tuple[str, ...] = (), live: bool = True
) -> SchemaReport:
    """Compare a catalog with what agentctl needs.

    Args:
        reading: what was made of the catalog.
        in_rows: what rows have shown.
        required: columns of the executions' table without which the check fails.
        live: whether it is a database's own; of a file, which need not hold everything, only the executions'
            columns are judged.

    """
    catalog, market = reading.catalog, reading.marketplace
    executions, columns = executions_of(reading)
    states = column_states(executions, columns)
    indexes = tuple(index_states(executions, columns))
    deducting = market.deducting if market else find_deduct(catalog)
    findings = find_among(list_wanted_columns(reading, required))
    if live:
        findings = chain(
            reading.findings,
            find_among(list_read_tables(reading)),
            _find_no_webhooks(reading),
            findings,
            find_among(indexes),
            find_among(list_listings(reading)),
            () if market else deducting.findings,
            find_among([deducting]),
            writing_findings(market) if market else (),
            find_among(list_money_subjects(market)) if market else (),
            in_rows,
        )
    return SchemaReport(
        server=catalog.server,
        tracking=tracking_of(executions, columns),
        tables=tuple(role_states(reading)),
        columns=states,
        missing=tuple(state.expected.name for state in states if state.column is None),
        indexes=indexes,
        functions=tuple(function_states(reading, deducting)),
        findings=tuple(dict.fromkeys(findings)),
    )


def find_among(subjects: Iterable[object]) -> Iterator[Finding]:
    """Show each subject to every check of its kind, in the order of the list."""
    for subject in subjects:
        for check in CHECKS:
            if isinstance(check, SubjectCheck) and isinstance(subject, check.subject):
                yield from check.find(subject)


def _find_no_webhooks(reading: Reading) -> Iterator[Finding]:
    agents = reading.discovery.roles.get("agents")
    if agents is not None and "webhook" not in agents.parts:
        msg = f"{agents.table.name} has no column for the webhook of an agent."
        hint = (
            'Name the column, [profiles.NAME.schema.agents] webhook = "COLUMN", or each agent\'s webhook: '
            '[profiles.NAME.agents."AGENT"] webhook_url = "env:AGENT_WEBHOOK_URL"'
        )
        name = f"{agents.table.name}.webhook_url"
        yield column_missing.CHECK.finding(name, msg, hint, is_special=True)
