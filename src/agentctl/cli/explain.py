"""`agentctl explain`: what a finding means, and how to fix it. It asks no database."""

from typing import Annotated

import typer

from agentctl.cli.reply import Reply
from agentctl.cli.session import Session
from agentctl.core.errors import UsageError
from agentctl.core.hint_text import suggest_nearest


def explain(
    _: Session,
    finding: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Id of the finding; without one, all findings are listed."),
    ] = None,
) -> Reply:
    """Explain what a finding of audit or schema-check means, and how to fix it. Needs no database.

    The code of an error that a finding has caused works, too: role_ambiguous.

    \b
    Examples:
      agentctl explain
      agentctl explain balance-differs
      agentctl explain rows-hidden --json
    """
    from agentctl.core.audit.checks import CHECKS as AUDIT_CHECKS
    from agentctl.core.schema_check.checks import CHECKS
    from agentctl.render.explain import check_data, check_view, list_data, list_view

    checks = {check.id: check for check in (*AUDIT_CHECKS, *CHECKS)}
    if finding is None:
        return Reply(data=lambda: list_data(checks.values()), view=lambda: list_view(checks.values()))
    name = finding.replace("_", "-")
    if name not in checks:
        msg = f"There is no finding {finding!r}."
        raise UsageError(msg, hint=suggest_nearest(name, checks) or "List them all: agentctl explain")
    return Reply(data=lambda: check_data(checks[name]), view=lambda: check_view(checks[name]))
