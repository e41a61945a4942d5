"""Shows what an audit found: a line a check, then each finding with examples and what to do about it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from agentctl.core.audit.check import Scope, Severity
from agentctl.core.audit.runner import Audit, Result, Scanned
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
    yield Table(("check", "severity", "found"), tuple(map(_row, audit.results)), numbers=frozenset({"found"}))
    for result in audit.results:
        if result.count:
            yield from _finding(result)
        elif result.not_run is not None:
            yield Text(f"Not run: {result.check.id}, because {result.not_run}.", Tone.WARNING)
    found = any(result.count for result in audit.results)
    looked_at = _looked_at(audit.scanned, audit.scope)
    yield Text(f"Looked at {looked_at}." if found else f"Nothing found in {looked_at}.", Tone.STRONG)


def _result_data(result: Result) -> dict[str, object]:
    return {
        "id": result.check.id,
        "severity": result.check.severity,
        "description": result.check.description,
        "help": result.check.help,
        "count": result.count,
        "examples": [dict(example) for example in result.examples],
        "not_run": result.not_run,
    }


def _row(result: Result) -> tuple[Cell, ...]:
    check = result.check
    if result.count is None:
        return (check.id, check.severity, Toned("not run", Tone.WARNING))
    tone = _TONES[check.severity] if result.count else Tone.GOOD
    return (check.id, check.severity, Toned(str(result.count), tone))


def _finding(result: Result) -> Iterator[Block]:
    check = result.check
    yield Text(f"{check.severity} [{check.id}] {check.description}.", _TONES[check.severity])
    headers = tuple(result.examples[0])
    cells = tuple(tuple(map(_cell, example.values())) for example in result.examples)
    numbers = frozenset(
        name for name, value in result.examples[0].items() if isinstance(value, int | Decimal)
    )
    yield Table(tuple(name.replace("_", " ") for name in headers), cells, numbers=numbers)
    more = (result.count or 0) - len(result.examples)
    yield Text(f"{f'And {more} more. ' if more else ''}{check.help}", Tone.DIM)


def _cell(value: object) -> Cell:
    # Whole ids: who looks into the database with them has no use for the beginning of one.
    return value if isinstance(value, int | Decimal | datetime | None) else str(value)


def _looked_at(scanned: Scanned, scope: Scope) -> str:
    since = f" since {rfc3339(scope.since)}" if scope.since else ""
    return (
        f"{scanned.executions} executions and {scanned.ledger_rows} ledger rows{since}, "
        f"and the balances of {scanned.users} users"
    )
