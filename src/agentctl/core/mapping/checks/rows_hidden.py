"""Row level security hides every row of a table."""

from collections.abc import Iterator

from agentctl.core.findings.finding import Finding, Severity, SpecialCase, SubjectCheck
from agentctl.core.mapping.subjects import ReadTable, WrittenTable


def _find_hidden(read: ReadTable) -> Iterator[Finding]:
    if read.table.row_security.hides_everything():
        yield CHECK.finding(
            read.table.name,
            f"Row level security hides every row of {read.table.name} from role {read.reader}.",
            "Connect as a role with BYPASSRLS, or add a policy that admits this one.",
        )


def find_closed(written: WrittenTable) -> Iterator[Finding]:
    """Look for a table whose rows the role may see and not insert."""
    security = written.role.table.row_security
    admitted = any(
        policy.permissive and policy.applies and policy.command in {"insert", "all"}
        for policy in security.policies
    )
    if security.active and not admitted and not security.hides_everything():
        yield CHECK.finding(
            written.role.name,
            f"No policy lets role {written.writer} insert rows into {written.role.name}.",
            "Connect as a role with BYPASSRLS, or add a policy FOR INSERT that admits this one.",
            is_special=True,
        )


CHECK = SubjectCheck(
    id="rows-hidden",
    special_case=SpecialCase(Severity.WARNING, "where the role sees rows, and no policy lets it insert any"),
    title="Row level security hides every row of a table",
    meaning="Row level security is on and no policy admits the role, so the table looks empty to it.",
    remedy="Connect as a role with BYPASSRLS, or add a policy.",
    details=(
        "PostgreSQL shows such a table empty and reports no error. On Supabase, `postgres` and "
        "`service_role` have `BYPASSRLS`."
    ),
    subject=ReadTable,
    find=_find_hidden,
)
