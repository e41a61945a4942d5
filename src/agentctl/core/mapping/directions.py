"""Finds what a ledger says about the direction of a movement beside its kind and sign: debit or credit.

Such a column has a value for each kind of row: from the configuration, or the only one that means the kind's
direction and that the table's CHECKs accept for such a row. It never chooses between two.
"""

from collections.abc import Iterator, Mapping

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.settings import Constant
from agentctl.core.mapping.vocabulary import DIRECTION_NAMES, DIRECTION_WORDS, WHOLE, plain, rank
from agentctl.core.mapping.words import Sign, Words, checks_of

DIRECTIONS: Mapping[str, str] = {"charge": "out", "refund": "in", "grant": "in"}
"""Whether credits leave the user or come to them, by the kind of row."""

Constants = Mapping[str, Mapping[str, Constant]]
"""Kind -> column -> the value that such a row has in it."""


def find_constants(
    table: Table, columns: Mapping[str, str], kinds: Words, sign: Sign, configured: Constants
) -> Constants:
    """Return the values of the columns of direction, for each kind of row.

    Args:
        table: the ledger.
        columns: part -> column; these columns have values already.
        kinds: the words of the column of kinds.
        sign: whether a charge is negative.
        configured: values that win.

    """
    free = [
        column for column in table.columns if column.name not in columns.values() and not column.generated
    ]
    constants: dict[str, dict[str, Constant]] = {}
    for kind in DIRECTIONS:
        row: dict[str, object] = {}
        if "amount" in columns:
            row[columns["amount"]] = -1 if kind == "charge" and sign is Sign.SIGNED else 1
        if "kind" in columns and kind in kinds.written:
            row[columns["kind"]] = kinds.value(kind)
        found = {column.name: value for column in free for value in _choose_value(table, column, kind, row)}
        constants[kind] = {**found, **configured.get(kind, {})}
    return constants


def _choose_value(table: Table, column: Column, kind: str, row: Mapping[str, object]) -> Iterator[Constant]:
    """Yield the one value that a kind of row can have in a column that knows both directions."""
    candidates = _list_candidates(table, column)
    if not all(candidates.values()):
        return
    checks = checks_of(table).values()
    fitting = [
        value
        for value in candidates[DIRECTIONS[kind]]
        if all(check.holds({**row, column.name: value}) is not False for check in checks)
    ]
    if len(fitting) == 1:
        yield fitting[0]


def _list_candidates(table: Table, column: Column) -> Mapping[str, tuple[Constant, ...]]:
    """Return the values that mean each direction in a column."""
    if column.base_type == "boolean":
        name = plain(column.name).removeprefix("is_")
        means = [direction for direction, names in DIRECTION_WORDS.items() if rank(name, names) is not None]
        return {direction: (direction in means,) if means else () for direction in DIRECTION_WORDS}
    if column.base_type in WHOLE:
        is_sign = rank(column.name, DIRECTION_NAMES) is not None
        return {"in": (1,) if is_sign else (), "out": (-1,) if is_sign else ()}
    words = _list_words(table, column)
    return {
        direction: tuple(word for word in words if rank(word, names) is not None)
        for direction, names in DIRECTION_WORDS.items()
    }


def _list_words(table: Table, column: Column) -> tuple[str, ...]:
    checked = [word for check in checks_of(table).values() for word in check.literals(column.name)]
    domain = [word for check in column.domain_checks for word in check.literals("value")]
    known = column.enum_labels or (*checked, *domain)
    if not known and rank(column.name, DIRECTION_NAMES) is not None:
        known = column.sample or ()
    return tuple(dict.fromkeys(known))
