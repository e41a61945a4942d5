"""Everything that statements have created so far, and where a name leads at this moment.

It knows PostgreSQL's rules of lookup, and nothing of statements.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from pglast import ast

from agentctl.core.schema_files.drafts import FullName, FunctionDraft, TableDraft, UserType
from agentctl.core.schema_files.naming import default_name
from agentctl.core.sql.names import Name, name_in

DEFAULT_PATH = ("public",)


class Store(Struct):
    """Tables, types and functions by name.

    Attributes:
        path: the search_path.
        assumes: whether tables that nothing has created are there all the same, as a database's own are.
        gone: the former names of tables that have been dropped or renamed.

    """

    path: tuple[str, ...] = DEFAULT_PATH
    assumes: bool = False
    tables: dict[FullName, TableDraft] = field(default_factory=dict)
    types: dict[FullName, UserType] = field(default_factory=dict)
    functions: dict[FullName, list[FunctionDraft]] = field(default_factory=dict)
    gone: set[FullName] = field(default_factory=set)

    def qualify(self, name: Name) -> FullName:
        """Return the full name under which an object of that name would be created."""
        return FullName(name.schema or next(iter(self.path), DEFAULT_PATH[0]), name.name)

    def table(self, name: Name) -> TableDraft | None:
        """Return the table that a name leads to."""
        return next(filter(None, map(self.tables.get, self._full_names(name))), None)

    def table_in(self, relation: ast.RangeVar | None) -> TableDraft | None:
        """Return the table that a statement names."""
        return self.table(name_in(relation))

    def find_altered(self, name: Name) -> TableDraft | None:
        """Return the table that a statement changes: the one of that name, or one that is assumed."""
        draft = self.table(name)
        if draft is None and self.assumes:
            full_name = self.qualify(name)
            draft = self.tables[full_name] = TableDraft(*full_name, kind="table", location=None)
        return draft

    def type(self, name: Name) -> UserType:
        """Return the type that a name leads to; a type that nothing has created is added as unknown."""
        known = (
            full_name
            for full_name in self._full_names(name)
            if full_name in self.types or full_name in self.tables
        )
        full_name = next(known, self.qualify(name))
        return self.types.setdefault(full_name, UserType(*full_name))

    def functions_named(self, name: Name) -> list[FunctionDraft]:
        """Return the overloads that a name leads to, in a list that callers may change."""
        overloads = map(self.functions.get, self._full_names(name))
        return next(filter(None, overloads), [])

    def index_owner(self, name: Name) -> TableDraft | None:
        """Return the table that has an index of that name."""
        owners = (
            table
            for schema, index in self._full_names(name)
            for table in self.tables.values()
            if table.schema == schema and index in table.indexes
        )
        return next(owners, None)

    def children(self, parent: TableDraft) -> Iterator[TableDraft]:
        """Yield the tables that are directly below another."""
        yield from [table for table in self.tables.values() if parent in table.parents]

    def choose_name(self, table: TableDraft, columns: Sequence[str], label: str) -> str:
        """Choose the name of a table's index or sequence, as `default_name` does."""
        return default_name(table.name, columns, label, taken=lambda name: self.is_taken(table.schema, name))

    def is_taken(self, schema: str, name: str) -> bool:
        """Whether a table or index of that schema has that name."""
        return FullName(schema, name) in self.tables or any(
            name in table.indexes for table in self.tables.values() if table.schema == schema
        )

    def _full_names(self, name: Name) -> Iterator[FullName]:
        schemas = (name.schema,) if name.schema else dict.fromkeys((*self.path, *DEFAULT_PATH))
        return (FullName(schema, name.name) for schema in schemas)
