"""Composes the INSERT of one row: the values that agentctl knows, and those that the configuration gives.

It executes nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from psycopg import sql

from agentctl.core.mapping import TableRole
from agentctl.core.mapping.settings import TEMPLATE_HOLE, Constant
from agentctl.core.mapping.vocabulary import TEXT
from agentctl.core.times import rfc3339

NOW = object()
"""Stands for the database's own clock."""


def insertion(
    role: TableRole, values: Mapping[str, object], *, constants: Mapping[str, Constant] | None = None
) -> tuple[sql.Composed, dict[str, object]]:
    """Return an INSERT statement up to its VALUES, and their parameters.

    Args:
        role: the table.
        values: part -> value; parts without a column are left out.
        constants: column -> the value that this kind of row has in it.

    """
    if role.accounts is not None and "user" in values:
        values = {**values, role.accounts.part: values["user"]}
    row = {
        role.columns[part]: shortened(role, part, role.stored(part, value))
        for part, value in values.items()
        if part in role.columns
    }
    own = {**role.constant, **(constants or {})}
    row = {**_fill_times(role), **row, **{name: _fill_template(value, values) for name, value in own.items()}}
    named = {f"value_{number}": value for number, value in enumerate(row.values())}
    identity = role.column("id")
    overriding = identity is not None and identity.generated and identity.name in row
    query = role.query(
        "INSERT INTO {table} ({names}) {overriding} VALUES ({values})",
        names=sql.SQL(", ").join(map(sql.Identifier, row)),
        overriding=sql.SQL("OVERRIDING SYSTEM VALUE" if overriding else ""),
        values=sql.SQL(", ").join(
            _compose_value(role, column, placeholder(name, named[name]), is_constant=column in own)
            for column, name in zip(row, named, strict=True)
        ),
    )
    return query, named


def _compose_value(
    role: TableRole, column: str, value: sql.Composable, *, is_constant: bool
) -> sql.Composable:
    """Return the SQL of a column's value, which is looked up where the column has the key of an account."""
    part = role.accounts.part if role.accounts is not None else ""
    is_account = role.columns.get(part) == column and not is_constant
    return role.compose_reference(part, value) if is_account else value


def _fill_template(constant: Constant, values: Mapping[str, object]) -> object:
    """Put what the row is about into a constant that is a template: `agentctl-{execution}`."""
    if not isinstance(constant, str):
        return constant
    execution = values.get("execution") or values.get("id")
    names = {
        "execution": execution,
        "user": values.get("user"),
        "agent": values.get("agent"),
        "now": rfc3339(datetime.now(UTC)),
    }
    return TEMPLATE_HOLE.sub(lambda hole: str(names.get(hole[1]) or ""), constant)


def shortened(role: TableRole, part: str, value: object) -> object:
    """Return a text cut to the length that its column holds, as in `character varying(255)`."""
    column = role.column(part)
    limit = re.search(r"\((\d+)\)$", column.type) if column and column.base_type in TEXT else None
    return value[: int(limit[1])] if limit and isinstance(value, str) else value


def placeholder(name: str, value: object) -> sql.Composable:
    """Return the SQL that stands for a value: a placeholder, or the database's clock."""
    return sql.SQL("statement_timestamp()") if value is NOW else sql.Placeholder(name)


def _fill_times(role: TableRole) -> dict[str, object]:
    """Return the time columns that the database does not fill, because an ORM usually does."""
    columns = (role.column(part) for part in ("created_at", "updated_at"))
    return {column.name: NOW for column in columns if column is not None and column.default is None}
