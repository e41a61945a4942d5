"""Finds the dates that say whether an agent is for sale: from when on it is, and from when on it is not.

A column is one by a single word beside what says that it is a time: `published_at`, `archivedOn`. Nothing but
its table's name may stand there too, since `last_published_at` says nothing of today.
"""

from collections.abc import Iterable, Iterator

from psycopg import sql

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.database.quoting import compose
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping.checks import column_missing
from agentctl.core.mapping.column_search import list_table_words
from agentctl.core.mapping.instants import read_latest
from agentctl.core.mapping.name_words import split_name
from agentctl.core.mapping.settings import RoleSettings, Zone
from agentctl.core.mapping.table_role import StateDates

DATES = frozenset({"timestamp with time zone", "timestamp without time zone", "date"})
_FROM = frozenset({"published", "released", "launched", "activated", "enabled", "live"})
_UNTIL = frozenset(
    {"deleted", "archived", "disabled", "suspended", "deactivated", "retired", "unpublished", "removed"}
    | {
        "discontinued",
        "banned",
        "blocked",
        "hidden",
        "withdrawn",
        "trashed",
        "paused",
        "delisted",
        "unlisted",
    }
    | {"deprecated", "rejected"}
)
_TIMES = frozenset({"at", "on", "date", "time", "since"})


def find_state_dates(agents: Table, settings: RoleSettings, *, taken: Iterable[str]) -> StateDates:
    """Return the dates of an agents' table: those of the configuration, or else those that names tell.

    Args:
        agents: the table.
        settings: of the role.
        taken: columns that are judged already.

    """
    found = StateDates(*list_state_dates(agents, taken=taken))
    return StateDates(
        _list_named(agents, settings.active_from, found.active_from),
        _list_named(agents, settings.inactive_from, found.inactive_from),
    )


def list_state_dates(agents: Table, *, taken: Iterable[str]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Return the dates from when on an agent is for sale, and from when on it is not, by their names."""
    others = [
        column for column in agents.columns if column.base_type in DATES and column.name not in {*taken}
    ]
    own = frozenset(list_table_words(agents))
    return (
        tuple(column for column in others if _says(column.name, _FROM, own)),
        tuple(column for column in others if _says(column.name, _UNTIL, own)),
    )


def _says(name: str, words: frozenset[str], own: frozenset[str]) -> bool:
    rest = [word for word in split_name(name) if word not in _TIMES | own]
    return len(rest) == 1 and rest[0] in words


def _list_named(
    agents: Table, names: tuple[str, ...] | None, found: tuple[Column, ...]
) -> tuple[Column, ...]:
    if names is None:
        return found
    return tuple(column for name in names if (column := agents.column(name)) is not None)


def find_unknown_dates(agents: Table, settings: RoleSettings) -> Iterator[Finding]:
    """Yield the columns that the configuration names and that are no dates of the table."""
    for name in (*(settings.active_from or ()), *(settings.inactive_from or ())):
        column = agents.column(name)
        if column is None or column.base_type not in DATES:
            yield column_missing.CHECK.finding(
                f"{agents.name}.{name}",
                f"[schema.agents] names the date {name}, which {agents.name} does not have.",
                "Correct the configuration.",
            )


def compose_withheld(dates: StateDates, zone: Zone) -> sql.Composable:
    """Return the name of the date because of which an agent is not active; NULL where there is none.

    A date that this role may not read could be any: it withholds every agent.
    """
    cases = [
        compose("WHEN {} THEN {}", condition, sql.Literal(column.name))
        for column, condition in _list_conditions(dates, zone)
    ]
    return compose("(CASE {} END)", sql.SQL(" ").join(cases)) if cases else sql.SQL("NULL::text")


def _list_conditions(dates: StateDates, zone: Zone) -> Iterator[tuple[Column, sql.Composable]]:
    for column in dates.inactive_from:
        is_set = compose("{} IS NOT NULL", sql.Identifier(column.name))
        yield column, is_set if column.readable else sql.SQL("true")
    for column in dates.active_from:
        latest = read_latest(column.base_type, sql.Identifier(column.name), zone)
        is_ahead = compose("(({} <= (now() AT TIME ZONE 'UTC')) IS NOT TRUE)", latest)
        yield column, is_ahead if column.readable else sql.SQL("true")
