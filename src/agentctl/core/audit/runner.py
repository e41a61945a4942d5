"""Runs checks, all of them on one snapshot, and counts what they found.

It writes nothing, takes no lock that a writer would notice, knows no single check, and holds a few examples
of a finding, however many there are. It refuses to judge tables of which it may not see every row.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, tzinfo
from decimal import Decimal

from msgspec import Struct

from agentctl.core.audit import vocabulary
from agentctl.core.audit.check import AuditCheck, Scope
from agentctl.core.audit.checks import CHECKS
from agentctl.core.database.connection import Connection
from agentctl.core.database.row_values import read_time
from agentctl.core.errors import PermissionDenied, UsageError
from agentctl.core.findings.finding import Severity
from agentctl.core.mapping import Marketplace, TableRole
from agentctl.core.mapping.vocabulary import WHOLE

_EXAMPLES = 5  # of one check
_LARGEST_WHOLE = 10**18  # beyond, nobody means credits

Watch = Callable[[str], AbstractContextManager[object]]
"""Is told what goes on, until the block ends."""


class Result(Struct, frozen=True):
    """What one check found.

    Attributes:
        count: of findings; None where the check was not run.
        examples: the first few, by id; columns of the check's query by name.
        not_run: why the check could not tell anything here.

    """

    check: AuditCheck
    count: int | None
    examples: tuple[Mapping[str, object], ...] = ()
    not_run: str | None = None


class Scanned(Struct, frozen=True):
    """How much was looked at; users are always all of them."""

    users: int
    executions: int
    ledger_rows: int


class Audit(Struct, frozen=True):
    """What an audit found, and in what."""

    results: tuple[Result, ...]
    scanned: Scanned
    scope: Scope

    def failures(self, worst: Severity) -> tuple[Result, ...]:
        """Return the results with findings that are at least that bad, `error` or `warning`."""
        bad = {Severity.ERROR, worst}
        return tuple(result for result in self.results if result.count and result.check.severity in bad)


def find_checks(ids: Sequence[str]) -> tuple[AuditCheck, ...]:
    """Return the checks with these ids, or all where none is named, in the order in which they are run.

    Raises:
        UsageError: there is no such check.

    """
    known = [check.id for check in CHECKS]
    unknown = [name for name in ids if name not in known]
    if unknown:
        msg = f"There is no check {', '.join(map(repr, unknown))}."
        raise UsageError(msg, hint=f"The checks are: {', '.join(known)}.")
    return tuple(check for check in CHECKS if not ids or check.id in ids)


def audit(
    connection: Connection, market: Marketplace, checks: Sequence[AuditCheck], scope: Scope, *, watch: Watch
) -> Audit:
    """Run checks in one read-only transaction, so that all of them see the same instant.

    Raises:
        PermissionDenied: row level security may hide rows from this role.

    """
    for role in filter(None, (market.users, market.balances, market.executions, market.ledger)):
        _require_all_rows(role)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # With the usual 4 MB PostgreSQL reads the ledger in the order of an index: four times as slow.
        connection.execute("SET LOCAL work_mem = '64MB'")
        with watch("Counting"):
            row = connection.execute(vocabulary.compose_counts(market, scope), _list_values(scope)).fetchone()
        return Audit(
            results=tuple(_run_check(connection, market, check, scope, watch=watch) for check in checks),
            scanned=Scanned(**(row or {})),
            scope=scope,
        )


def _require_all_rows(role: TableRole) -> None:
    """Refuse to say that all is well where that may be so for the visible rows alone."""
    role.require_visible_rows()
    if role.table.row_security.may_hide_rows():
        msg = (
            f"Row level security may hide rows of {role.table.name} from this role; an audit needs "
            "to see all of them."
        )
        hint = "Connect as a role with BYPASSRLS (Supabase: postgres or service_role)."
        raise PermissionDenied(msg, hint=hint, code="row_level_security")


def _run_check(
    connection: Connection, market: Marketplace, check: AuditCheck, scope: Scope, *, watch: Watch
) -> Result:
    obstacle = check.find_obstacle(market, scope)
    if obstacle is not None:
        return Result(check, count=None, not_run=obstacle)
    query = vocabulary.compose_examples(market, scope, check.query, limit=_EXAMPLES)
    with watch(f"Checking: {check.id}"):
        rows = connection.execute(query, _list_values(scope)).fetchall()
    count = rows[0]["count"] if rows else 0
    exact = not _holds_whole_credits(market)
    zone = market.executions.zone
    examples = tuple(_read_example(row, zone, exact=exact) for row in rows)
    return Result(check, count=count, examples=examples)


def _holds_whole_credits(market: Marketplace) -> bool:
    """Whether credits are integers here, which PostgreSQL sums as numerics all the same."""
    ledger = market.ledger
    types = [market.balances.base_type("balance")] + ([ledger.base_type("amount")] if ledger else [])
    return set(types) <= WHOLE


def _read_example(row: Mapping[str, object], zone: tzinfo | None, *, exact: bool) -> Mapping[str, object]:
    values = {name: value if exact else _write_whole(value) for name, value in row.items() if name != "count"}
    return {
        name: read_time(value, zone) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _write_whole(value: object) -> object:
    if not isinstance(value, Decimal) or value.copy_abs() >= _LARGEST_WHOLE:
        return value
    return int(value) if value == value.to_integral_value() else value


def _list_values(scope: Scope) -> dict[str, object]:
    return {"since": scope.since, "stale_after": scope.stale_after}
