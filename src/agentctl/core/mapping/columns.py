"""Finds which column of a table plays which part, by configuration, foreign key, name and type.

It looks at one table at a time. It never chooses between two columns that fit equally well: those are a
finding, with the lines that settle it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from agentctl.core.catalog.introspection import Table
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.accounts import OF_ACCOUNTS, find_reference
from agentctl.core.mapping.column_facts import (
    find_clock,
    find_decisive_column,
    find_primary_key,
    is_outdone_by_clock,
    list_linked_columns,
    may_explain,
)
from agentctl.core.mapping.column_findings import (
    explain_ambiguity,
    explain_flag,
    explain_lone_side,
    explain_missing,
    explain_no_price,
    find_unknown_columns,
    is_priceless,
)
from agentctl.core.mapping.column_search import Search, find_no_money, search_columns
from agentctl.core.mapping.leftovers import find_leftovers
from agentctl.core.mapping.list_keys import find_listed_part
from agentctl.core.mapping.optional_columns import BY_NAME
from agentctl.core.mapping.settings import RoleSettings
from agentctl.core.mapping.sides import SIDES, list_pairs
from agentctl.core.mapping.state_dates import list_state_dates
from agentctl.core.mapping.vocabulary import ROLES, WHOLE, Part, can_play, list_best, rank


class Choice(Struct, frozen=True):
    """A column that was chosen for a part.

    Attributes:
        why: the evidence, in a few words.
        others: the columns that fit less well.
        read_as: the type of the key that it refers to, where its own is another.
        account: the column of the balances that it refers to, where it does not name the user itself.

    """

    column: str
    why: str
    others: tuple[str, ...] = ()
    read_as: str | None = None
    account: str | None = None


class Columns(Struct, frozen=True):
    """The columns chosen for a table's parts, and findings about the parts without one.

    Attributes:
        obstacles: findings that keep from writing, and not from reading.

    """

    choices: Mapping[str, Choice]
    findings: tuple[Finding, ...]
    obstacles: tuple[Finding, ...] = ()


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
    used = _list_taken(table, choices)
    targets = {name: tables.get(ROLES[role].parts[name].refers_to or "") for name in missing}
    searched = search_columns(
        Search(role, table, missing, used, proved, targets, find_no_money(role, tables))
    )
    choices |= {name: Choice(fit.column, fit.why) for name, fit in searched.fits.items()}
    ties |= searched.ties
    if role in OF_ACCOUNTS and not {"user"} & {*choices, *ties, *settings.columns}:
        reference = find_reference(table, tables.get("balances"))
        choices |= {"user": Choice(reference[0], "the account that it refers to")} if reference else {}
    part, listed = find_listed_part(role, table, {name: choice.column for name, choice in choices.items()})
    if listed is not None and part not in settings.columns:
        choices |= {part: Choice(listed, "its key leads to a list of them")}
        ties.pop(part, None)
    doubts = _take_leftovers(role, table, missing, choices, ties, searched.doubts)
    _take_numbered_state(role, table, choices, {*ties, *settings.columns})
    _leave_out_net_amount(table, choices)
    _take_flag_for_status(table, choices)
    named = {*choices, *ties, *settings.columns, *doubts}
    findings = [
        *_explain_gaps(role, table, settings, choices, ties),
        *(explain_ambiguity(role, part, table, names) for part, names in doubts.items()),
        *(
            [explain_no_price(table, _list_taken(table, choices))]
            if role == "agents" and is_priceless(table, named)
            else ()
        ),
        *find_unknown_columns(role, table, settings),
    ]
    return Columns(choices, tuple(findings), tuple(_list_obstacles(role, table, choices, ties)))


def _choose_usual(
    role: str, table: Table, settings: RoleSettings, tables: Mapping[str, Table | None]
) -> tuple[dict[str, Choice], dict[str, tuple[str, ...]]]:
    """Return the columns that the configuration, keys or usual names decide, and those that tie."""
    choices, ties = _choose_sides(role, table, settings)
    # Parts that refer to another table come first, so that no other part takes their column.
    for name, part in sorted(ROLES[role].parts.items(), key=lambda item: item[1].refers_to is None):
        if name in {*choices, *ties}:
            continue
        taken = _list_taken(table, choices)
        linked = list_linked_columns(part, table, tables)
        decisive = find_decisive_column(role, name, table)
        outcome = _choose_column(_SoughtPart(name, part, table, taken, linked, decisive), settings)
        if isinstance(outcome, Choice):
            choices[name] = outcome
        elif outcome is not None:
            ties[name] = outcome
    return choices, ties


def _take_leftovers(
    role: str,
    table: Table,
    missing: Sequence[str],
    choices: dict[str, Choice],
    ties: dict[str, tuple[str, ...]],
    doubts: Mapping[str, tuple[str, ...]],
) -> Mapping[str, tuple[str, ...]]:
    """Choose what is left for the missing parts, and return the doubts that remain."""
    is_told = "state" in choices or any(list_state_dates(table, taken=()))
    if role == "agents" and is_told and "active" not in ties:
        missing = [part for part in missing if part != "active"]
    replaced = {"amount"} if {*SIDES} & {*choices} else set()
    rivals = {*ties} - {"active"}  # one that is asked about may be the only one
    missing = [part for part in missing if part not in {*choices, *replaced, *rivals}]
    left = find_leftovers(role, table, missing, _list_taken(table, choices))
    for part, (column, why) in left.items():
        choices[part] = Choice(column, why)
        ties.pop(part, None)
    return {part: names for part, names in doubts.items() if part not in left}


def _take_numbered_state(role: str, table: Table, choices: dict[str, Choice], told: Collection[str]) -> None:
    """Take a number called a state, where no flag says what is for sale: none runs until one is told."""
    if role != "agents" or {"state", "active"} & {*choices, *told}:
        return
    states = ROLES["executions"].parts["status"].names
    names = [
        column.name
        for column in table.columns
        if column.base_type in WHOLE and rank(column.name, states) is not None
    ]
    if len(names) == 1 and names[0] not in _list_taken(table, choices):
        choices["state"] = Choice(names[0], "a number that is called a state")


def _choose_sides(
    role: str, table: Table, settings: RoleSettings
) -> tuple[dict[str, Choice], dict[str, tuple[str, ...]]]:
    """Return the columns for debit and credit where a ledger has one for each, or those that tie."""
    named = settings.columns
    if role != "ledger" or named.keys() & {*SIDES}:
        configured = {part: named[part] for part in SIDES if table.column(named.get(part, ""))}
        return {part: Choice(column, "configured") for part, column in configured.items()}, {}
    pairs = [pair for pair in list_pairs(table) if named.get("amount") not in pair]
    if len(pairs) != 1:
        return {}, {part: tuple(pair[side] for pair in pairs) for side, part in enumerate(SIDES) if pairs}
    named_sides = zip(SIDES, pairs[0], strict=True)
    return {part: Choice(name, "its name, beside its counterpart") for part, name in named_sides}, {}


def _list_taken(table: Table, choices: Mapping[str, Choice]) -> frozenset[str]:
    """Return the columns that play a part; where debit and credit do, no other such pair is an amount."""
    pairs = list_pairs(table) if {*SIDES} <= {*choices} else ()
    return frozenset(
        (*(choice.column for choice in choices.values()), *(name for pair in pairs for name in pair))
    )


def _list_obstacles(
    role: str, table: Table, choices: Mapping[str, Choice], ties: Mapping[str, tuple[str, ...]]
) -> Iterator[Finding]:
    """Yield what keeps from running agents, while everything can be read."""
    if "active" in ties:
        yield explain_ambiguity(role, "active", table, ties["active"], is_asked=True)
    if "succeeded" in choices and "status" not in choices:
        yield explain_flag(table, choices["succeeded"].column)


def _is_replaced(part: str, choices: Mapping[str, Choice]) -> bool:
    """Whether other columns can be read in the place of a missing part."""
    return (part == "amount" and {*SIDES} <= {*choices}) or (part == "status" and "succeeded" in choices)


def _take_flag_for_status(table: Table, choices: dict[str, Choice]) -> None:
    """Take a boolean for what it is, whoever calls it a status: it can hold no word."""
    column = table.column(choices["status"].column) if "status" in choices else None
    if column is not None and column.base_type == "boolean":
        choices["succeeded"] = choices.pop("status")


def _leave_out_net_amount(table: Table, choices: dict[str, Choice]) -> None:
    """Leave out an amount that the database computes where two columns, debit and credit, are written."""
    column = table.column(choices["amount"].column) if "amount" in choices else None
    if {*SIDES} <= {*choices} and column is not None and column.generated:
        del choices["amount"]


def _explain_gaps(
    role: str,
    table: Table,
    settings: RoleSettings,
    choices: Mapping[str, Choice],
    ties: Mapping[str, tuple[str, ...]],
) -> Iterator[Finding]:
    """Yield a finding for each part that columns tie for, and for each that is needed and missing."""
    for name, part in ROLES[role].parts.items():
        if name in ties and name != "active":
            is_asked = part.required or name in SIDES
            yield explain_ambiguity(role, name, table, ties[name], is_asked=is_asked)
        elif part.required and name not in {*choices, *ties} and not _is_replaced(name, choices):
            yield explain_missing(role, name, table, settings)
    if len(lone := [name for name in SIDES if name in choices]) == 1:
        yield explain_lone_side(role, lone[0], table)


class _SoughtPart(Struct, frozen=True):
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
            and (self.name != "status" or column.base_type != "boolean")
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
    key = find_primary_key(sought.table) if sought.name == "id" else None
    if key is not None and can_play(key, sought.part):
        return Choice(key.name, "its primary key")
    return Choice(sought.linked[0], "its foreign key") if len(sought.linked) == 1 else None


def _choose_by_name(sought: _SoughtPart) -> _Outcome:
    fitting = sought.list_fitting()
    first = list_best(fitting, sought.part.names)
    shown = next((name for name in (sought.name, sought.decisive) if name in first), None)
    if not first or (len(first) > 1 and shown is None):
        return first or None
    chosen = shown or first[0]
    if rank(chosen, sought.part.names) and sought.decisive not in {None, *fitting, *sought.taken}:
        return None  # a lesser name, while another column has the words of the part
    if sought.name == "kind" and chosen != sought.decisive and may_explain(sought.table, chosen):
        return None
    if sought.name == "created_at" and is_outdone_by_clock(sought.table, chosen):
        return None
    others = tuple(column for column in fitting if column != chosen)
    return Choice(chosen, "its foreign key and name" if sought.linked else "its name and type", others)


def _choose_by_default(sought: _SoughtPart) -> _Outcome:
    clock = find_clock(sought.table, sought.part) if sought.name == "created_at" else None
    return Choice(clock, "its default") if clock is not None else None


def _choose_own_name(sought: _SoughtPart) -> _Outcome:
    """Choose an optional column of another type, because it has the name that migrate-full would use."""
    name = sought.name
    taken = name in sought.taken or sought.table.column(name) is None
    return Choice(name, "its name") if name in BY_NAME and not taken else None
