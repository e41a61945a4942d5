"""Which checks schema-check is to run, by what the command line names."""

from collections.abc import Sequence

from agentctl.core.errors import UsageError
from agentctl.core.findings.finding import Check
from agentctl.core.hint_text import suggest_nearest
from agentctl.core.schema_check.checks import CHECKS, CODE_CHECKS, DRIFT_CHECKS


def parse_ignored(ids: Sequence[str]) -> frozenset[str]:
    """Return the ids that `--ignore` names.

    Raises:
        UsageError: there is no such finding; the nearest is named.

    """
    known = [check.id for check in CHECKS]
    for unknown in (word for word in ids if word not in known):
        msg = f"--ignore: there is no finding {unknown!r}."
        raise UsageError(msg, hint=suggest_nearest(unknown, known) or f"Known ids: {', '.join(known)}.")
    return frozenset(ids)


def list_checks(ignored: frozenset[str], *, baseline: bool, code: bool) -> tuple[Check, ...]:
    """Return the checks that are run: those not ignored.

    Args:
        ignored: ids.
        baseline: whether the schema is compared with one, so that there may be drift.
        code: whether application code is checked.

    """
    left_out = (() if baseline else DRIFT_CHECKS) + (() if code else CODE_CHECKS)
    return tuple(check for check in CHECKS if check.id not in ignored and check not in left_out)
