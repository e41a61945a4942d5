"""Follows the foreign keys of the columns that name a user, and refuses those that lead to somebody else.

Two columns hold the same values where their keys lead to one column, however far away. What has no key, or
refers to the base table of a view, says nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import key_elsewhere
from agentctl.core.mapping.discovery import Discovery

_PAYING = ("executions", "balances", "ledger")
_WITH_KEYS = frozenset({"table", "partitioned table"})
_Column = tuple[str, str, str]
"""A schema, a table and a column, which may be outside of what was read."""


def check_key_targets(catalog: Catalog, discovery: Discovery) -> Discovery:
    """Return what was found, with a finding for each key to other rows than the users."""
    return replace(discovery, findings=(*discovery.findings, *_find_strays(catalog, discovery)))


def _find_strays(catalog: Catalog, discovery: Discovery) -> Iterator[Finding]:
    roles = discovery.roles
    users = roles.get("users")
    if users is None or users.table.kind not in _WITH_KEYS or "id" not in users.parts:
        return
    wanted = set(_follow_key(catalog, users.table, users.parts["id"].column))
    for role in _PAYING:
        if role not in roles or "user" not in roles[role].parts or roles[role].table is users.table:
            continue
        table, column = roles[role].table, roles[role].parts["user"].column
        target = table.foreign_key(column)
        if target is not None and wanted.isdisjoint(_follow_key(catalog, table, column)):
            yield _explain(role, table, column, f"{target.foreign_table}", users.table)


def _follow_key(catalog: Catalog, table: Table, column: str) -> Iterator[_Column]:
    """Yield a column, and those that its foreign keys lead to, one after the other."""
    seen: set[_Column] = set()
    here: _Column | None = (table.schema, table.name, column)
    while here is not None and here not in seen:
        seen.add(here)
        yield here
        schema, name, column = here
        owner = next((each for each in catalog.tables if (each.schema, each.name) == (schema, name)), None)
        key = owner.foreign_key(column) if owner is not None else None
        here = (
            (key.foreign_schema, key.foreign_table, key.foreign_columns[0])
            if key and key.foreign_schema and key.foreign_table and key.foreign_columns
            else None
        )


def _explain(role: str, table: Table, column: str, target: str, users: Table) -> Finding:
    name = f"{table.name}.{column}"
    return key_elsewhere.CHECK.finding(
        name,
        f"{name} refers to {target}, whose rows are not those of {users.name}: agentctl would take one for "
        "the other.",
        f'If another column refers to {users.name}: [profiles.NAME.schema.{role}] user = "COLUMN"',
    )
