"""Composes the INSERT of one row into a table in its role: what agentctl knows, and what it is told to write.

It executes nothing.
"""

import re
from collections.abc import Mapping

from psycopg import sql

from agentctl.core.mapping import TableRole
from agentctl.core.mapping.vocabulary import TEXT

NOW = object()
"""Stands for the database's own clock."""


def insertion(role: TableRole, values: Mapping[str, object]) -> tuple[sql.Composed, dict[str, object]]:
    """Return the beginning of a statement, up to its VALUES, and their parameters.

    Args:
        role: the table.
        values: what is written, by part; parts that have no column are left out.

    """
    row = {role.columns[part]: shortened(role, part, value) for part, value in values.items() if part in role}
    row = {**_time(role), **row, **role.constant}
    named = {f"value_{number}": value for number, value in enumerate(row.values())}
    identity = role.column("id")
    overriding = identity is not None and identity.generated and identity.name in row
    query = role.query(
        "INSERT INTO {table} ({names}) {overriding} VALUES ({values})",
        names=sql.SQL(", ").join(map(sql.Identifier, row)),
        overriding=sql.SQL("OVERRIDING SYSTEM VALUE" if overriding else ""),
        values=sql.SQL(", ").join(placeholder(name, value) for name, value in named.items()),
    )
    return query, named


def shortened(role: TableRole, part: str, value: object) -> object:
    """Return a text as far as its column holds it: `character varying(255)` would refuse a longer one."""
    column = role.column(part)
    limit = re.search(r"\((\d+)\)$", column.type) if column and column.base_type in TEXT else None
    return value[: int(limit[1])] if limit and isinstance(value, str) else value


def placeholder(name: str, value: object) -> sql.Composable:
    """Return what stands for a value in a statement."""
    return sql.SQL("statement_timestamp()") if value is NOW else sql.Placeholder(name)


def _time(role: TableRole) -> dict[str, object]:
    """Fill in the times of a row where the database does not, as it is with an ORM that does."""
    columns = (role.column(part) for part in ("created_at", "updated_at"))
    return {column.name: NOW for column in columns if column is not None and column.default is None}
