"""The names that PostgreSQL gives to objects for which a statement names none.

It follows PostgreSQL's rules to the byte: a name has at most 63 bytes, and a taken name gets a number.
"""

from collections.abc import Callable, Sequence

from agentctl.core.database.quoting import quoted

_BYTES = 63


def default_name(table: str, columns: Sequence[str], label: str, *, taken: Callable[[str], bool]) -> str:
    """Choose the name of an index or constraint.

    Args:
        table: its name.
        columns: those whose names are part of it.
        label: `pkey`, `key`, `fkey`, `check`, `idx` or `seq`.
        taken: whether something has that name.

    """
    name, number = _compose_name(table, "_".join(columns), label), 0
    while taken(name):
        number += 1
        name = _compose_name(table, "_".join(columns), f"{label}{number}")
    return name


def qualified(schema: str, name: str, path: Sequence[str] = ()) -> str:
    """Write a name with its schema, unless that is on a path."""
    return quoted(name) if schema in path else f"{quoted(schema)}.{quoted(name)}"


def _compose_name(table: str, column: str, label: str) -> str:
    first, second = table.encode(errors="replace"), column.encode(errors="replace")
    room = _BYTES - len(label) - 1 - (1 if second else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [part.decode(errors="ignore") for part in (first, second) if part]
    return "_".join([*parts, label])
