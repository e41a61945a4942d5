"""Finds which tables of a catalog play which role, and keeps the evidence.

A table is found by its name, by the columns that its role needs, and by the foreign keys between the roles.
Where two fit equally well it does not guess: that is a finding with the lines that settle it. It reads the
catalog only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import role_ambiguous, table_missing
from agentctl.core.mapping.columns import Choice, find_columns
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.mapping.vocabulary import ROLES, rank

_KINDS = frozenset({"table", "partitioned table", "view", "materialized view", "foreign table"})
# A ledger and a table of balances of its own are things that a marketplace may do without.
_NECESSARY = ("users", "agents", "executions")


@dataclass(frozen=True, slots=True)
class FoundRole:
    """A table that plays a role, why, and which of its columns plays which part."""

    table: Table
    why: str
    others: tuple[str, ...]
    parts: Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything that was found, and what was not: with an error among the findings it cannot be used."""

    roles: Mapping[str, FoundRole]
    findings: tuple[Finding, ...]


Preference = Callable[[Table], bool]


def discover(catalog: Catalog, settings: SchemaSettings) -> Discovery:
    """Find every role's table and columns."""
    search = _Search(catalog, settings)
    agents = search.table("agents", [search.is_named_by("executions")])
    executions = search.table("executions", [_refers_to(agents)], shaped=_is_execution_of(agents))
    users = search.table(
        "users", [_target_of(executions, agents), _has("users", "email"), _has("balances", "balance")]
    )
    if users is not None and not search.has_balance(users):
        search.table("balances", [_refers_to(users)])
    elif users is not None:
        search.look_for_rival_balances(users)
    search.table("ledger", [_refers_to(executions), _refers_to(users)])
    return search.done()


