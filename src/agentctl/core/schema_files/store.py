"""Everything that statements have created so far, and where a name leads at this moment.

It knows PostgreSQL's rules of lookup, and nothing of statements.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from agentctl.core.schema_files.drafts import FunctionDraft, TableDraft, UserType
from agentctl.core.sql.names import Name

DEFAULT_PATH = ("public",)


class FullName(NamedTuple):
    """The name of one object."""

    schema: str
    name: str


@dataclass(slots=True)
class Store:
    """Tables, types and functions by name.

    Attributes:
        path: the search_path.
        assumes: whether tables that nothing has created are there all the same, as a database's own are.
        gone: the former names of tables that have been dropped or renamed.

    """

    tables: dict[FullName, TableDraft]
    types: dict[FullName, UserType]
    functions: dict[FullName, list[FunctionDraft]]
    path: tuple[str, ...] = DEFAULT_PATH
    assumes: bool = False
    gone: set[FullName] = field(default_factory=set)

    @classmethod
    def empty(cls, *, assumes: bool = False) -> "Store":
        """Return an empty store."""
        return cls({}, {}, {}, assumes=assumes)

    def qualify(self, name: Name) -> FullName:
        """Return the full name under which an object of that name would be created."""
        return FullName(name.schema or next(iter(self.path), DEFAULT_PATH[0]), name.name)

    def table(self, name: Name) -> TableDraft | None:
        """Return the table that a name leads to."""
        return next(
            (self.tables[full_name] for full_name in self._full_names(name) if full_name in self.tables), None
        )

    def find_altered(self, name: Name) -> TableDraft | None:
        """Return the table that a statement changes: the one of that name, or one that is assumed."""
        draft = self.table(name)
        if draft is None and self.assumes:
            full_name = self.qualify(name)
            draft = self.tables[full_name] = TableDraft(*full_name, kind="table", location=None)
        return draft

    def anywhere(self, table: str, schema: str | None) -> TableDraft | None:
        """Return a table of that name in any schema, if no schema is named."""
        drafts = (draft for draft in self.tables.values() if draft.name == table and schema is None)
        return next(drafts, None)

    def type(self, name: Name) -> UserType:
        """Return the type that a name leads to; a type that nothing has created is added as unknown."""
        for full_name in self._full_names(name):
            if full_name in self.types:
                return self.types[full_name]
            if full_name in self.tables:
                return self._remember_type(full_name)
        return self._remember_type(self.qualify(name))

    def functions_named(self, name: Name) -> list[FunctionDraft]:
        """Return the overloads that a name leads to, in a list that callers may change."""
        places = (full_name for full_name in self._full_names(name) if self.functions.get(full_name))
        return next((self.functions[full_name] for full_name in places), [])

    def index_owner(self, name: Name) -> TableDraft | None:
        """Return the table that has an index of that name."""
        for schema, index in self._full_names(name):
            for table in self.tables.values():
                if table.schema == schema and index in table.indexes:
                    return table
        return None

    def children(self, parent: TableDraft) -> Iterator[TableDraft]:
        """Yield the tables that are directly below another."""
        yield from [table for table in self.tables.values() if parent in table.parents]

    def is_taken(self, schema: str, name: str) -> bool:
        """Whether a table or index of that schema has that name."""
        return FullName(schema, name) in self.tables or any(
            name in table.indexes for table in self.tables.values() if table.schema == schema
        )

    def _remember_type(self, full_name: FullName) -> UserType:
        return self.types.setdefault(full_name, UserType(full_name.schema, full_name.name))

    def _full_names(self, name: Name) -> Iterator[FullName]:
        schemas = (name.schema,) if name.schema else dict.fromkeys((*self.path, *DEFAULT_PATH))
        return (FullName(schema, name.name) for schema in schemas)
