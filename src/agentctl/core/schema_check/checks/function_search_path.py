"""A function runs with its owner's rights but with its caller's search_path."""

from collections.abc import Iterator

from psycopg import sql

from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.schema_check.closing import signature_of
from agentctl.core.schema_check.subjects import CreditFunction


def _find_unpinned(subject: CreditFunction) -> Iterator[Finding]:
    function = subject.function
    is_pinned = any(setting.startswith("search_path=") for setting in function.settings)
    if function.security_definer and not is_pinned:
        msg = (
            f"{function.name} runs with its owner's rights and takes its caller's search_path: a "
            "caller could put a table of their own in place of one of yours."
        )
        # The path as it is now, so that the function finds what it has found so far.
        path = map(sql.Identifier, dict.fromkeys((*subject.search_path, function.schema, "pg_temp")))
        statement = "ALTER FUNCTION {} SET search_path = {};"
        hint = compose(statement, signature_of(function), sql.SQL(", ").join(path)).as_string()
        yield CHECK.finding(function.name, msg, hint)


CHECK = SubjectCheck(
    id="function-search-path",
    severity=Severity.WARNING,
    title="A function runs with its owner's rights but with its caller's search_path",
    meaning="A caller could put a table of their own in place of one of yours.",
    remedy="The hint sets a fixed path.",
    details="The credit function is `SECURITY DEFINER`. The hint sets the path by which it is found now.",
    subject=CreditFunction,
    find=_find_unpinned,
)