class _Search:
    """One search: what has been found so far is evidence for what comes next."""

    def __init__(self, catalog: Catalog, settings: SchemaSettings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._tables: dict[str, Table | None] = {}
        self._chosen: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._findings: list[Finding] = []

    def table(
        self, role: str, preferences: Sequence[Preference], *, shaped: Preference | None = None
    ) -> Table | None:
        """Choose the table of a role: the configured one, else the best of those that fit."""
        configured = self._settings.role(role).table
        if configured is not None:
            found = _named(self._catalog, configured)
            if found is None and configured:
                msg = f"There is no table {configured}, which [schema.{role}] names."
                self._findings.append(table_missing.CHECK.finding(configured, msg))
            return self._take(role, [found] if found else [], "configured")
        candidates = self._candidates(role)
        if not candidates and shaped is not None:
            candidates = [table for table in self._catalog.tables if table.kind in _KINDS and shaped(table)]
        if not candidates:
            self._lacks(role)
            return self._take(role, [], "")
        best = min(self._grade(role, table, preferences) for table in candidates)
        first = [table for table in candidates if self._grade(role, table, preferences) == best]
        if len(first) > 1 and not self._is_shadowing(first):
            self._ambiguous(role, first)
            return self._take(role, [], "")
        others = [table for table in candidates if table is not first[0]]
        return self._take(role, [first[0], *others], self._why(role, first[0], preferences))

    def _is_shadowing(self, tables: Sequence[Table]) -> bool:
        """Whether tables have one name, and the first is the one that the search path leads to."""
        path = self._settings.schemas or self._catalog.server.search_path
        return len({table.name for table in tables}) == 1 and tables[0].schema in path

    def has_balance(self, users: Table) -> bool:
        """Whether the users' table holds the balances, and no table of balances is configured."""
        if self._settings.role("balances").table:
            return False
        configured = self._settings.role("users").columns.get("balance")
        return bool(configured) or _has("balances", "balance")(users)

    def look_for_rival_balances(self, users: Table) -> None:
        """Complain where a table of balances stands beside a balance of the users', and nobody decides."""
        if "balance" in self._settings.role("users").columns:
            return
        rivals = [
            table
            for table in self._candidates("balances")
            if table is not users and _refers_to(users)(table) and _has("balances", "balance")(table)
        ]
        for rival in rivals:
            place = f"{users.name} / {rival.name}"
            msg = f"{users.name} and {rival.name} could each hold the balances: agentctl does not guess."
            hint = (
                'Put one of these into the profile: [profiles.NAME.schema.users] balance = "COLUMN"; or '
                f"[profiles.NAME.schema.balances] table = {toml_text(f'{rival.schema}.{rival.name}')}"
            )
            self._findings.append(role_ambiguous.CHECK.finding(place, msg, hint))

    def is_named_by(self, role: str) -> Preference:
        """Prefer what a table that is named like a role refers to."""
        referring = self._candidates(role)
        return lambda table: any(_refers_to(table)(other) for other in referring)

    def done(self) -> Discovery:
        """Choose the columns of every table, now that foreign keys can be followed."""
        roles: dict[str, FoundRole] = {}
        for role, table in self._tables.items():
            if table is None:
                continue
            found = find_columns(role, table, self._settings.role(role), tables=self._tables)
            why, others = self._chosen[role]
            roles[role] = FoundRole(table, why, others, found.choices)
            self._findings += found.findings
        return Discovery(roles, tuple(self._findings))

    def _candidates(self, role: str) -> list[Table]:
        return [
            table
            for table in self._catalog.tables
            if table.kind in _KINDS and rank(table.name, ROLES[role].names) is not None
        ]

    def _grade(self, role: str, table: Table, preferences: Sequence[Preference]) -> tuple[object, ...]:
        """Return what tables are compared by; less is better."""
        parts = ROLES[role].parts
        lacking = sum(part.required and not _has(role, name)(table) for name, part in parts.items())
        return (
            lacking,
            *(not liked(table) for liked in preferences),
            rank(table.name, ROLES[role].names) or 0,
        )

    def _why(self, role: str, table: Table, preferences: Sequence[Preference]) -> str:
        by_name = rank(table.name, ROLES[role].names) is not None
        linked = any(liked(table) for liked in preferences)
        return (
            " and ".join(["its name"] * by_name + ["its foreign keys and columns"] * linked) or "its columns"
        )

    def _take(self, role: str, tables: Sequence[Table], why: str) -> Table | None:
        self._tables[role] = tables[0] if tables else None
        self._chosen[role] = (why, tuple(f"{table.schema}.{table.name}" for table in tables[1:]))
        return self._tables[role]

    def _lacks(self, role: str) -> None:
        if role not in _NECESSARY and role != "ledger":
            return
        name = f"{ROLES[role].names[0][0]}s"
        path = ", ".join(self._settings.schemas or self._catalog.server.search_path) or "nothing"
        msg = (
            f"There is no table {name}, nor any other table for the {role}, in the schemas that were "
            f"searched: {path}."
        )
        hint = (
            f'Name it in [profiles.NAME.schema.{role}]: table = "SCHEMA.TABLE"; or check that '
            "the database, the role and the search_path are the right ones."
        )
        self._findings.append(table_missing.CHECK.finding(name, msg, hint, is_special=role == "ledger"))

    def _ambiguous(self, role: str, tables: Sequence[Table]) -> None:
        names = [f"{table.schema}.{table.name}" for table in tables]
        msg = f"{' and '.join(names)} could each be the table of the {role}: agentctl does not guess."
        lines = "\n".join(f"  table = {toml_text(name)}" for name in names)
        hint = f"Put one of these lines into [profiles.NAME.schema.{role}]:\n{lines}"
        self._findings.append(role_ambiguous.CHECK.finding(" / ".join(names), msg, hint))


def _named(catalog: Catalog, name: str) -> Table | None:
    """Find a table by schema and name, or by its name, which may have dots of its own."""
    full = (table for table in catalog.tables if f"{table.schema}.{table.name}" == name)
    return next(full, None) or catalog.table(name)


def _refers_to(target: Table | None) -> Preference:
    def refers(table: Table) -> bool:
        return target is not None and any(
            (key.foreign_schema, key.foreign_table) == (target.schema, target.name)
            for key in table.constraints
            if key.kind == "foreign key"
        )

    return refers


def _target_of(referring: Table | None, but: Table | None) -> Preference:
    """Prefer what a table refers to, but for one that has another role."""
    return lambda table: table is not but and referring is not None and _refers_to(table)(referring)


def _has(role: str, part: str) -> Preference:
    wanted = ROLES[role].parts[part]

    def has(table: Table) -> bool:
        return any(
            rank(column.name, wanted.names) is not None
            and (not wanted.types or column.base_type in wanted.types)
            for column in table.columns
        )

    return has


def _is_execution_of(agents: Table | None) -> Preference:
    """Recognize an execution by its shape alone: it belongs to an agent, and has a status."""
    return lambda table: _refers_to(agents)(table) and _has("executions", "status")(table)
