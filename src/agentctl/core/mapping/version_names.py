"""Tells a version's column by its name, and the column that a key of a thing and its version refers to."""

from collections.abc import Sequence

from agentctl.core.catalog.introspection import Constraint, Table
from agentctl.core.mapping.name_words import split_name

ORDERED = frozenset(
    {"smallint", "integer", "bigint", "numeric", "date"}
    | {"timestamp with time zone", "timestamp without time zone"}
)
"""The types of versions of which the greater one is newer."""
_WORDS = frozenset({"version", "revision", "rev", "ver"})


def is_version_name(name: str) -> bool:
    """Whether a column's name says that it is a version."""
    return not _WORDS.isdisjoint(split_name(name))


def name_thing(columns: Sequence[str]) -> str | None:
    """Return the only column of a key, or the one beside a version's; None where there are more."""
    if len(columns) == 1:
        return columns[0]
    rest = [name for name in columns if not is_version_name(name)]
    return rest[0] if len(rest) == 1 and len(columns) == len(rest) + 1 else None


def find_reference(table: Table, column: str) -> tuple[Constraint, str] | None:
    """Return the foreign key by which a column refers to a thing, and the column that it refers to."""
    for key in table.constraints:
        if key.kind == "foreign key" and key.foreign_columns and name_thing(key.columns) == column:
            return key, key.foreign_columns[key.columns.index(column)]
    return None
