"""Says what is wrong with the columns of a table in a role: missing, ambiguous, or of a type that is no use.

It explains, and chooses nothing: columns.py does.
"""

from collections.abc import Collection, Iterator

from psycopg import sql

from agentctl.core.catalog.introspection import Table
from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import column_missing, role_ambiguous, type_inexact
from agentctl.core.mapping.price_columns import offer_price_columns
from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.mapping.sides import SIDES
from agentctl.core.mapping.vocabulary import ROLES, can_play, rank

_ASKED_FOR = frozenset({"price", "active"})
"""Parts that a table may do without, but that are asked for where a column could play them."""


def explain_ambiguity(
    role: str, name: str, table: Table, columns: tuple[str, ...], *, is_asked: bool = False
) -> Finding:
    """Return the finding about columns that fit a part equally well, with a line for each."""
    lines = [f"  {name} = {toml_text(column)}" for column in columns]
    if name in _ASKED_FOR:
        lines.append(f'  {name} = ""     # none of them')
    which = (
        f"{' and '.join(columns)} of {table.name} could each"
        if len(columns) > 1
        else (f"{columns[0]} of {table.name} could")
    )
    return role_ambiguous.CHECK.finding(
        f"{table.name}.{' / '.join(columns)}",
        f"{which} be its {name}: agentctl does not guess.",
        "\n".join((f"Put one of these lines into [profiles.NAME.schema.{role}]:", *lines)),
        is_special=not is_asked,
    )


def explain_missing(role: str, name: str, table: Table, settings: RoleSettings) -> Finding:
    """Return the finding about a part that is needed and has no column."""
    part = ROLES[role].parts[name]
    if name not in settings.columns and (inexact := find_wrong_type(role, name, table)):
        return inexact
    wanted = settings.columns.get(name) or part.names[0][0]
    return column_missing.CHECK.finding(
        f"{table.name}.{wanted}",
        f"{table.name} has no column {wanted}, which agentctl cannot do without.",
        f'If another column is the {name}, put it into [profiles.NAME.schema.{role}]: {name} = "COLUMN"',
    )


def explain_lone_side(role: str, name: str, table: Table) -> Finding:
    """Return the finding about a ledger with a column for one side of a movement alone."""
    other = SIDES[name == SIDES[0]]
    return column_missing.CHECK.finding(
        f"{table.name}.{other}",
        f"{table.name} has a column for its {name} and none for its {other}: agentctl needs both.",
        f'Name it in [profiles.NAME.schema.{role}]: {other} = "COLUMN"',
    )


def explain_flag(table: Table, flag: str) -> Finding:
    """Return the finding about executions that have a boolean, and no status."""
    name = "status" if table.column("status") is None else "execution_status"
    added = compose("ALTER TABLE {} ADD COLUMN {} text;", table.identifier, sql.Identifier(name))
    return column_missing.CHECK.finding(
        f"{table.name}.status",
        f"{table.name} has no status, and {flag} is a boolean: it cannot say that an execution is running.",
        f"{added.as_string()}\nor, if another column is the status: "
        '[profiles.NAME.schema.executions] status = "COLUMN"',
    )


def is_priceless(table: Table, known: Collection[str]) -> bool:
    """Whether nothing of an agents' table could be the price."""
    return "price" not in known and find_wrong_type("agents", "price", table) is None


def explain_no_price(table: Table, taken: Collection[str]) -> Finding:
    """Return the finding about agents without a price, with the columns that may be it."""
    offer = offer_price_columns(table, taken, "profiles.NAME.schema.agents")
    return column_missing.CHECK.finding(
        f"{table.name}.price",
        f"{table.name} has no column for the price of an agent.",
        hint=f'{offer}name each agent\'s price: [profiles.NAME.agents."AGENT"] price = 10',
        is_special=True,
    )


def find_wrong_type(role: str, name: str, table: Table) -> Finding | None:
    """Return the finding about a column with the name of a part and a type that cannot play it, or None."""
    part = ROLES[role].parts[name]
    named = (column for column in table.columns if rank(column.name, part.names) is not None)
    near = next((column for column in named if not can_play(column, part)), None)
    if near is None:
        return None
    msg = f"{table.name}.{near.name} is of type {near.type} and cannot be used as the {name} of the {role}."
    if name in {"balance", "amount", "price"}:
        msg += " It cannot hold exact amounts."
    return type_inexact.CHECK.finding(
        f"{table.name}.{near.name}", msg, f"It needs {', '.join(sorted(part.types))}."
    )


def find_unknown_columns(role: str, table: Table, settings: RoleSettings) -> Iterator[Finding]:
    """Yield the columns that the configuration names and the table does not have."""
    for name, column in {**settings.columns, **{c: c for c in settings.constant}}.items():
        required = name in ROLES[role].parts and ROLES[role].parts[name].required
        if column and table.column(column) is None and not required:
            yield column_missing.CHECK.finding(
                f"{table.name}.{column}",
                f"[schema.{role}] names the column {column}, which {table.name} does not have.",
                "Correct the configuration.",
            )
