"""What the columns of a table say beside their names: keys, defaults, and what another column says better.

Each is a question to one table; columns.py asks them. Nothing here chooses a column for a part.
"""

import re
from collections.abc import Mapping

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.column_clues import SHAPES, weigh_words
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.version_names import name_thing
from agentctl.core.mapping.vocabulary import ROLES, TEXT, Part, can_play, rank


def may_explain(table: Table, chosen: str) -> bool:
    """Whether a text that entries may do without explains what another text says of every entry."""
    column = table.column(chosen)
    keys = {name for item in table.constraints if item.kind == "foreign key" for name in item.columns}
    return (
        rank(chosen, ROLES["ledger"].parts["description"].names) is not None
        and column is not None
        and column.nullable
        and any(
            other.base_type in TEXT
            and not other.nullable
            and other.default is None
            and other.name not in keys
            for other in table.columns
        )
    )


def find_clock(table: Table, part: Part) -> str | None:
    """Return the only column that PostgreSQL fills with the time of a row, or None."""
    filled = [
        column.name
        for column in table.columns
        if can_play(column, part) and re.search("now|current_timestamp", column.default or "", re.IGNORECASE)
    ]
    return filled[0] if len(filled) == 1 else None


def is_outdone_by_clock(table: Table, chosen: str) -> bool:
    """Whether a column is named for the time when work began, and another is filled when a row is made."""
    if rank(chosen, ROLES["executions"].parts["started_at"].names) is None:
        return False
    filled = {column.name for column in table.columns if SHAPES["clock"].is_seen(table, column)}
    return chosen not in filled and any(
        weigh_words("executions", "created_at", split_name(name)) is not None for name in filled
    )


def find_primary_key(table: Table) -> Column | None:
    """Return the column that is a table's primary key on its own, or beside a version; or None."""
    keys = (item.columns for item in table.constraints if item.kind == "primary key")
    return next((table.column(thing) for columns in keys if (thing := name_thing(columns))), None)


def list_linked_columns(part: Part, table: Table, tables: Mapping[str, Table | None]) -> tuple[str, ...]:
    """Return the columns with a foreign key to a part's table, or to what the rows of that extend."""
    target = tables.get(part.refers_to or "")
    if target is None:
        return ()
    keys = [item for item in table.constraints if item.kind == "foreign key"]
    things = (name_thing(key.columns) for key in keys if key.refers_to(target))
    direct = tuple(thing for thing in things if thing is not None)
    keys = [key for key in keys if len(key.columns) == 1]
    extended = {
        (item.foreign_schema, item.foreign_table)
        for item in target.constraints
        if item.kind == "foreign key" and len(item.columns) == 1 and target.is_unique(item.columns[0])
    }
    return direct or tuple(
        key.columns[0] for key in keys if (key.foreign_schema, key.foreign_table) in extended
    )
