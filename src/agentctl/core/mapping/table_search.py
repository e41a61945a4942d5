"""Finds the tables of the roles by structure: what refers to what, and which columns there are.

Executions refer to a user and to an agent, and have a status. A ledger refers to users, mostly to executions,
and has amounts of several kinds. Where two answers are about as good, there is none. Names count as evidence
among others. It looks at the catalog only.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog, Table
from agentctl.core.mapping.column_clues import CLUES, SHAPES
from agentctl.core.mapping.column_search import Fit, Search, list_table_words, search_columns
from agentctl.core.mapping.function_body import prove_columns, read_body
from agentctl.core.mapping.list_keys import find_listed_part
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.sides import list_pairs
from agentctl.core.mapping.table_links import TableLinks, Target, target_of
from agentctl.core.mapping.vocabulary import EXACT, ROLES, rank

_MARGIN = 2
_USUAL = 3
"""The points of a usual name."""
_LEAST = {"users": 2, "agents": 2, "executions": 5, "balances": 4, "ledger": 6}
_OPINIONS = frozenset(
    {"review", "rating", "favorite", "favourite", "like", "comment", "feedback", "bookmark"}
)
_NAME_MEANINGS: Mapping[str, frozenset[str]] = {
    "users": frozenset({"person"}),
    "agents": frozenset({"agent", "product"}),
    "executions": frozenset({"run", "errand"}),
    "balances": frozenset({"unit", "left", "store"}),
    "ledger": frozenset({"ledger", "change", "unit"}),
}


class Candidate(Struct, frozen=True):
    """A table for a role, how much speaks for it, and what."""

    table: Table
    points: int
    why: str


class Trio(Struct, frozen=True):
    """Users, agents and executions that fit together."""

    users: Candidate
    agents: Candidate
    executions: Candidate

    @property
    def points(self) -> int:
        """How much speaks for the three."""
        return self.users.points + self.agents.points + self.executions.points

    def table(self, role: str) -> Table:
        """Return the table of a role."""
        table: Table = getattr(self, role).table
        return table


class TableSearch:
    """One search through a catalog.

    Attributes:
        links: what refers to what.

    """

    def __init__(self, catalog: Catalog, fixed: Mapping[str, Table]) -> None:
        self.links = TableLinks(catalog)
        self._catalog = catalog
        self._fixed = fixed
        self._fits: dict[tuple[str, Target], Mapping[str, Fit]] = {}

    # --- the three that belong together

    def find_trios(self) -> list[Trio]:
        """Return the users, agents and executions that fit together, the best first."""
        trios = [trio for table in self._list_possible("executions") for trio in self._list_trios(table)]
        return sorted(trios, key=lambda trio: -trio.points)

    def _list_possible(self, role: str) -> list[Table]:
        return [self._fixed[role]] if role in self._fixed else list(self.links.tables.values())

    def _list_trios(self, executions: Table) -> Iterator[Trio]:
        """Yield each pair of tables that executions refer to, and that could be users and agents."""
        targets = list(dict.fromkeys(link.target for link in self.links.list_links(executions)))
        is_named = rank(executions.name, ROLES["executions"].names) is not None
        if len(targets) < 2 or not (is_named or self._has_status(executions)):  # noqa: PLR2004
            return
        weighed = self._weigh_executions(executions)
        if weighed.points < _LEAST["executions"]:
            return
        for agents in self._list_sold(targets):
            for target in targets:
                for users in self._list_payers(target):
                    if users.table not in (agents.table, executions):
                        yield Trio(users, agents, weighed)

    def _list_sold(self, targets: Sequence[Target]) -> list[Candidate]:
        """Return those of some targets that could be the agents."""
        tables = (self.links.tables.get(target) for target in targets)
        allowed = [table for table in tables if table is not None and not self._is_excluded("agents", table)]
        return [
            agents for table in allowed if (agents := self._weigh_agents(table)).points >= _LEAST["agents"]
        ]

    def _is_excluded(self, role: str, table: Table) -> bool:
        return role in self._fixed and self._fixed[role] is not table

    def _list_payers(self, target: Target) -> list[Candidate]:
        """Return the tables with a row for each user: that referred to, or those that extend one outside."""
        own, fixed = self.links.tables.get(target), self._fixed.get("users")
        if fixed is not None:
            tables = [fixed] if fixed is own or self.links.is_one_to_one(fixed, target) else []
        elif own is not None:
            tables = self.list_holders(own)
        else:
            tables = [
                table for table in self.links.tables.values() if self.links.is_one_to_one(table, target)
            ]
        return [users for table in tables if (users := self._weigh_users(table)).points >= _LEAST["users"]]

    def list_holders(self, payer: Table) -> list[Table]:
        """Return the table itself or, where it has accounts, whose they are: none, if nothing tells.

        An account has an owner in a column of its own, and the owner has the e-mail address.
        """
        links = (link for link in self.links.list_links(payer) if payer.is_unique(link.column))
        keys = {item.columns for item in payer.constraints if item.kind == "primary key"}
        tables = [self.links.tables.get(link.target) for link in links if (link.column,) not in keys]
        owners = [table for table in tables if table is not None]
        if not owners or "email" in self.fits("users", payer):
            return [payer]
        holders = [table for table in owners if "email" in self.fits("users", table)]
        return holders if len(holders) == 1 else []

    # --- evidence

    def fits(self, role: str, table: Table) -> Mapping[str, Fit]:
        """Return the columns of a table that words and shape show to play the parts of a role."""
        key = (role, target_of(table))
        if key not in self._fits:
            parts = ROLES[role].parts
            named = {
                name: Fit(name, column.name, 4, "its name", is_enough=True)
                for column in table.columns
                for name in parts
                if parts[name].refers_to is None and rank(column.name, parts[name].names) == 0
            }
            search = Search(
                role, table, [part for part in CLUES[role] if part not in named], (), self.prove(role, table)
            )
            self._fits[key] = {**search_columns(search).fits, **named}
        return self._fits[key]

    def prove(self, role: str, table: Table) -> Mapping[str, str]:
        """Return the columns that functions show to play a part."""
        return prove_columns(self._catalog, role, table)

    def _has_status(self, table: Table) -> bool:
        return find_listed_part("executions", table, {})[1] is not None or any(
            SHAPES["status_words"].is_seen(table, column)
            or SHAPES["begins_open"].is_seen(table, column)
            or "status" in _list_name_meanings(column.name)
            for column in table.columns
            if column.enum_labels or column.base_type in {"text", "character varying"}
        )

    @staticmethod
    def _shows(table: Table, fit: Fit | None, shape: str) -> bool:
        """Whether a column, by whatever it was found, has the content of its part."""
        column = table.column(fit.column) if fit is not None else None
        return column is not None and SHAPES[shape].is_seen(table, column)

    def _weigh(self, role: str, table: Table, evidence: Sequence[tuple[int, str, bool]]) -> Candidate:
        """Count the evidence; its texts are clauses (`it ...`) or what the table has."""
        by_name = _weigh_name(role, table)
        seen = [(points, text) for points, text, is_seen in evidence if is_seen]
        clauses = [text for _, text in seen if text.startswith("it ")]
        nouns = [text for _, text in seen if text and text not in clauses]
        clauses += [f"it has {' and '.join(nouns)}"] if nouns else []
        clauses += ["its name is a usual one"] if by_name == _USUAL else ["its name fits"] if by_name else []
        return Candidate(table, by_name + sum(points for points, _ in seen), ", ".join(clauses))

    def _weigh_users(self, table: Table) -> Candidate:
        fits, is_sold = self.fits("users", table), self.fits("agents", table)
        own = target_of(table)
        satellites = [
            other for other in self.links.incoming.get(own, ()) if self.links.is_one_to_one(other, own)
        ]
        has_balance = any("balance" in self.fits("balances", other) for other in (table, *satellites))
        return self._weigh(
            "users",
            table,
            [
                (3, "an e-mail address", "email" in fits),
                (2, "a balance", has_balance),
                (1, "it is what many tables refer to", len(self.links.incoming.get(own, ())) > 2),  # noqa: PLR2004
                (-4, "", "webhook" in is_sold),
            ],
        )

    def _weigh_agents(self, table: Table) -> Candidate:
        fits = self.fits("agents", table)
        return self._weigh(
            "agents",
            table,
            [
                (3, "a webhook", "webhook" in fits),
                (2, "a price", "price" in fits),
                (2, "a form", "form" in fits),
                (1, "a name", "name" in fits),
                (1, "", "active" in fits),
                (-4, "", "email" in self.fits("users", table)),
            ],
        )

    def _weigh_executions(self, table: Table) -> Candidate:
        fits = self.fits("executions", table)
        words = set(split_name(table.name))
        pairs = {item.columns for item in table.constraints if item.kind == "primary key"}
        tied = {link.column for link in self.links.list_links(table)}
        status = fits.get("status")
        is_listed = find_listed_part("executions", table, {})[1] is not None
        return self._weigh(
            "executions",
            table,
            [
                (3, "it refers to users and agents", True),
                (2, "a status", is_listed or status is not None),
                (2, "", is_listed or self._shows(table, status, "status_words")),
                (1, "a result", "result" in fits),
                (1, "", "inputs" in fits),
                (1, "", "error" in fits),
                (1, "", "completed_at" in fits),
                (-6, "", any(set(pair) <= tied for pair in pairs) or bool(words & _OPINIONS)),
                (-3, "", any("payment" in list_meanings(word) for word in words)),
            ],
        )

    # --- the two about money

    def find_balances(self, users: Table) -> list[Candidate]:
        """Return the tables that could hold the balances of users, the best first."""
        weighed = [
            self._weigh_balances(table)
            for table in self.links.tables.values()
            if table is not users
            and any(
                self.links.is_one_to_one(table, target)
                for target in (target_of(users), *(link.target for link in self.links.list_links(users)))
            )
        ]
        return _sort_candidates("balances", weighed)

    def _weigh_balances(self, table: Table) -> Candidate:
        fit = self.fits("balances", table).get("balance")
        return self._weigh(
            "balances",
            table,
            [
                (2, "it refers to users, one row each", True),
                (2, "a balance", fit is not None),
                (4, "it is lowered by a function", fit is not None and "function" in fit.why),
                (-10, "", fit is None),
            ],
        )

    def find_ledgers(
        self,
        users: Table,
        executions: Table | None,
        others: Sequence[Table],
        accounts: Table | None = None,
    ) -> list[Candidate]:
        """Return the tables that could be the ledger, the best first."""
        weighed = [
            self._weigh_ledger(table, executions)
            for table in self.links.tables.values()
            if table is not users
            and not any(table is other for other in others)
            and self.links.refers_to_users(table, users, accounts)
            and any(column.base_type in EXACT for column in table.columns)
        ]
        return _sort_candidates("ledger", weighed)

    def _weigh_ledger(self, table: Table, executions: Table | None) -> Candidate:
        fits = self.fits("ledger", table)
        has_amount = "amount" in fits or bool(list_pairs(table))
        kind = fits.get("kind")
        is_linked = executions is not None and self.links.refers_to(table, executions)
        written = any(
            statement.is_insert and statement.writes(table)
            for function in self._catalog.functions
            for statement in read_body(function)
        )
        return self._weigh(
            "ledger",
            table,
            [
                (2, "it refers to users and executions" if is_linked else "it refers to users", True),
                (4, "", is_linked),
                (1, "an amount", has_amount),
                (3, "kinds of movements", self._shows(table, kind, "kind_words")),
                (3, "it is written by a function", written),
                (-2, "", not has_amount),
                (-6, "", any("payment" in list_meanings(word) for word in split_name(table.name))),
            ],
        )


def find_named(catalog: Catalog, name: str) -> Table | None:
    """Return the table with a schema and name, or with a name, which may contain dots itself."""
    full = (table for table in catalog.tables if table.full_name == name)
    return next(full, None) or catalog.table(name)


def _sort_candidates(role: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    good = [candidate for candidate in candidates if candidate.points >= _LEAST[role]]
    return sorted(good, key=lambda candidate: -candidate.points)


def list_best_tables(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the best of sorted candidates, and those that are about as good."""
    return [item for item in candidates if item.points > candidates[0].points - _MARGIN]


def list_rival_trios(trios: Sequence[Trio]) -> list[Trio]:
    """Return the best of sorted trios, and those that are about as good."""
    return [trio for trio in trios if trio.points > trios[0].points - _MARGIN]


def _list_name_meanings(name: str) -> frozenset[str]:
    return frozenset(meaning for word in split_name(name) for meaning in list_meanings(word))


def _weigh_name(role: str, table: Table) -> int:
    """Return 3 for a usual name of the role, 2 or 1 for one whose words mean it."""
    if rank(table.name, ROLES[role].names) is not None:
        return _USUAL
    words = list_table_words(table)
    meant = [bool(list_meanings(word) & _NAME_MEANINGS[role]) for word in words]
    return 2 if meant and all(meant) else int(any(meant))
