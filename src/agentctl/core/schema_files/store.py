"""Everything that statements have created so far, and where a name leads at this moment.

It knows PostgreSQL's rules of lookup, and nothing of statements.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from agentctl.core.schema_files.drafts import FunctionDraft, TableDraft, UserType
from agentctl.core.sql.names import Name

DEFAULT_PATH = ("public",)


class Full(NamedTuple):
    """The name of one object."""

    schema: str
    name: str


@dataclass(slots=True)
class Store:
    """Tables, types and functions by name.

    Attributes:
        path: the search_path.
        assumes: whether tables that nothing has created are there all the same, as a database's own are.
        gone: what tables were called that have been dropped, or have another name now.

    """

    tables: dict[Full, TableDraft]
    types: dict[Full, UserType]
    functions: dict[Full, list[FunctionDraft]]
    path: tuple[str, ...] = DEFAULT_PATH
    assumes: bool = False
    gone: set[Full] = field(default_factory=set)

    @classmethod
    def empty(cls, *, assumes: bool = False) -> "Store":
        """Return one with nothing in it."""
        return cls({}, {}, {}, assumes=assumes)

    def place(self, name: Name) -> Full:
        """Return where something of that name would be created."""
        return Full(name.schema or next(iter(self.path), DEFAULT_PATH[0]), name.name)

    def table(self, name: Name) -> TableDraft | None:
        """Return the table that a name leads to."""
        return next((self.tables[place] for place in self._places(name) if place in self.tables), None)

    def altered(self, name: Name) -> TableDraft | None:
        """Return the table that a statement changes: the one of that name, or one that is assumed."""
        found = self.table(name)
        if found is None and self.assumes:
            place = self.place(name)
            found = self.tables[place] = TableDraft(*place, kind="table", location=None)
        return found

    def anywhere(self, table: str, schema: str | None) -> TableDraft | None:
        """Return a table of that name in whatever schema, where none is named."""
        found = (one for one in self.tables.values() if one.name == table and schema is None)
        return next(found, None)

    def type(self, name: Name) -> UserType:
        """Return the type that a name leads to; one that nothing has created is new and unknown."""
        for place in self._places(name):
            if place in self.types:
                return self.types[place]
            if place in self.tables:
                return self._remember(place)
        return self._remember(self.place(name))

    def functions_named(self, name: Name) -> list[FunctionDraft]:
        """Return the overloads that a name leads to, a list that may be changed."""
        places = (place for place in self._places(name) if self.functions.get(place))
        return next((self.functions[place] for place in places), [])

    def index_owner(self, name: Name) -> TableDraft | None:
        """Return the table that has an index of that name."""
        for schema, index in self._places(name):
            for table in self.tables.values():
                if table.schema == schema and index in table.indexes:
                    return table
        return None

    def children(self, parent: TableDraft) -> Iterator[TableDraft]:
        """Yield the tables that are directly below another."""
        yield from [table for table in self.tables.values() if parent in table.parents]

    def is_taken(self, schema: str, name: str) -> bool:
        """Whether a table or index of that schema has that name."""
        return Full(schema, name) in self.tables or any(
            name in table.indexes for table in self.tables.values() if table.schema == schema
        )

    def _remember(self, place: Full) -> UserType:
        return self.types.setdefault(place, UserType(place.schema, place.name))

    def _places(self, name: Name) -> Iterator[Full]:
        schemas = (name.schema,) if name.schema else dict.fromkeys((*self.path, *DEFAULT_PATH))
        return (Full(schema, name.name) for schema in schemas)
