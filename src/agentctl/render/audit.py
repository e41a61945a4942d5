"""Shows what an audit found: a line a check, then each finding with examples and what to do about it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from agentctl.core.audit.check import Scope
from agentctl.core.audit.runner import Audit, Result, Scanned
from agentctl.core.findings.finding import Severity
from agentctl.core.times import rfc3339
from agentctl.render.blocks import Block, Cell, Table, Text, Tone, Toned, View

_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.DIM}


def audit_data(audit: Audit) -> dict[str, object]:
    """Return an audit as programs read it."""
    scanned = audit.scanned
    return {
        "checks": [_result_data(result) for result in audit.results],
        "scanned": {
            "users": scanned.users,
            "executions": scanned.executions,
            "ledger_rows": scanned.ledger_rows,
            "since": audit.scope.since,
        },
    }


def audit_view(audit: Audit) -> View:
    """Show all checks, then what they found, then how much they have looked at."""
    yield Table(
        ("check", "severity", "found"), tuple(map(_make_row, audit.results)), numbers=frozenset({"found"})
    )
    for result in audit.results:
        if result.count:
            yield from _show_finding(result)
        elif result.not_run is not None:
            yield Text(f"Not run: {result.check.id}, because {result.not_run}.", Tone.WARNING)
    counts = [result.count for result in audit.results if result.count is not None]
    verb = "No problems found in" if counts and not any(counts) else "Checked"
    yield Text(f"{verb} {_describe_scope(audit.scanned, audit.scope)}.", Tone.STRONG)


def _result_data(result: Result) -> dict[str, object]:
    return {
        "id": result.check.id,
        "severity": result.check.severity,
        "description": result.check.title,
        "help": result.check.remedy,
        "count": result.count,
        "examples": [dict(example) for example in result.examples],
        "not_run": result.not_run,
    }


def _make_row(result: Result) -> tuple[Cell, ...]:
    check = result.check
    if result.count is None:
        return (check.id, check.severity, Toned("not run", Tone.WARNING))
    tone = _TONES[check.severity] if result.count else Tone.GOOD
    return (check.id, check.severity, Toned(str(result.count), tone))


def _show_finding(result: Result) -> Iterator[Block]:
    check = result.check
    yield Text(f"{check.severity} [{check.id}] {check.title}.", _TONES[check.severity])
    first = {name.replace("_", " "): value for name, value in result.examples[0].items()}
    numbers = frozenset(name for name, value in first.items() if isinstance(value, int | Decimal))
    cells = tuple(tuple(map(_make_cell, example.values())) for example in result.examples)
    yield Table(tuple(first), cells, numbers=numbers)
    more = (result.count or 0) - len(result.examples)
    yield Text(f"{f'And {more} more. ' if more else ''}{check.remedy}", Tone.DIM)


def _make_cell(value: object) -> Cell:
    # Whole ids and exact times, on a terminal too: somebody will look into the database with them.
    if isinstance(value, datetime):
        return rfc3339(value)
    return value if isinstance(value, int | Decimal | None) else str(value)


def _describe_scope(scanned: Scanned, scope: Scope) -> str:
    since = f" since {rfc3339(scope.since)}" if scope.since else ""
    return (
        f"{scanned.executions} executions and {scanned.ledger_rows} ledger rows{since}, "
        f"and the balances of {scanned.users} users"
    )
