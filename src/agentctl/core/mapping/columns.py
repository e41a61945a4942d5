"""Finds which column of a table plays which part: by the configuration, by foreign key, by name and type.

It decides about one table at a time and never between two columns that fit equally well: those are a finding,
with the lines that settle it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentctl.core.catalog import Column, Table
from agentctl.core.findings import Finding, Severity
from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.mapping.vocabulary import ROLES, Part, rank
from agentctl.core.tracking import BY_NAME


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that was chosen for a part.

    Attributes:
        why: the evidence, in a few words.
        others: columns that could have played it, too, and were passed over for a better one.

    """

    column: str
    why: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The parts that a table's columns play, and what stood in the way of others."""

    choices: Mapping[str, Choice]
    findings: tuple[Finding, ...]


def find_columns(
    role: str, table: Table, settings: RoleSettings, *, tables: Mapping[str, Table | None]
) -> Columns:
    """Choose a column for every part of a role that the table has one for.

    Args:
        role: what the table is.
        table: it.
        settings: what the configuration says about it.
        tables: the tables of the roles that are known already; foreign keys to them are evidence.

    """
    choices: dict[str, Choice] = {}
    findings: list[Finding] = []
    # What refers to another table first: no other part takes its column then.
    parts = sorted(ROLES[role].parts.items(), key=lambda item: item[1].refers_to is None)
    for name, part in parts:
        taken = {choice.column for choice in choices.values()}
        found = _chosen(name, part, table, settings, tables, taken)
        if isinstance(found, Choice):
            choices[name] = found
        elif found is not None:
            findings.append(_ambiguous(role, name, table, found, part))
        elif part.required:
            findings.append(_missing(role, name, table, settings))
    findings += _unknown_columns(role, table, settings)
    return Columns(choices, tuple(findings))


def _chosen(
    name: str,
    part: Part,
    table: Table,
    settings: RoleSettings,
    tables: Mapping[str, Table | None],
    taken: set[str],
) -> Choice | tuple[str, ...] | None:
    """Return the choice, or those that fit equally well, or None."""
    if name in settings.columns:
        configured = settings.columns[name]
        return Choice(configured, "configured") if table.column(configured) else None
    if name == "id" and (key := _primary_key(table)) and _can_play(key, part):
        return Choice(key.name, "its primary key")
    linked = _linked(part, table, tables)
    if len(linked) == 1:
        return Choice(linked[0], "its foreign key")
    fitting = [
        (place, column.name)
        for column in table.columns
        if (place := rank(column.name, part.names)) is not None
        and _can_play(column, part)
        and (column.name not in taken or name == "created_at")
        and (not linked or column.name in linked)
    ]
    if not fitting:
        # One of the seven of another type is not passed over: it stands where migrate-full would put it.
        own = name in BY_NAME and table.column(name) is not None and name not in taken
        return Choice(name, "its name") if own else linked or None
    best = min(place for place, _ in fitting)
    first = tuple(column for place, column in fitting if place == best)
    if len(first) > 1:
        exact = tuple(column for column in first if column == name)
        return Choice(exact[0], "its name", tuple(c for c in first if c != name)) if exact else first
    others = tuple(column for place, column in fitting if place != best)
    return Choice(first[0], "its foreign key and name" if linked else "its name and type", others)


def _primary_key(table: Table) -> Column | None:
    """Return the column that alone is a table's primary key, or None."""
    keys = (item.columns for item in table.constraints if item.kind == "primary key")
    return next((table.column(columns[0]) for columns in keys if len(columns) == 1), None)


def _linked(part: Part, table: Table, tables: Mapping[str, Table | None]) -> tuple[str, ...]:
    """Return the columns with a foreign key to the table that a part refers to."""
    target = tables.get(part.refers_to or "")
    if target is None:
        return ()
    return tuple(
        constraint.columns[0]
        for constraint in table.constraints
        if constraint.kind == "foreign key"
        and len(constraint.columns) == 1
        and (constraint.foreign_schema, constraint.foreign_table) == (target.schema, target.name)
    )


def _can_play(column: Column, part: Part) -> bool:
    return not part.types or column.base_type in part.types


def _ambiguous(role: str, name: str, table: Table, columns: tuple[str, ...], part: Part) -> Finding:
    place = f"{table.name}.{' / '.join(columns)}"
    msg = f"{' and '.join(columns)} of {table.name} could each be its {name}: agentctl does not guess."
    lines = "\n".join(f'  {name} = "{column}"' for column in columns)
    hint = f"Put one of these lines into [profiles.NAME.schema.{role}]:\n{lines}"
    severity = Severity.ERROR if part.required else Severity.WARNING
    return Finding("role-ambiguous", severity, place, msg, hint)


def _missing(role: str, name: str, table: Table, settings: RoleSettings) -> Finding:
    part = ROLES[role].parts[name]
    near = next(
        (c for c in table.columns if rank(c.name, part.names) is not None and not _can_play(c, part)), None
    )
    if near is not None and name not in settings.columns:
        msg = (
            f"{table.name}.{near.name} is of type {near.type}: as the {name} of the {role} it cannot be used."
        )
        if name in {"balance", "amount", "price"}:
            msg += " It holds no exact amounts."
        return Finding(
            "type-inexact", Severity.ERROR, f"{table.name}.{near.name}", msg, f"It needs {_types(part)}."
        )
    wanted = settings.columns.get(name) or part.names[0][0]
    msg = f"{table.name} has no column {wanted}, which agentctl cannot do without."
    hint = f'If another column is the {name}, put it into [profiles.NAME.schema.{role}]: {name} = "COLUMN"'
    return Finding("column-missing", Severity.ERROR, f"{table.name}.{wanted}", msg, hint)


def _types(part: Part) -> str:
    return ", ".join(sorted(part.types))


def _unknown_columns(role: str, table: Table, settings: RoleSettings) -> Iterator[Finding]:
    """Look for columns that the configuration names and the table does not have."""
    for name, column in {**settings.columns, **{c: c for c in settings.constant}}.items():
        required = name in ROLES[role].parts and ROLES[role].parts[name].required
        if column and table.column(column) is None and not required:
            place = f"{table.name}.{column}"
            msg = f"[schema.{role}] names the column {column}, which {table.name} does not have."
            yield Finding("column-missing", Severity.ERROR, place, msg, "Correct the configuration.")
