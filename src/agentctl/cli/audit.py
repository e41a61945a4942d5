"""`agentctl audit`: prove that every balance, charge and refund keeps the contract's rules."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import FindingsFound, SetupError, UsageError
from agentctl.core.hint_text import count_things

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentctl.core.audit.runner import Result


def audit(
    session: Session,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="T", help="Check only what was written since this time: 24h, 7d, 2026-11-01 or RFC 3339."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Check everything, however old (the default).")
    ] = False,
    check: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Run only this check (repeatable).")
    ] = None,
    stale_after: Annotated[
        str, typer.Option(metavar="DURATION", help="Treat open executions older than this as dead.")
    ] = "15m",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="Least severe finding that causes exit code 6.")
    ] = "error",
    _output: Annotated[
        Literal["table", "json"], typer.Option("--format", help="Format of the report.")
    ] = "table",
) -> Reply:
    """Prove that balances, charges and refunds are right, or show what is wrong. Never writes.

    All checks read one snapshot of the database, while customers keep working. The exit code is 0 if no
    problems are found, and 6 otherwise. `agentctl explain ID` explains each
    finding.

    \b
    Examples:
      agentctl audit
      agentctl audit --since 24h --fail-on warning
      agentctl audit --check balance-differs --check charged-twice --json
    """
    from agentctl.core.audit import runner
    from agentctl.core.audit.check import Scope
    from agentctl.core.findings.finding import Severity
    from agentctl.core.mapping import read_marketplace
    from agentctl.core.times import parse_age, parse_instant
    from agentctl.render import audit as render

    if full and since is not None:
        msg = "--full and --since cannot be used together."
        raise UsageError(msg, hint="See: agentctl audit --help")
    checks = runner.find_checks(check or ())
    instant = parse_instant(since, now=datetime.now(UTC)) if since is not None else None
    dead_after = parse_age(stale_after)
    screen = session.progress_screen()
    with session.marketplace(reads=True) as (database, profile), database.connect() as connection:
        scope = Scope(instant, dead_after, keeps_charges=profile.on_failure == "keep")
        market = read_marketplace(connection, profile.schema)
        report = runner.audit(connection, market, checks, scope, watch=screen.busy)
    failures = report.failures(Severity(fail_on))
    return Reply(
        data=lambda: render.audit_data(report),
        view=lambda: render.audit_view(report),
        error=_report_failures(failures) if failures else _report_not_run(report.results) if check else None,
    )


def _report_failures(failures: "Sequence[Result]") -> FindingsFound:
    severities = sorted({result.check.severity for result in failures})
    counts = ", ".join(_count_findings(severity, failures) for severity in severities)
    msg = f"Audit failed: {counts}."
    return FindingsFound(msg, hint="What each one means and how to fix it: agentctl explain ID")


def _count_findings(severity: str, failures: "Sequence[Result]") -> str:
    """Count the findings of one severity, and name their checks: `1 error (balance-differs)`."""
    results = [result for result in failures if result.check.severity == severity]
    total = sum(result.count or 0 for result in results)
    one_check = len(results) == 1
    checks = (result.check.id if one_check else f"{result.check.id}: {result.count}" for result in results)
    return f"{count_things(total, severity)} ({', '.join(checks)})"


def _report_not_run(results: "Sequence[Result]") -> SetupError | None:
    """Fail where a check was asked for by name and could not tell: silence would pass for a clean result."""
    reasons = [f"{result.check.id}: {result.not_run}" for result in results if result.not_run is not None]
    if not reasons:
        return None
    msg = f"Some checks could not be run. {'; '.join(reasons)}."
    return SetupError(msg, hint="See what the database has: agentctl schema-check", code="check_not_run")
