"""Which table and column plays which role, in a database that may name everything otherwise.

vocabulary.py has the names that marketplaces use; discover.py and columns.py find tables and columns,
keys.py how they refer to each other, words.py their words, functions.py the function that charges;
marketplace.py is all of it together, rows.py what is read of it.
"""

from agentctl.core.mapping.marketplace import (
    Marketplace,
    Reading,
    agents_of,
    catalog_for,
    marketplace,
    read,
    read_marketplace,
    refusal,
)
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.mapping.table_role import Executions, Ledger, TableRole

__all__ = [
    "Executions",
    "Ledger",
    "Marketplace",
    "Reading",
    "SchemaSettings",
    "TableRole",
    "agents_of",
    "catalog_for",
    "marketplace",
    "read",
    "read_marketplace",
    "refusal",
]
