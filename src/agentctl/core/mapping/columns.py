"""Finds which column of a table plays which part, by configuration, foreign key, name and type.

It looks at one table at a time. It never chooses between two columns that fit equally well: those are a
finding, with the lines that settle it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import column_missing, role_ambiguous, type_inexact
from agentctl.core.mapping.column_clues import SHAPES, find_decisive_column, weigh_words
from agentctl.core.mapping.column_search import Search, find_last_name, find_no_money, search_columns
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.mapping.vocabulary import ROLES, Part, can_play, list_best, rank

_ASKED_FOR = frozenset({"price", "active"})
"""Parts that a table may do without, but that are asked for where a column could play them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that was chosen for a part.

    Attributes:
        why: the evidence, in a few words.
        others: the columns that fit less well.

    """

    column: str
    why: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns chosen for a table's parts, and findings about the parts without one."""

    choices: Mapping[str, Choice]
    findings: tuple[Finding, ...]


def find_columns(
    role: str,
    table: Table,
    settings: RoleSettings,
    *,
    tables: Mapping[str, Table | None],
    proved: Mapping[str, str] = MappingProxyType({}),
) -> Columns:
    """Choose a column for each part of a role, where the table has one.

    Args:
        role: the role of the table.
        table: the table.
        settings: the configuration of the role.
        tables: the tables of the roles that are known already; foreign keys to them are evidence.
        proved: part -> the column that the database's functions show to play it.

    """
    choices, ties = _choose_usual(role, table, settings, tables)
    missing = [name for name in ROLES[role].parts if name not in {*choices, *ties, *settings.columns}]
    used = {choice.column for choice in choices.values()}
    targets = {name: tables.get(ROLES[role].parts[name].refers_to or "") for name in missing}
    searched = search_columns(
        Search(role, table, missing, used, proved, targets, find_no_money(role, tables))
    )
    choices |= {name: Choice(fit.column, fit.why) for name, fit in searched.fits.items()}
    ties |= searched.ties
    if role == "agents" and "name" in missing and not {"name"} & {*choices, *ties}:
        taken = {choice.column for choice in choices.values()}
        last = find_last_name(table, taken)
        choices |= {"name": Choice(last, "the only text that is left and NOT NULL")} if last else {}
    named = {*choices, *ties, *settings.columns, *searched.doubts}
    findings = [
        *_explain_gaps(role, table, settings, choices, ties),
        *(_explain_ambiguity(role, part, table, names) for part, names in searched.doubts.items()),
        *([_explain_no_price(table)] if role == "agents" and is_priceless(table, named) else ()),
        *_find_unknown_columns(role, table, settings),
    ]
    return Columns(choices, tuple(findings))


def _choose_usual(
    role: str, table: Table, settings: RoleSettings, tables: Mapping[str, Table | None]
) -> tuple[dict[str, Choice], dict[str, tuple[str, ...]]]:
    """Return the columns that the configuration, keys or usual names decide, and those that tie."""
    choices: dict[str, Choice] = {}
    ties: dict[str, tuple[str, ...]] = {}
    # Parts that refer to another table come first, so that no other part takes their column.
    for name, part in sorted(ROLES[role].parts.items(), key=lambda item: item[1].refers_to is None):
        taken = frozenset(choice.column for choice in choices.values())
        linked = _list_linked_columns(part, table, tables)
        decisive = find_decisive_column(role, name, table)
        outcome = _choose_column(_SoughtPart(name, part, table, taken, linked, decisive), settings)
        if isinstance(outcome, Choice):
            choices[name] = outcome
        elif outcome is not None:
            ties[name] = outcome
    return choices, ties


def _explain_gaps(
    role: str,
    table: Table,
    settings: RoleSettings,
    choices: Mapping[str, Choice],
    ties: Mapping[str, tuple[str, ...]],
) -> Iterator[Finding]:
    """Yield a finding for each part that columns tie for, and for each that is needed and missing."""
    for name, part in ROLES[role].parts.items():
        if name in ties:
            is_asked = part.required or name == "active"
            yield _explain_ambiguity(role, name, table, ties[name], is_asked=is_asked)
        elif part.required and name not in choices:
            yield _explain_missing(role, name, table, settings)


@dataclass(frozen=True, slots=True)
class _SoughtPart:
    """A part that needs a column.

    Attributes:
        taken: the columns that play another part already.
        linked: the columns with a foreign key to the table that the part refers to.
        decisive: the only column whose words are those of the part.

    """

    name: str
    part: Part
    table: Table
    taken: frozenset[str]
    linked: tuple[str, ...]
    decisive: str | None

    def list_fitting(self) -> list[str]:
        """Return the columns that fit by name and type."""
        return [
            column.name
            for column in self.table.columns
            if rank(column.name, self.part.names) is not None
            and can_play(column, self.part)
            and (column.name not in self.taken or self.name == "created_at")
            and (not self.linked or column.name in self.linked)
        ]


_Outcome = Choice | tuple[str, ...] | None
"""A choice, or columns that fit equally well, or None."""


def _choose_column(sought: _SoughtPart, settings: RoleSettings) -> _Outcome:
    """Try each kind of evidence, the most certain first."""
    if sought.name in settings.columns:
        configured = settings.columns[sought.name]
        return Choice(configured, "configured") if sought.table.column(configured) else None
    return (
        _choose_by_key(sought)
        or _choose_by_name(sought)
        or _choose_by_default(sought)
        or _choose_own_name(sought)
        or sought.linked
        or None
    )


