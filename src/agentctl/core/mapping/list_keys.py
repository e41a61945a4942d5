"""Recognises a column that refers to a table of states or of kinds, as `agent_runs.status_id` does.

Names tell: that of the table which is referred to. What is in it, listed_words.py reads.
"""

from collections.abc import Mapping

from agentctl.core.catalog.introspection import Table
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import ROLES, rank

_LISTED: Mapping[str, str] = {"executions": "status", "ledger": "kind"}


def find_listed_part(role: str, table: Table, chosen: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the part whose column may have keys of a list, and that column where there is a single one.

    Args:
        role: the table's.
        table: the table.
        chosen: part -> the column that plays it; a column with the best of names stays.

    """
    part = _LISTED.get(role, "")
    if not part or (part in chosen and rank(chosen[part], ROLES[role].parts[part].names) == 0):
        return part, None
    columns = [
        item.columns[0]
        for item in table.constraints
        if item.kind == "foreign key" and len(item.columns) == 1 and item.foreign_table
        if any(part in list_meanings(word) for word in split_name(item.foreign_table))
    ]
    column = columns[0] if len(columns) == 1 and columns[0] not in chosen.values() else None
    return part, column
