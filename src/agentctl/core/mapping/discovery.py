"""Finds which tables of a catalog play which role, and keeps the evidence.

A table is recognised by its name, by the columns that its role needs, and by the foreign keys between the
roles. If two fit equally well, it does not guess: that is a finding with the lines that settle it. It knows
nothing but the catalog.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.findings.finding import Finding
from agentctl.core.hint_text import toml_text
from agentctl.core.mapping.checks import role_ambiguous, table_missing
from agentctl.core.mapping.columns import Choice, find_columns
from agentctl.core.mapping.function_body import prove_columns
from agentctl.core.mapping.settings import SchemaSettings
from agentctl.core.mapping.sides import list_pairs
from agentctl.core.mapping.table_links import KINDS
from agentctl.core.mapping.table_preferences import (
    Preference,
    has_part,
    is_execution_of,
    is_target_of,
    refers_to,
)
from agentctl.core.mapping.table_search import (
    Candidate,
    TableSearch,
    find_named,
    list_best_tables,
    list_rival_trios,
)
from agentctl.core.mapping.transfers import explain_transfer, find_transfer
from agentctl.core.mapping.vocabulary import ROLES, rank

# A marketplace may have no ledger, and no separate table of balances.
_NECESSARY = ("users", "agents", "executions")


class FoundRole(Struct, frozen=True):
    """A table that plays a role, the evidence, the tables that fit less well, and the column of each part."""

    table: Table
    why: str
    others: tuple[str, ...]
    parts: Mapping[str, Choice]


class Discovery(Struct, frozen=True):
    """The roles that were found, and the findings: errors forbid all use, unwritable roles only writing."""

    roles: Mapping[str, FoundRole]
    findings: tuple[Finding, ...]
    unwritable: tuple[tuple[str, Finding], ...] = ()


def discover(catalog: Catalog, settings: SchemaSettings) -> Discovery:
    """Find the table and the columns of every role: by usual names, or else by structure."""
    configured = {
        role: table
        for role in _NECESSARY
        if (name := settings.role(role).table) and (table := find_named(catalog, name)) is not None
    }
    structure = TableSearch(catalog, configured)
    by_name = _discover(catalog, settings, structure, {})
    if is_coherent(by_name.roles, structure):
        return by_name
    trios = structure.find_trios()
    if not trios:
        return by_name
    rivals = list_rival_trios(trios)
    shaped = {
        role: list({trio.table(role).full_name: getattr(trio, role) for trio in rivals}.values())
        for role in _NECESSARY
    }
    return _discover(catalog, settings, structure, shaped)


def is_coherent(roles: Mapping[str, FoundRole], structure: TableSearch) -> bool:
    """Whether there are users, agents and executions, and the executions refer to both of the others."""
    if not set(_NECESSARY) <= roles.keys():
        return False
    return structure.links.are_tied({role: found_role.table for role, found_role in roles.items()})


def _discover(
    catalog: Catalog,
    settings: SchemaSettings,
    structure: TableSearch,
    shaped: Mapping[str, Sequence[Candidate]],
) -> Discovery:
    """Find every role by its usual names; `shaped` are tables that structure has found instead."""
    search = _Search(catalog, settings, structure, shaped)
    agents = search.table("agents", [search.is_named_by("executions")])
    executions = search.table("executions", [refers_to(agents)], shaped=is_execution_of(agents))
    users = search.table(
        "users",
        [is_target_of(executions, agents), has_part("users", "email"), has_part("balances", "balance")],
    )
    users = search.require_users(users, executions)
    if users is not None:
        search.find_balances(users)
    search.find_ledger(users, executions)
    return search.done()


class _Search:
    """One search, in which the tables found so far are evidence for the next ones."""

    def __init__(
        self,
        catalog: Catalog,
        settings: SchemaSettings,
        structure: TableSearch,
        shaped: Mapping[str, Sequence[Candidate]],
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._structure = structure
        self._shaped = dict(shaped)
        self._tables: dict[str, Table | None] = {}
        self._chosen: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._findings: list[Finding] = []
        self._unwritable: list[tuple[str, Finding]] = []

    def table(
        self, role: str, preferences: Sequence[Preference], *, shaped: Preference | None = None
    ) -> Table | None:
        """Choose the table of a role: the configured one, or else the best of those that fit."""
        configured = self._settings.role(role).table
        if configured is not None:
            chosen = find_named(self._catalog, configured)
            if chosen is None and configured:
                self._findings.append(
                    table_missing.CHECK.finding(
                        configured, f"There is no table {configured}, which [schema.{role}] names."
                    )
                )
            return self._take_tables(role, [chosen] if chosen else [], "configured")
        if role in self._shaped:
            return self._take_shaped(role, self._shaped[role])
        candidates = self._list_candidates(role)
        if not candidates and shaped is not None:
            candidates = [table for table in self._catalog.tables if table.kind in KINDS and shaped(table)]
        if not candidates:
            self._report_missing(role)
            return self._take_tables(role, [], "")
        best = min(self._grade_table(role, table, preferences) for table in candidates)
        first = [table for table in candidates if self._grade_table(role, table, preferences) == best]
        if len(first) > 1 and not self._is_shadowing(first):
            self._report_ambiguity(role, first)
            return self._take_tables(role, [], "")
        others = [table for table in candidates if table is not first[0]]
        return self._take_tables(role, [first[0], *others], self._explain_choice(role, first[0], preferences))

    def _is_shadowing(self, tables: Sequence[Table]) -> bool:
        """Whether the tables have one name, and the search path leads to the first."""
        path = self._settings.schemas or self._catalog.server.search_path
        return len({table.name for table in tables}) == 1 and tables[0].schema in path

    def _take_shaped(self, role: str, candidates: Sequence[Candidate]) -> Table | None:
        """Take the only table that structure has found, or report those that it has found."""
        if len(candidates) > 1:
            self._report_ambiguity(role, [candidate.table for candidate in candidates])
            return self._take_tables(role, [], "")
        return self._take_tables(role, [candidates[0].table], candidates[0].why)

    def require_users(self, users: Table | None, executions: Table | None) -> Table | None:
        """Take no accounts for their owners, nor users for a usual name where no executions refer to them."""
        if users is None or self._settings.role("users").table:
            return users
        if executions is not None:
            holders = self._structure.list_holders(users) or [users]
            return users if users in holders else self._take_tables("users", holders, "whose accounts pay")
        fits = self._structure.fits
        if "email" in fits("users", users) or "balance" in fits("balances", users):
            return users
        self._report_missing("users")
        return self._take_tables("users", [], "")

    def find_balances(self, users: Table) -> None:
        """Choose the table of the balances, where it is not the users'."""
        if self.has_balance(users):
            self.look_for_rival_balances(users)
            return
        named = self._list_candidates("balances")
        if not self._settings.role("balances").table and not any(map(refers_to(users), named)):
            own = self._structure.fits("balances", users).get("balance")
            others = list_best_tables(self._structure.find_balances(users))
            if own is not None and others:
                self._report_rival_balances(users, others[0].table)
            if own is not None:
                return
            if others:
                self._shaped["balances"] = others
        self.table("balances", [refers_to(users)])

    def find_ledger(self, users: Table | None, executions: Table | None) -> None:
        """Choose the ledger: by its usual name, unless only another table is tied to users or executions."""
        if users is not None and self._settings.role("ledger").table is None:
            named = [table for table in self._list_candidates("ledger") if self._is_tied(table, users)]
            if executions is None or not any(self._is_tied(table, executions) for table in named):
                self._look_for_better_ledger(users, executions, named)
        self.table("ledger", [refers_to(executions), refers_to(users)])

    def _look_for_better_ledger(self, users: Table, executions: Table | None, named: Sequence[Table]) -> None:
        """Prefer a table that is tied to the executions to those that only have a usual name."""
        if named and not any(
            executions and self._is_tied(table, executions) for table in self._catalog.tables
        ):
            return
        taken = [table for table in self._tables.values() if table is not None]
        accounts = self._tables.get("balances")
        best = list_best_tables(self._structure.find_ledgers(users, executions, taken, accounts))
        if best and best[0].table not in named:
            is_tied = executions is not None and self._is_tied(best[0].table, executions)
            if is_tied or not named:
                self._shaped["ledger"] = best

    def _is_tied(self, table: Table, target: Table) -> bool:
        accounts = self._tables.get("balances") if target is self._tables.get("users") else None
        return self._structure.links.refers_to_users(table, target, accounts)

    def has_balance(self, users: Table) -> bool:
        """Whether the users' table holds the balances, and no table of balances is configured."""
        if self._settings.role("balances").table:
            return False
        configured = self._settings.role("users").columns.get("balance")
        return bool(configured) or has_part("balances", "balance")(users)

    def look_for_rival_balances(self, users: Table) -> None:
        """Report tables of balances beside a users' table with balances, unless the configuration decides."""
        if "balance" in self._settings.role("users").columns:
            return
        rivals = [
            table
            for table in self._list_candidates("balances")
            if table is not users and refers_to(users)(table) and has_part("balances", "balance")(table)
        ]
        if not prove_columns(self._catalog, "balances", users):
            lowered = [item.table for item in self._structure.find_balances(users) if "function" in item.why]
            rivals += [table for table in lowered if table not in rivals]
        for rival in rivals:
            self._report_rival_balances(users, rival)

    def _report_rival_balances(self, users: Table, rival: Table) -> None:
        other = toml_text(rival.full_name)
        self._findings.append(
            role_ambiguous.CHECK.finding(
                f"{users.name} / {rival.name}",
                f"{users.name} and {rival.name} could each hold the balances: agentctl does not guess.",
                hint="Put one of these into the profile: "
                '[profiles.NAME.schema.users] balance = "COLUMN"; '
                f"or [profiles.NAME.schema.balances] table = {other}",
            )
        )

    def is_named_by(self, role: str) -> Preference:
        """Prefer a table that is referred to by a table with the name of a role."""
        referring = self._list_candidates(role)
        return lambda table: any(refers_to(table)(other) for other in referring)

    def done(self) -> Discovery:
        """Choose the columns of every table, now that foreign keys can be followed."""
        roles: dict[str, FoundRole] = {}
        for role, table in self._tables.items():
            if table is None or (role == "ledger" and self._is_of_transfers(table)):
                continue
            columns = find_columns(
                role,
                table,
                self._settings.role(role),
                tables=self._tables,
                proved=prove_columns(self._catalog, role, table),
            )
            why, others = self._chosen[role]
            roles[role] = FoundRole(table, why, others, columns.choices)
            self._findings += columns.findings
            self._unwritable += ((role, finding) for finding in columns.obstacles)
        return Discovery(roles, tuple(self._findings), tuple(self._unwritable))

    def _is_of_transfers(self, ledger: Table) -> bool:
        pair = find_transfer(ledger, self._settings.role("ledger").columns)
        self._unwritable += [("ledger", explain_transfer(ledger, pair))] if pair else []
        return pair is not None

    def _list_candidates(self, role: str) -> list[Table]:
        return [
            table
            for table in self._catalog.tables
            if table.kind in KINDS and rank(table.name, ROLES[role].names) is not None
        ]

    def _grade_table(self, role: str, table: Table, preferences: Sequence[Preference]) -> tuple[object, ...]:
        """Return the value by which tables are compared; less is better."""
        parts = ROLES[role].parts
        replaced = {"amount"} if list_pairs(table) else set()
        needed = {name for name, part in parts.items() if part.required} - replaced
        return (
            sum(not has_part(role, name)(table) for name in needed),
            *(not liked(table) for liked in preferences),
            rank(table.name, ROLES[role].names) or 0,
        )

    def _explain_choice(self, role: str, table: Table, preferences: Sequence[Preference]) -> str:
        by_name = rank(table.name, ROLES[role].names) is not None
        linked = any(liked(table) for liked in preferences)
        return (
            " and ".join(["its name"] * by_name + ["its foreign keys and columns"] * linked) or "its columns"
        )

    def _take_tables(self, role: str, tables: Sequence[Table], why: str) -> Table | None:
        self._tables[role] = tables[0] if tables else None
        self._chosen[role] = (why, tuple(table.full_name for table in tables[1:]))
        return self._tables[role]

    def _report_missing(self, role: str) -> None:
        if role not in _NECESSARY and role != "ledger":
            return
        name = f"{ROLES[role].names[0][0]}s"
        path = ", ".join(self._settings.schemas or self._catalog.server.search_path) or "nothing"
        self._findings.append(
            table_missing.CHECK.finding(
                name,
                f"There is no table {name}, nor any other table for the {role}, in the schemas that were "
                f"searched: {path}.",
                hint=f'Name it in [profiles.NAME.schema.{role}]: table = "SCHEMA.TABLE"; or check that '
                "the database, the role and the search_path are the right ones.",
                is_special=role == "ledger",
            )
        )

    def _report_ambiguity(self, role: str, tables: Sequence[Table]) -> None:
        names = [table.full_name for table in tables]
        lines = "\n".join(f"  table = {toml_text(name)}" for name in names)
        self._findings.append(
            role_ambiguous.CHECK.finding(
                " / ".join(names),
                f"{' and '.join(names)} could each be the table of the {role}: agentctl does not guess.",
                f"Put one of these lines into [profiles.NAME.schema.{role}]:\n{lines}",
            )
        )
