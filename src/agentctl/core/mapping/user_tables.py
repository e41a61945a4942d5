"""Finds the users where a usual name is not enough, or leads to less than is known about them.

It looks at what extends a table, and chooses between no two.
"""

from agentctl.core.catalog.introspection import Table
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.table_links import target_of
from agentctl.core.mapping.table_search import TableSearch

_OF_BALANCES = frozenset({"unit", "left", "store"})


def find_users(search: TableSearch, named: Table, *, is_tied: bool) -> Table | None:
    """Return the users for a table with a usual name: itself or what extends it; None if its name is all.

    Supabase's own users have no balance: they are described by the only table that adds one to each, and an
    e-mail address, or is named after people. Auth.js has accounts that are no users.
    """
    has_email = "email" in search.fits("users", named)
    if "balance" in search.fits("balances", named) or (has_email and named.schema != "auth"):
        return named
    profiles = [
        table
        for table in search.links.tables.values()
        if search.links.is_one_to_one(table, target_of(named))
        and "balance" in search.fits("balances", table)
        and ("email" in search.fits("users", table) or _is_named_after_people(table))
    ]
    if len(profiles) == 1:
        return profiles[0]
    return named if is_tied or has_email else None


def _is_named_after_people(table: Table) -> bool:
    meanings = {meaning for word in split_name(table.name) for meaning in list_meanings(word)}
    return "person" in meanings and not meanings & _OF_BALANCES
