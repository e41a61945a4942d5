"""Says which of several tables a role prefers: by what refers to what, and by usual names of columns.

It chooses nothing; discovery.py does.
"""

from collections.abc import Callable

from agentctl.core.catalog.introspection import Table
from agentctl.core.mapping.vocabulary import ROLES, can_play, rank

Preference = Callable[[Table], bool]


def refers_to(target: Table | None) -> Preference:
    """Prefer the tables that refer to a table by a foreign key."""
    return lambda table: target is not None and any(key.refers_to(target) for key in table.constraints)


def is_target_of(referring: Table | None, but: Table | None) -> Preference:
    """Prefer the tables that a table refers to, except for one that has another role."""
    return lambda table: table is not but and referring is not None and refers_to(table)(referring)


def has_part(role: str, part: str) -> Preference:
    """Prefer the tables that have a column with a usual name of a part, and of a fitting type."""
    wanted = ROLES[role].parts[part]
    return lambda table: any(
        rank(column.name, wanted.names) is not None and can_play(column, wanted) for column in table.columns
    )


def is_execution_of(agents: Table | None) -> Preference:
    """Recognise executions by their shape alone: they refer to an agent and have a status."""
    return lambda table: refers_to(agents)(table) and has_part("executions", "status")(table)
