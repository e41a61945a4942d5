"""Follows the foreign keys of the columns that name a user, and refuses those that lead to somebody else.

Two columns hold the same values where their keys lead to one column, however far away. What has no key, or
refers to the base table of a view or to a table that was not read, says nothing.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import key_elsewhere
from agentctl.core.mapping.discovery import Discovery
from agentctl.core.mapping.vocabulary import WHOLE

_PAYING = ("executions", "balances", "ledger")
_WITH_KEYS = frozenset({"table", "partitioned table"})
_Column = tuple[str, str, str]
"""A schema, a table and a column, which may be outside of what was read."""


def check_key_targets(catalog: Catalog, discovery: Discovery) -> Discovery:
    """Return what was found, with a finding for each key to other rows than the users.

    A ledger that has one is set aside: executions and balances can be read without it.
    """
    strays = dict(_find_strays(catalog, discovery))
    ledger = strays.pop("ledger", None)
    return replace(
        discovery,
        roles={role: found for role, found in discovery.roles.items() if role != "ledger" or ledger is None},
        findings=(*discovery.findings, *strays.values()),
        unwritable=(*discovery.unwritable, *([("ledger", ledger)] if ledger is not None else [])),
    )


def _find_strays(catalog: Catalog, discovery: Discovery) -> Iterator[tuple[str, Finding]]:
    roles = discovery.roles
    users = roles.get("users")
    if users is None or users.table.kind not in _WITH_KEYS or "id" not in users.parts:
        return
    key = (users.table.schema, users.table.name, users.parts["id"].column)
    for role in _PAYING:
        if role not in roles or "user" not in roles[role].parts or roles[role].table is users.table:
            continue
        if roles[role].parts["user"].account is not None:
            continue  # the account's own key leads to the users, which the balances' turn shows
        table, column = roles[role].table, roles[role].parts["user"].column
        target = table.foreign_key(column)
        owner = (
            _find_table(catalog, (f"{target.foreign_schema}", f"{target.foreign_table}")) if target else None
        )
        if owner is not None and _are_others(catalog, users.table, key, (table, column), owner):
            yield role, _explain(role, table, column, owner, users.table)


def _are_others(
    catalog: Catalog, users: Table, key: _Column, reference: tuple[Table, str], owner: Table
) -> bool:
    """Whether a column refers to rows that are not the users.

    Numbers are told apart by keys alone. A UUID that is in both tables is the same thing, unless one of them
    refers to the other's rows besides, as a wallet does to its owner.
    """
    table, name = reference
    wanted, column = {*_follow_key(catalog, key)}, table.column(name)
    if not wanted.isdisjoint(_follow_key(catalog, (table.schema, table.name, name))):
        return False
    if column is not None and column.base_type in WHOLE:
        return True
    place = (owner.schema, owner.name)
    return any(not wanted.isdisjoint(path) for path in _list_paths(catalog, owner)) or any(
        place == step[:2] for path in _list_paths(catalog, users) for step in path[1:]
    )


def _list_paths(catalog: Catalog, table: Table) -> Iterator[list[_Column]]:
    """Yield where each foreign key of a table leads."""
    for item in table.constraints:
        if item.kind == "foreign key" and len(item.columns) == 1:
            yield [*_follow_key(catalog, (table.schema, table.name, item.columns[0]))]


def _follow_key(catalog: Catalog, column: _Column) -> Iterator[_Column]:
    """Yield a column, and those that its foreign keys lead to, one after the other."""
    seen: set[_Column] = set()
    here: _Column | None = column
    while here is not None and here not in seen:
        seen.add(here)
        yield here
        owner = _find_table(catalog, here[:2])
        key = owner.foreign_key(here[2]) if owner is not None else None
        here = (
            (key.foreign_schema, key.foreign_table, key.foreign_columns[0])
            if key and key.foreign_schema and key.foreign_table and key.foreign_columns
            else None
        )


def _find_table(catalog: Catalog, place: tuple[str, str]) -> Table | None:
    return next((table for table in catalog.tables if (table.schema, table.name) == place), None)


def _explain(role: str, table: Table, column: str, target: Table, users: Table) -> Finding:
    name = f"{table.name}.{column}"
    return key_elsewhere.CHECK.finding(
        name,
        f"{name} refers to {target.name}, whose rows are not those of {users.name}: agentctl would take one "
        "for the other.",
        f'If another column refers to {users.name}: [profiles.NAME.schema.{role}] user = "COLUMN"',
    )