def _choose_by_key(sought: _SoughtPart) -> _Outcome:
    key = _find_primary_key(sought.table) if sought.name == "id" else None
    if key is not None and can_play(key, sought.part):
        return Choice(key.name, "its primary key")
    return Choice(sought.linked[0], "its foreign key") if len(sought.linked) == 1 else None


def _choose_by_name(sought: _SoughtPart) -> _Outcome:
    fitting = sought.list_fitting()
    first = list_best(fitting, sought.part.names)
    if not first or (len(first) > 1 and sought.name not in first):
        return first or None
    chosen = sought.name if sought.name in first else first[0]
    if rank(chosen, sought.part.names) and sought.decisive not in {None, *fitting, *sought.taken}:
        return None  # a lesser name, while another column has the words of the part
    if sought.name == "created_at" and _is_outdone_by_clock(sought.table, chosen):
        return None
    others = tuple(column for column in fitting if column != chosen)
    return Choice(chosen, "its foreign key and name" if sought.linked else "its name and type", others)


def _choose_by_default(sought: _SoughtPart) -> _Outcome:
    clock = _find_clock(sought.table, sought.part) if sought.name == "created_at" else None
    return Choice(clock, "its default") if clock is not None else None


def _choose_own_name(sought: _SoughtPart) -> _Outcome:
    """Choose an optional column of another type, because it has the name that migrate-full would use."""
    name = sought.name
    taken = name in sought.taken or sought.table.column(name) is None
    return Choice(name, "its name") if name in BY_NAME and not taken else None


def _find_clock(table: Table, part: Part) -> str | None:
    """Return the only column that PostgreSQL fills with the time of a row, or None."""
    filled = [
        column.name
        for column in table.columns
        if can_play(column, part) and re.search("now|current_timestamp", column.default or "", re.IGNORECASE)
    ]
    return filled[0] if len(filled) == 1 else None


def _is_outdone_by_clock(table: Table, chosen: str) -> bool:
    """Whether a column is named for the time when work began, and another is filled when a row is made."""
    if rank(chosen, ROLES["executions"].parts["started_at"].names) is None:
        return False
    filled = {column.name for column in table.columns if SHAPES["clock"].is_seen(table, column)}
    return chosen not in filled and any(
        weigh_words("executions", "created_at", split_name(name)) is not None for name in filled
    )


def _find_primary_key(table: Table) -> Column | None:
    """Return the column that is a table's primary key on its own, or None."""
    keys = (item.columns for item in table.constraints if item.kind == "primary key")
    return next((table.column(columns[0]) for columns in keys if len(columns) == 1), None)


def _list_linked_columns(part: Part, table: Table, tables: Mapping[str, Table | None]) -> tuple[str, ...]:
    """Return the columns with a foreign key to a part's table, or to what the rows of that extend."""
    target = tables.get(part.refers_to or "")
    if target is None:
        return ()
    keys = [item for item in table.constraints if item.kind == "foreign key" and len(item.columns) == 1]
    direct = tuple(key.columns[0] for key in keys if key.refers_to(target))
    extended = {
        (item.foreign_schema, item.foreign_table)
        for item in target.constraints
        if item.kind == "foreign key" and len(item.columns) == 1 and target.is_unique(item.columns[0])
    }
    return direct or tuple(
        key.columns[0] for key in keys if (key.foreign_schema, key.foreign_table) in extended
    )


def _explain_ambiguity(
    role: str, name: str, table: Table, columns: tuple[str, ...], *, is_asked: bool = False
) -> Finding:
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


def _explain_missing(role: str, name: str, table: Table, settings: RoleSettings) -> Finding:
    part = ROLES[role].parts[name]
    if name not in settings.columns and (inexact := find_wrong_type(role, name, table)):
        return inexact
    wanted = settings.columns.get(name) or part.names[0][0]
    return column_missing.CHECK.finding(
        f"{table.name}.{wanted}",
        f"{table.name} has no column {wanted}, which agentctl cannot do without.",
        f'If another column is the {name}, put it into [profiles.NAME.schema.{role}]: {name} = "COLUMN"',
    )


def is_priceless(table: Table, known: Collection[str]) -> bool:
    """Whether nothing of an agents' table could be the price."""
    return "price" not in known and find_wrong_type("agents", "price", table) is None


def _explain_no_price(table: Table) -> Finding:
    return column_missing.CHECK.finding(
        f"{table.name}.price",
        f"{table.name} has no column for the price of an agent.",
        hint='Name the column, [profiles.NAME.schema.agents] price = "COLUMN", or each agent\'s price: '
        '[profiles.NAME.agents."AGENT"] price = 10',
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


def _find_unknown_columns(role: str, table: Table, settings: RoleSettings) -> Iterator[Finding]:
    """Yield the columns that the configuration names and the table does not have."""
    for name, column in {**settings.columns, **{c: c for c in settings.constant}}.items():
        required = name in ROLES[role].parts and ROLES[role].parts[name].required
        if column and table.column(column) is None and not required:
            yield column_missing.CHECK.finding(
                f"{table.name}.{column}",
                f"[schema.{role}] names the column {column}, which {table.name} does not have.",
                "Correct the configuration.",
            )
