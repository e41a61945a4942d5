"""Customers may read every row of a table."""

from collections.abc import Iterator

from agentctl.core.catalog.customer_access import list_openings
from agentctl.core.catalog.introspection import Table
from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding, Severity, SubjectCheck
from agentctl.core.schema_check.closing import name_people

_TABLES = frozenset({"table", "partitioned table"})


def _find_unprotected(table: Table) -> Iterator[Finding]:
    if table.row_security.enabled or table.kind not in _TABLES:
        return
    if open_to := list_openings(table, "SELECT"):
        msg = f"{name_people(open_to)} may read every row of {table.name}: row level security is off."
        statement = compose("ALTER TABLE {} ENABLE ROW LEVEL SECURITY;", table.identifier).as_string()
        hint = (
            f"{statement} -- and add a policy for each role that should see rows: otherwise only "
            "the owner sees any"
        )
        yield CHECK.finding(table.name, msg, hint)


CHECK = SubjectCheck(
    id="row-security-off",
    severity=Severity.WARNING,
    title="Customers may read every row of a table",
    meaning="They have SELECT, and row level security is off.",
    remedy="The hint turns it on; roles that should see rows then need a policy.",
    details=(
        "PUBLIC, `anon` or `authenticated` may read a table of users, balances, executions or the ledger, so "
        "that anybody sees everybody's rows. Once row level security is on, only the owner, roles with "
        "`BYPASSRLS` and roles that a policy admits see rows: write the policies first."
    ),
    subject=Table,
    find=_find_unprotected,
)
