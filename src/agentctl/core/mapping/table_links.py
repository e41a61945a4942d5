"""Follows what tables refer to: by foreign keys, and by columns that are named after another table.

It knows nothing of roles. A table outside of what was read, as `auth.users` often is, is still a target.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from agentctl.core.catalog.introspection import Catalog, Column, Table
from agentctl.core.mapping.column_search import list_table_words
from agentctl.core.mapping.name_words import list_meanings, split_name
from agentctl.core.mapping.vocabulary import TEXT

KINDS = frozenset({"table", "partitioned table", "view", "materialized view", "foreign table"})
_WITH_KEYS = frozenset({"table", "partitioned table"})
_THINGS = frozenset({"person", "agent", "run", "errand"})
Target = tuple[str, str]
"""A schema and a table, which may be outside of what was read."""


def target_of(table: Table) -> Target:
    """Return what refers to a table refers to."""
    return (table.schema, table.name)


class Link(Struct, frozen=True):
    """A column that refers to a table."""

    column: str
    target: Target


class TableLinks:
    """The tables of a catalog, without partitions, and what refers to what.

    Attributes:
        tables: target -> the table.

    """

    def __init__(self, catalog: Catalog) -> None:
        self.tables = {
            target_of(table): table for table in catalog.tables if table.kind in KINDS and not table.partition
        }
        self._links: dict[Target, tuple[Link, ...]] = {}

    def list_links(self, table: Table) -> tuple[Link, ...]:
        """Return the columns of a table that refer to another: by a foreign key, or by the other's name."""
        key = target_of(table)
        if key not in self._links:
            self._links[key] = tuple(self._find_links(table))
        return self._links[key]

    def _find_links(self, table: Table) -> Iterator[Link]:
        tied: set[str] = set()
        for item in table.constraints:
            if item.kind == "foreign key" and item.foreign_schema and item.foreign_table:
                tied.update(item.columns)
                yield Link(item.columns[0], (item.foreign_schema, item.foreign_table))
        for column in table.columns:
            if column.name in tied or _is_own_key(table, column):
                continue
            if (named := self._find_named_target(column)) not in (None, table):
                yield Link(column.name, target_of(named))

    def _find_named_target(self, column: Column) -> Table | None:
        """Return the table that a column's name says it refers to, as `launch_ref` does to `launches`."""
        words = split_name(column.name)
        if len(words) < 2 or "key" not in list_meanings(words[-1]):  # noqa: PLR2004
            return None
        table = self._by_words.get(words[:-1]) or self._find_by_meaning(words[:-1])
        key = (
            next((item.columns for item in table.constraints if item.kind == "primary key"), ())
            if table
            else ()
        )
        target = table.column(key[0]) if table and key else None
        return table if target is not None and _are_comparable(column, target) else None

    def _find_by_meaning(self, words: tuple[str, ...]) -> Table | None:
        """Return the only table whose name means the same thing, as `profiles` does for `user`."""
        shared = frozenset.intersection(*map(list_meanings, words)) & _THINGS
        tables = [table for meaning in shared for table in self._by_meaning.get(meaning, ())]
        return tables[0] if len(tables) == 1 else None

    @cached_property
    def _by_meaning(self) -> Mapping[str, list[Table]]:
        named: dict[str, list[Table]] = {}
        for table in self.tables.values():
            words = list_table_words(table)
            for meaning in frozenset.intersection(*map(list_meanings, words)) & _THINGS if words else ():
                named.setdefault(meaning, []).append(table)
        return named

    @cached_property
    def _by_words(self) -> Mapping[tuple[str, ...], Table]:
        named: dict[tuple[str, ...], Table] = {}
        for table in self.tables.values():
            named.setdefault(list_table_words(table), table)
        return named

    @cached_property
    def incoming(self) -> Mapping[Target, list[Table]]:
        """Target -> the tables that refer to it."""
        incoming: dict[Target, list[Table]] = {}
        for table in self.tables.values():
            for target in {link.target for link in self.list_links(table)}:
                incoming.setdefault(target, []).append(table)
        return incoming

    def refers_to(self, table: Table, target: Table) -> bool:
        """Whether a column of a table refers to another."""
        return any(link.target == target_of(target) for link in self.list_links(table))

    def is_one_to_one(self, table: Table, target: Target) -> bool:
        """Whether a table has at most one row for each of another's."""
        return any(link.target == target and table.is_unique(link.column) for link in self.list_links(table))

    def refers_to_users(self, table: Table, users: Table, accounts: Table | None = None) -> bool:
        """Whether a table refers to users, to what the users' rows extend, or to the users' accounts."""
        targets = {target_of(users)} | {
            link.target for link in self.list_links(users) if users.is_unique(link.column)
        }
        targets |= {target_of(accounts)} if accounts is not None else set()
        return any(link.target in targets for link in self.list_links(table))

    def are_tied(self, tables: Mapping[str, Table]) -> bool:
        """Whether the executions refer to the agents, and to the users or their accounts.

        A view refers to nothing, and nothing refers to it.

        Args:
            tables: role -> its table, of three or more roles.

        """
        users, agents, executions = (tables[role] for role in ("users", "agents", "executions"))
        if executions.kind not in _WITH_KEYS:
            return True
        return (agents.kind not in _WITH_KEYS or self.refers_to(executions, agents)) and (
            users.kind not in _WITH_KEYS or self.refers_to_users(executions, users, tables.get("balances"))
        )


def _are_comparable(column: Column, key: Column) -> bool:
    """Whether a column can refer to a key: both are of one type, or of a text and a uuid."""
    types = {column.base_type, key.base_type}
    return len(types) == 1 or ("uuid" in types and not types.isdisjoint(TEXT))


def _is_own_key(table: Table, column: Column) -> bool:
    """Whether a column is a table's primary key, with values of its own."""
    is_key = any(item.kind == "primary key" and item.columns == (column.name,) for item in table.constraints)
    return is_key and (column.default is not None or column.generated)
