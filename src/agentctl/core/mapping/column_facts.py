"""What the columns of a table say beside their names: keys, defaults, and what another column says better.

Each is a question to one table; columns.py asks them. Nothing here chooses a column for a part.
"""

from collections.abc import Mapping

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.column_clues import CLUES, CONTENTS, SHAPES, list_meant_words, weigh_words
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.version_names import name_thing
from agentctl.core.mapping.vocabulary import ROLES, TEXT, Part, can_play, rank

_KEYS = frozenset({"primary key", "foreign key"})
_TIMES = frozenset({"timestamp with time zone", "timestamp without time zone"})
_LATER = frozenset({"changed", "ended", "seen", "gone", "cleared", "vetted", "shut", "limit"})
"""Meanings of times other than that at which a row is made."""


def list_keys(table: Table) -> frozenset[str]:
    """Return the columns of keys, primary and foreign, but for the time by which a table is partitioned."""
    keys = {name for item in table.constraints if item.kind in _KEYS for name in item.columns}
    return frozenset(
        column.name for column in table.columns if column.name in keys and column.base_type not in _TIMES
    )


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
    """Return the only column that PostgreSQL fills with the time of a row, unless names say otherwise."""
    times = [column for column in table.columns if can_play(column, part)]
    filled = [column.name for column in times if SHAPES["clock"].is_seen(table, column)]
    if len(filled) != 1 or says_later(filled[0]):
        return None
    made = [name for name in (column.name for column in times) if _says_made(name)]
    return filled[0] if not made or filled[0] in made else None


def says_later(name: str) -> bool:
    """Whether a time's name says that it is not the one at which a row is made."""
    return any(list_meanings(word) & _LATER for word in split_name(name))


def _says_made(name: str) -> bool:
    return (weigh_words("executions", "created_at", list_meant_words(name)) or 0) > 0


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


def find_decisive_column(role: str, part: str, table: Table) -> str | None:
    """Return the only column whose content shows that it plays a part, or None."""
    clue = CLUES.get(role, {}).get(part)
    names = clue.decisive & CONTENTS if clue else ()
    seen = [
        column.name for column in table.columns if any(SHAPES[name].is_seen(table, column) for name in names)
    ]
    return seen[0] if len(seen) == 1 else None
