"""Lists the columns of agents that may be the price where nothing says which is: exact numbers without a use.

It chooses none. A number that is taken for the price is taken from somebody's balance.
"""

from collections.abc import Collection

from agentctl.core.catalog.introspection import Table
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import EXACT

_NO_PRICES = frozenset({"measure", "limit", "foreign", "settings", "seen", "once"})
_KEYS = frozenset({"primary key", "foreign key"})
_MOST = 8


def list_price_columns(agents: Table, taken: Collection[str]) -> tuple[str, ...]:
    """Return the columns that may be the price, the first few.

    Args:
        agents: the table.
        taken: the columns that play another part.

    """
    keys = {name for item in agents.constraints if item.kind in _KEYS for name in item.columns}
    names = (
        column.name
        for column in agents.columns
        if column.base_type in EXACT
        and column.readable
        and column.sequence is None
        and column.name not in {*taken, *keys}
        and not any(_NO_PRICES & list_meanings(word) for word in split_name(column.name))
    )
    return tuple(names)[:_MOST]


def offer_price_columns(agents: Table, taken: Collection[str], section: str) -> str:
    """Return the beginning of a hint: a line for each column that may be the price, or for whoever knows it.

    Args:
        agents: the table.
        taken: the columns that play another part.
        section: of the configuration: `profiles.NAME.schema.agents`.

    """
    names = list_price_columns(agents, taken)
    if not names:
        return f'Name the column, [{section}] price = "COLUMN", or '
    lines = "\n".join(f"  price = {toml_text(name)}" for name in names)
    one, what = ("it", "the line") if len(names) == 1 else ("one of them", "one of these lines")
    return f"If {one} is the price, put {what} into [{section}]:\n{lines}\nOtherwise "
