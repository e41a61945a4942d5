"""What schema-check reports: what of agentctl's needs is there, and in which state, with the findings.

It reads a catalog and what was made of it, and says what is; what is wrong with it is schema_check.py's
business.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentctl.core.catalog.introspection import Column, Function, Index, Server, Table
from agentctl.core.database.quoting import Printed, compose, quoted
from agentctl.core.findings.finding import Finding
from agentctl.core.mapping import Reading
from agentctl.core.mapping.columns import Choice
from agentctl.core.mapping.function_candidates import gives_credits
from agentctl.core.mapping.functions import Deducting
from agentctl.core.mapping.index_keys import IndexKey
from agentctl.core.mapping.optional_columns import (
    INDEXES,
    MINIMAL_INDEXES,
    OPTIONAL_COLUMNS,
    OptionalColumn,
    Tracking,
    index_keys,
)
from agentctl.core.mapping.vocabulary import ROLES


class RoleState(Struct, frozen=True):
    """A role, and the table that plays it.

    Attributes:
        name: the table's, or the one that it has elsewhere.
        why: the evidence; `others` are tables that were passed over.
        columns: the column of each part, with its evidence.

    """

    role: str
    name: str
    table: Table | None
    why: str = ""
    others: tuple[str, ...] = ()
    columns: Mapping[str, Choice] | None = None

    @property
    def full_name(self) -> str | None:
        """The table's name with its schema; None where there is no table."""
        return f"{self.table.schema}.{self.table.name}" if self.table else None


class ColumnState(Struct, frozen=True):
    """One of the seven optional columns as it is; `compatible` is None where it does not exist."""

    expected: OptionalColumn
    column: Column | None

    @property
    def compatible(self) -> bool | None:
        """Whether its type can hold the content."""
        return None if self.column is None else self.expected.accepts(self.column)


class IndexState(Struct, frozen=True):
    """An index that agentctl's queries profit from.

    Attributes:
        added: whether migrate-full is what adds it.
        statement: that builds it.
        existing: it, or another that does its work.
        taken: what has its name and does not do its work.

    """

    name: str
    added: bool
    statement: str
    existing: Index | None
    taken: Index | None

    @property
    def present(self) -> bool:
        """Whether it exists, valid or not."""
        return self.existing is not None

    @property
    def valid(self) -> bool | None:
        """Whether PostgreSQL uses it; None where it does not exist."""
        return self.existing.valid if self.existing else None


class FunctionState(Struct, frozen=True):
    """An overload of one of the credit functions, and whether agentctl can call it."""

    function: Function
    usable: bool


class SchemaReport(Struct, frozen=True):
    """Everything that schema-check has to say."""

    server: Server
    tracking: Tracking
    tables: tuple[RoleState, ...]
    columns: tuple[ColumnState, ...]
    missing: tuple[str, ...]
    indexes: tuple[IndexState, ...]
    functions: tuple[FunctionState, ...]
    findings: tuple[Finding, ...]


def executions_of(reading: Reading) -> tuple[Table | None, dict[str, str]]:
    """Return the executions' table, if there is one, and its columns by part."""
    role = reading.discovery.roles.get("executions")
    if role is None:
        return None, {}
    return role.table, {part: choice.column for part, choice in role.parts.items()}


def role_states(reading: Reading) -> Iterator[RoleState]:
    """Tell the table of each role; that of the balances only where they have one of their own."""
    roles = reading.discovery.roles
    for name in ROLES:
        role = roles.get(name)
        if role is None and name != "balances":
            yield RoleState(name, f"{ROLES[name].names[0][0]}s", None)
        elif role is not None and (name != "balances" or role.table is not roles["users"].table):
            yield RoleState(name, role.table.name, role.table, role.why, role.others, role.parts)


def column_states(executions: Table | None, columns: Mapping[str, str]) -> tuple[ColumnState, ...]:
    """Look for the seven optional columns."""
    return tuple(
        ColumnState(
            wanted, executions.column(columns[wanted.name]) if executions and wanted.name in columns else None
        )
        for wanted in OPTIONAL_COLUMNS
    )


def index_states(executions: Table | None, columns: Mapping[str, str]) -> Iterator[IndexState]:
    """Look for each index whose column exists: by its name, else for a valid one that does its work."""
    if executions is None:
        return
    for parts in (MINIMAL_INDEXES, INDEXES):
        known = {part: order for part, order in parts.items() if part in columns}
        for key in index_keys(columns, known):
            yield _judge_index(executions, key, added=parts is INDEXES)


def _judge_index(executions: Table, key: IndexKey, *, added: bool) -> IndexState:
    name, build = key.name_for(executions.name), write_index_statement(executions, key)
    own = executions.index(name)
    if own is not None and key.is_served_by(own):
        return IndexState(name, added, build, existing=own, taken=None)
    others = (index for index in executions.indexes if index.valid and key.is_served_by(index))
    return IndexState(name, added, build, existing=next(others, None), taken=own)


def write_index_statement(table: Table, key: IndexKey) -> str:
    """Return the statement that builds an index while others read and write."""
    parts = Printed(quoted(key.name_for(table.name))), table.identifier, Printed(str(key))
    return compose("CREATE INDEX CONCURRENTLY {} ON {} ({});", *parts).as_string()


def function_states(reading: Reading, deducting: Deducting) -> Iterator[FunctionState]:
    """Look at every overload of the functions that move credits."""
    for function in deducting.overloads:
        chosen = deducting.function is not None and deducting.function.function is function
        yield FunctionState(function, chosen)
    for function in filter(gives_credits, reading.catalog.functions):
        yield FunctionState(function, function.executable)
