"""Finds the two columns of a ledger that has a debit for what leaves a user and a credit for what comes.

Both have to be exact numbers, and their names the same but for the word of the direction. Whether rows bear
out what the names say is not known here: `credits/ledger_sides.py` looks at them.
"""

from collections.abc import Iterator, Mapping
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.introspection import Table
from agentctl.core.database.quoting import compose
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.vocabulary import EXACT, ROLES, rank

SIDES = ("debit", "credit")
"""The parts of a ledger: what leaves a user, and what comes to one."""
_BOOKED = (("debit", "credit"), ("debited", "credited"), ("dr", "cr"))
"""Pairs of words that only books have."""
_OTHERS = (
    ("out", "in"),
    ("outgoing", "incoming"),
    ("outflow", "inflow"),
    ("withdrawal", "deposit"),
    ("withdrawn", "deposited"),
    ("decrease", "increase"),
    ("minus", "plus"),
    ("deducted", "added"),
)
"""Pairs that count only where there is no amount: what a run took in and put out is no movement."""
# Not `token`: tokens_in and tokens_out count what a language model has read and written.
_UNITS = frozenset({"amount", "amt", "credit", "coin", "point", "value", "quantity", "qty", "unit"})
# A side that is never NULL, in a type in which the two can be subtracted.
_VALUES: Mapping[str, LiteralString] = {
    "integer": "coalesce({}, 0)::bigint",
    "bigint": "coalesce({}, 0)::bigint",
    "numeric": "coalesce({}, 0)::numeric",
}
# Nobody's row can make the difference overflow, and so end a statement about everybody's: what is beyond
# the limits of a number stays as it is, and what is no number of credits is NaN.
_DIFFERENCES: Mapping[str, LiteralString] = {
    "integer": (
        "(CASE WHEN ({credit} - {debit}) >= -2147483648 AND ({credit} - {debit}) <= 2147483647 "
        "THEN ({credit} - {debit})::integer ELSE {credit}::integer END)"
    ),
    "bigint": (
        "(CASE WHEN {debit} > -4611686018427387904 AND {debit} < 4611686018427387904 "
        "AND {credit} > -4611686018427387904 AND {credit} < 4611686018427387904 "
        "THEN ({credit} - {debit}) ELSE {credit} END)"
    ),
    "numeric": (
        "(CASE WHEN {debit} > -1e100 AND {debit} < 1e100 AND {credit} > -1e100 AND {credit} < 1e100 "
        "THEN ({credit} - {debit}) ELSE 'NaN'::numeric END)"
    ),
}


def list_pairs(table: Table) -> tuple[tuple[str, str], ...]:
    """Return the columns that could be the two sides of a ledger: debit, credit."""
    keys = {
        name
        for item in table.constraints
        if item.kind in {"primary key", "foreign key"}
        for name in item.columns
    }
    named = {
        split_name(column.name): column.name
        for column in reversed(table.columns)
        if column.base_type in EXACT and column.name not in keys and not column.generated
    }
    usual = ROLES["ledger"].parts["amount"].names
    booked = tuple(_match_names(named, _BOOKED))
    taken = {name for pair in booked for name in pair}
    has_amount = any(rank(name, usual) is not None and name not in taken for name in named.values())
    return booked or (() if has_amount else tuple(_match_names(named, _OTHERS)))


def _match_names(
    named: Mapping[tuple[str, ...], str], pairs: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str]]:
    """Yield the names that differ in nothing but a word for the direction, and mean nothing else."""
    for words, name in named.items():
        for position, word in enumerate(words):
            before, behind = words[:position], words[position + 1 :]
            others = (named.get((*before, into, *behind)) for out, into in pairs if out == word)
            yield from ((name, other) for other in others if other and {*before, *behind} <= _UNITS)


def find_type(table: Table, columns: Mapping[str, str]) -> str:
    """Return the type of the difference of the two sides, which is that of the wider one."""
    types = {column.base_type for part in SIDES if (column := table.column(columns[part])) is not None}
    return next((name for name in ("numeric", "bigint") if name in types), "integer")


def subtract_sides(table: Table, columns: Mapping[str, str]) -> sql.Composed:
    """Return the SQL of a row's amount: what comes to the user less what leaves."""
    wider = find_type(table, columns)
    debit, credit = (compose(_VALUES[wider], sql.Identifier(columns[part])) for part in SIDES)
    return compose(_DIFFERENCES[wider], debit=debit, credit=credit)
