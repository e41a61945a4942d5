"""Which columns the rows have that code selects from: a table's, a related table's, a function's.

Where that cannot be told, the answer is None, and nothing is said about such columns.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from agentctl.core.catalog.introspection import Function, Table
from agentctl.core.code_check.reading.uses import Embedded, Named, Returned, Source
from agentctl.core.code_check.reference import Reference
from agentctl.core.code_check.relationships import Match, find_match
from agentctl.core.sql.builtins import SYSTEM_COLUMNS

_OUTPUTS = frozenset({"t", "o", "b"})


class Rows(Struct, frozen=True):
    """Rows whose columns are known.

    Attributes:
        name: of the table or function that they come from.
        table: theirs; None where a function puts out columns of its own.
        names: of the columns.
        direct: whether this role reads the table itself: a function may read it with its owner's rights.

    """

    name: str
    table: Table | None
    names: tuple[str, ...]
    direct: bool = True


class Sources:
    """Resolves sources, each relationship once."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._matches: dict[tuple[str, str, str, str | None], Match] = {}
        self._tables: dict[tuple[str, str], Rows | None] = {}

    def rows(self, source: Source) -> Rows | None:
        """Return what is known of a source's rows."""
        embedded: list[Embedded] = []
        while isinstance(source, Embedded):
            embedded.append(source)
            source = source.parent
        rows = self._resolve_root(source)
        for inner in reversed(embedded):
            if rows is None or rows.table is None:
                return None
            rows = self._list_columns(self.match(rows.table, inner.target, inner.hint).table)
        return rows

    def match(self, parent: Table, target: str, hint: str | None) -> Match:
        """Find what a select of `parent` embeds."""
        key = (parent.schema, parent.name, target, hint)
        if key not in self._matches:
            self._matches[key] = find_match(parent, target, hint, self._reference)
        return self._matches[key]

    def has(self, rows: Rows, column: str) -> bool:
        """Whether rows have a column, of whatever kind; a row's own name stands for all of it."""
        if column in rows.names or column in SYSTEM_COLUMNS:
            return True
        table = rows.table
        return table is not None and (column == table.name or bool(self._reference.computed(table, column)))

    def _resolve_root(self, source: Named | Returned) -> Rows | None:
        if isinstance(source, Named):
            return self._list_columns(self._reference.table(source))
        return self._resolve_returned(self._reference.functions(source.function, source.schema))

    def _list_columns(self, table: Table | None) -> Rows | None:
        """Return the rows of a table; nobody knows those of one without columns."""
        if table is None or not table.columns:
            return None
        key = (table.schema, table.name)
        if key not in self._tables:
            names = tuple(column.name for column in table.columns)
            self._tables[key] = Rows(self._reference.label(table), table, names)
        return self._tables[key]

    def _resolve_returned(self, functions: Sequence[Function]) -> Rows | None:
        """Return the rows of a function whose overloads all return the same."""
        returned = [self._resolve_output(function) for function in functions]
        return returned[0] if returned and all(rows == returned[0] for rows in returned) else None

    def _resolve_output(self, function: Function) -> Rows | None:
        outputs = tuple(argument.name for argument in function.arguments if argument.mode in _OUTPUTS)
        if outputs and all(outputs):
            return Rows(self._reference.label(function), None, outputs)
        table = None if outputs else self._reference.table_of_type(function.returns or "")
        rows = self._list_columns(table)
        return replace(rows, direct=False) if rows else None
