"""Reads a reference as the type of what it refers to where one is a text and the other a uuid.

A text without a foreign key can hold a uuid's text, so such a reference is read and written. A uuid cannot
hold any text: such a reference is read, and nothing is written into it. What the values really are, only rows
say: `credits/key_values.py` looks at them.
"""

import re
from typing import LiteralString
from uuid import UUID

from psycopg import sql

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.database.quoting import compose
from agentctl.core.mapping.vocabulary import TEXT
from agentctl.core.mapping.words import checks_of

_SAMPLE = str(UUID(int=0x0A0B0C0D_1E2F_4A3B_8C4D_5E6F708192A3))
_UUID_PATTERN = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
_IS_UUID: LiteralString = "({}::text ~ {})"
_AS_UUID: LiteralString = "(CASE WHEN {} THEN {}::text::uuid END)"
_AS_TEXT: LiteralString = "{}::text"


def find_cast(table: Table, column: Column, key: Column) -> str | None:
    """Return the type as which a reference can be compared with a key of another type, or None."""
    if column.base_type == "uuid" and key.base_type in TEXT:
        return "text"
    if key.base_type == "uuid" and column.base_type in TEXT and _can_hold_uuid(table, column):
        return "uuid"
    return None


def _can_hold_uuid(table: Table, column: Column) -> bool:
    """Whether a text column can have a uuid's text in it: it is long enough, and nothing else is required."""
    length = re.search(r"\((\d+)\)$", column.type)
    if (length and int(length[1]) < len(_SAMPLE)) or table.foreign_key(column.name) is not None:
        return False
    checks = checks_of(table).values()
    return all(check.holds({column.name: _SAMPLE}) is not False for check in checks)


def is_uuid(column: sql.Composable) -> sql.Composed:
    """Return the condition that a text is a uuid."""
    return compose(_IS_UUID, column, sql.Literal(_UUID_PATTERN))


def read_as(column: sql.Composable, cast: str | None) -> sql.Composable:
    """Return the SQL of a reference in the type of its key; NULL for a text that is no uuid."""
    if cast == "uuid":
        return compose(_AS_UUID, is_uuid(column), column)
    return compose(_AS_TEXT, column) if cast == "text" else column
