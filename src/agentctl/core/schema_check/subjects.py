"""Lists what the checks of a schema look at, in the order in which their findings are shown."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.core.catalog.introspection import Function, Table
from agentctl.core.mapping import Marketplace, Reading
from agentctl.core.mapping.column_search import list_similar_columns
from agentctl.core.mapping.function_candidates import gives_credits
from agentctl.core.mapping.functions import find_deduct
from agentctl.core.mapping.listings import LISTED_ROLES, Listing, find_listings
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.subjects import ReadTable, WantedColumn
from agentctl.core.mapping.vocabulary import is_needed
from agentctl.core.schema_check.schema_report import executions_of


class CreditFunction(Struct, frozen=True):
    """A function that takes or gives credits, and the search path that it runs with today."""

    function: Function
    search_path: tuple[str, ...]


def list_read_tables(reading: Reading) -> Iterator[ReadTable]:
    """Return each table that has a role, with the columns that must be read."""
    needed: dict[Table, list[str]] = {}
    for role, discovered in reading.discovery.roles.items():
        names = needed.setdefault(discovered.table, [])
        names += [choice.column for part, choice in discovered.parts.items() if is_needed(role, part)]
    for table, names in needed.items():
        columns = tuple(column for name in dict.fromkeys(names) if (column := table.column(name)))
        yield ReadTable(table, columns, reading.catalog.server.role)


def list_wanted_columns(reading: Reading, required: tuple[str, ...]) -> Iterator[WantedColumn]:
    """Return the seven, and whatever else is required: a deploy knows what it writes."""
    table, parts = executions_of(reading)
    if table is not None:
        for name in dict.fromkeys((*BY_NAME, *required)):
            own_name = parts.get(name, "" if name in BY_NAME else name)
            writer = reading.catalog.server.role
            similar = list_similar_columns(table, name, parts.values()) if name in BY_NAME else ()
            yield WantedColumn(table, name, table.column(own_name), name in required, writer, similar)


def list_listings(reading: Reading) -> Iterator[Listing]:
    """Return the lists of history and credits that an index can serve."""
    for role in LISTED_ROLES:
        yield from find_listings(reading.discovery.roles, role)


def list_money_subjects(market: Marketplace) -> Iterator[object]:
    """Return everything that moves or holds credits."""
    for function in _list_credit_functions(market):
        yield CreditFunction(function, tuple(market.catalog.server.search_path))
    yield market
    if market.ledger is not None:
        yield market.ledger
    roles = (market.users, market.balances, market.executions, market.ledger)
    yield from dict.fromkeys(role.table for role in roles if role is not None)


def _list_credit_functions(market: Marketplace) -> dict[Function, None]:
    """Return all that take or give credits by their names, and the one that is configured."""
    by_name = find_deduct(market.catalog).overloads
    gives = filter(gives_credits, market.catalog.functions)
    return dict.fromkeys((*by_name, *market.deducting.overloads, *gives))
