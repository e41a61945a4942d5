"""What checks of a marketplace look at: tables that agentctl reads or writes, and columns that are wanted."""

from msgspec import Struct

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.mapping.optional_columns import BY_NAME, OptionalColumn
from agentctl.core.mapping.table_role import Executions, Ledger, TableRole


class ReadTable(Struct, frozen=True):
    """A table that agentctl reads.

    Attributes:
        columns: those that it must read.
        reader: the database role that it connects as.

    """

    table: Table
    columns: tuple[Column, ...]
    reader: str


class WantedColumn(Struct, frozen=True):
    """A column of the executions that agentctl would fill, or that a deploy requires.

    Attributes:
        name: of the optional column that it is here, or its own.
        column: None where the table has none.
        writer: the database role that agentctl connects as.
        similar: columns that may be meant for it, and have another type.

    """

    table: Table
    name: str
    column: Column | None
    is_required: bool
    writer: str
    similar: tuple[Column, ...] = ()

    @property
    def expected(self) -> OptionalColumn | None:
        """The optional column that it is to be; None where only the deploy knows."""
        return BY_NAME.get(self.name)

    @property
    def object(self) -> str:
        """The column's name for people, with its table's."""
        return f"{self.table.name}.{self.column.name if self.column else self.name}"


class WrittenTable(Struct, frozen=True):
    """A table that agentctl writes into.

    Attributes:
        filled: the columns that an inserted row always has a value for.
        writer: the database role that agentctl connects as.

    """

    role: TableRole
    filled: frozenset[str]
    writer: str

    @property
    def filled_by_kind(self) -> frozenset[str]:
        """The columns that every kind of row has a value of its own for."""
        constants = self.role.constants.values() if isinstance(self.role, Ledger) else ()
        return frozenset.intersection(*map(frozenset, constants)) if constants else frozenset()

    @property
    def section(self) -> str:
        """The section of [profiles.NAME.schema] that speaks of it."""
        return "executions" if isinstance(self.role, Executions) else "ledger"
