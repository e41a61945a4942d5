"""What schema-check reports: what of agentctl's needs is there, and in which state, with the findings.

It reads a catalog and says what is; what is wrong with it is schema_check.py's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agentctl.core.catalog import Catalog, Column, Function, Index, Server, Table
from agentctl.core.findings import Finding
from agentctl.core.mapping import ADD, DEDUCT, usable
from agentctl.core.tracking import (
    INDEXES,
    MINIMAL_INDEXES,
    OPTIONAL_COLUMNS,
    OptionalColumn,
    Tracking,
    serves,
)


@dataclass(frozen=True, slots=True)
class ColumnState:
    """One of the seven optional columns as it is; `compatible` is None where it does not exist."""

    expected: OptionalColumn
    found: Column | None

    @property
    def compatible(self) -> bool | None:
        """Whether its type can hold the content."""
        return None if self.found is None else self.expected.accepts(self.found)


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index that agentctl's queries profit from.

    Attributes:
        found: it, or another that does its work.
        taken: what has its name and does not do its work.

    """

    name: str
    found: Index | None
    taken: Index | None

    @property
    def present(self) -> bool:
        """Whether it exists, valid or not."""
        return self.found is not None

    @property
    def valid(self) -> bool | None:
        """Whether PostgreSQL uses it; None where it does not exist."""
        return self.found.valid if self.found else None


@dataclass(frozen=True, slots=True)
class FunctionState:
    """An overload of one of the credit functions, and whether agentctl can call it."""

    function: Function
    usable: bool


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """Everything that schema-check has to say; `tables` are roles with the names and the tables found."""

    server: Server
    tracking: Tracking
    tables: tuple[tuple[str, str, Table | None], ...]
    columns: tuple[ColumnState, ...]
    missing: tuple[str, ...]
    indexes: tuple[IndexState, ...]
    functions: tuple[FunctionState, ...]
    findings: tuple[Finding, ...]


def column_states(executions: Table | None) -> tuple[ColumnState, ...]:
    """Look for the seven optional columns."""
    return tuple(
        ColumnState(column, executions.column(column.name) if executions else None)
        for column in OPTIONAL_COLUMNS
    )


def index_states(executions: Table | None) -> Iterator[IndexState]:
    """Look for each index whose column exists: by its name, else for a valid one that does its work."""
    for name, key in {**MINIMAL_INDEXES, **INDEXES}.items():
        if executions is None or executions.column(key.partition(" ")[0]) is None:
            continue
        own = executions.index(name)
        if own is not None and serves(own, key):
            yield IndexState(name, found=own, taken=None)
        else:
            others = (index for index in executions.indexes if index.valid and serves(index, key))
            yield IndexState(name, found=next(others, None), taken=own)


def function_states(catalog: Catalog) -> Iterator[FunctionState]:
    """Look at every overload of the credit functions."""
    for name in (DEDUCT, ADD):
        for function in catalog.functions_named(name):
            able = usable(function) if name == DEDUCT else function.executable
            yield FunctionState(function, able)
