"""The role lacks a privilege on an optional column."""

from collections.abc import Iterator

from agentctl.core.catalog.grants import grant
from agentctl.core.catalog.introspection import Column
from agentctl.core.findings.finding import Finding, Severity, SpecialCase, SubjectCheck
from agentctl.core.mapping.optional_columns import OptionalColumn
from agentctl.core.mapping.subjects import WantedColumn


def _find_denied(wanted: WantedColumn) -> Iterator[Finding]:
    column, expected = wanted.column, wanted.expected
    if column is None or (expected is not None and not expected.accepts(column)):
        return
    if denied := _list_denied(column, expected):
        lack = f"has no {', '.join(denied)} privilege on it"
        if column.visible is False:
            lack = f"may not see it: it {lack}"
        msg = f"{wanted.object} exists, but role {wanted.writer} {lack}."
        hint = grant(wanted.table, denied, [column.name], to=wanted.writer)
        yield CHECK.finding(wanted.object, msg, hint, is_special=wanted.is_required)


def _list_denied(column: Column, expected: OptionalColumn | None) -> list[str]:
    """Return what this role lacks; of a column that only a deploy knows, everything counts."""
    if expected is not None:
        return expected.denied(column)
    held = {"SELECT": column.readable, "INSERT": column.insertable, "UPDATE": column.updatable}
    return [privilege for privilege, has in held.items() if not has]


CHECK = SubjectCheck(
    id="column-denied",
    severity=Severity.WARNING,
    special_case=SpecialCase(Severity.ERROR, "where --require names the column"),
    title="The role lacks a privilege on an optional column",
    meaning="The column exists, but this role may not read, insert or update it. "
    "If it has no privilege on it at all, information_schema.columns hides the column, "
    "and the message says that the role may not see it.",
    remedy="The hint is the GRANT that fixes it. It is an error where --require names the column.",
    subject=WantedColumn,
    find=_find_denied,
)
