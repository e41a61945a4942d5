"""Finds which table and column plays which role, in a database that may use other names.

vocabulary.py lists the names that marketplaces use, settings.py what the configuration says instead.
discovery.py (with table_preferences.py) and columns.py choose tables and columns, and column_findings.py says
what they could not. sides.py and transfers.py find ledgers with two columns for one thing, versions.py an
agent's version, state_dates.py the dates within which it is for sale;
keys.py finds the columns by which tables refer to each other, key_casts.py as which type they are read;
accounts.py finds rows that name a user by way of the row with the balance, key_targets.py and shared_links.py
refuse those that lead elsewhere. words.py knows statuses, kinds and signs, listed_words.py (with
list_keys.py) those of columns without words, and unmapped_words.py says which are missing; price_columns.py
lists what may be a price; functions.py knows the function that charges.

Where no usual name decides, table_search.py (with table_links.py) and column_search.py look at structure:
name_words.py gives words meanings, column_clues.py says what speaks for a column, function_body.py reads what
functions do (with body_*.py), money.py whether that lowers a balance, function_uses.py what becomes of their
arguments. function_candidates.py says which may charge, arguments.py what is passed, functions.py chooses.

marketplace.py puts all of it together (with assembly.py). table_role.py, rows.py, insertion.py and
instants.py compose SQL with the names that were found. optional_columns.py knows the seven optional columns.
chargeability.py and writability.py foresee what would fail. Nothing here writes to a database, and reading is
left to the catalog.
"""

from agentctl.core.mapping.marketplace import (
    Marketplace,
    Reading,
    agents_of,
    catalog_for,
    get_marketplace,
    read,
    read_marketplace,
    refusal,
)
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.mapping.table_role import Agents, Executions, Ledger, TableRole

__all__ = [
    "Agents",
    "Executions",
    "Ledger",
    "Marketplace",
    "Reading",
    "SchemaSettings",
    "TableRole",
    "agents_of",
    "catalog_for",
    "get_marketplace",
    "read",
    "read_marketplace",
    "refusal",
]
