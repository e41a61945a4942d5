"""Introspection: what a database holds, as one immutable value read in one round trip.

The value knows nothing of agentctl's needs: `mapping` decides which table plays which role, and a check
what is wrong with it. Two catalogs are equal when they hold the same tables and functions, whatever server
they were read from and however many rows there are, so that drift can be computed.

Python's search for garbage leaves out what there is most of, columns above all (`gc=False`): with 10,000
tables it took as long as the decoding. Texts, and what is made of them, can hold no cycle.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from msgspec import Struct, ValidationError
from msgspec.json import Decoder
from psycopg import sql

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.qualified import Qualified
from agentctl.core.catalog.row_security import RowSecurity
from agentctl.core.database.connection import Connection
from agentctl.core.database.errors import Vanished
from agentctl.core.database.quoting import spellings
from agentctl.core.database.retries import try_while
from agentctl.core.errors import DatabaseTrouble
from agentctl.core.models import Comparable, Reticent

# It costs as much as a small database's whole catalog.
_VISIBLE = sql.SQL(
    "EXISTS (SELECT FROM information_schema.columns AS c WHERE c.table_schema = r.nspname "
    "AND c.table_name = r.relname AND c.column_name = a.attname)"
)
_MESSAGE = (Path(__file__).parent / "catalog.sql").read_text("utf-8")
_TORN_AT_MOST = 10.0
"""For how many seconds a catalog that is changed while it is read is read again."""


class Server(Struct, frozen=True, array_like=True):
    """The server and this session: whose privileges, search path and time zone count."""

    version: str
    version_number: int
    database: str
    role: str
    search_path: tuple[str, ...]
    read_only: bool
    bypasses_row_security: bool
    time_zone: str = "UTC"


class Grant(Struct, frozen=True, array_like=True, gc=False):
    """A grant to customers: `public`, which is everybody, and Supabase's `anon` and `authenticated`.

    Attributes:
        grantee: one of the three, or a group of which they are members.
        column: the column that it is on; None for a whole table or a function.
        customers: those of the three that have the privileges and may use the schema.

    """

    grantee: str
    column: str | None
    privileges: tuple[str, ...]
    customers: tuple[str, ...]


class Column(Comparable, Struct, frozen=True, array_like=True, eq=False, gc=False):
    """A column; `readable`, `insertable` and `updatable` say what this role may do with it.

    Attributes:
        type: as PostgreSQL writes it, `numeric(10,2)` for instance.
        base_type: without modifiers, and of a domain the type below it.
        generated: always computed by the database, so never written.
        visible: whether information_schema.columns shows it to this role; None where nobody has asked.
        sequence: what gives out its values, ready for nextval, and whether this role may ask it.
        domain_checks: the CHECKs of its type, which speak of VALUE.
        sample: the words in some rows of a column of words; the signs (-1, 0, 1) of a column of amounts.

    """

    beside: ClassVar = frozenset({"sample", "visible"})

    name: str
    type: str
    base_type: str
    nullable: bool
    default: str | None
    generated: bool
    enum_labels: tuple[str, ...] | None
    readable: bool
    insertable: bool
    updatable: bool
    sequence: str | None = None
    sequence_usable: bool | None = None
    domain_checks: tuple[Check, ...] = ()
    sample: tuple[str, ...] | None = None
    visible: bool | None = None

    @property
    def is_of_domain(self) -> bool:
        """Whether its type is a domain, judged by its name: `interval day to second` is none."""
        below = self.base_type.removesuffix("[]").partition(" ")[0]
        return self.enum_labels is None and not self.type.startswith(below)


class Constraint(Comparable, Struct, frozen=True, array_like=True, eq=False, gc=False):
    """A constraint; the foreign fields are a foreign key's, and `check` is a check constraint's."""

    beside: ClassVar = frozenset({"check"})

    name: str
    kind: str
    columns: tuple[str, ...]
    foreign_schema: str | None
    foreign_table: str | None
    foreign_columns: tuple[str, ...] | None
    definition: str
    validated: bool
    check: Check | None = None

    def refers_to(self, table: "Table") -> bool:
        """Whether it is a foreign key to a table."""
        return (self.foreign_schema, self.foreign_table) == (table.schema, table.name)


class Index(Struct, frozen=True, array_like=True, gc=False):
    """An index; `columns` are its keys, names or expressions; PostgreSQL does not use an invalid one."""

    name: str
    method: str
    columns: tuple[str, ...]
    unique: bool
    valid: bool
    partial: bool
    definition: str

    def begins_with(self, *names: str) -> bool:
        """Whether its first keys are these columns, in this order."""
        first = self.columns[: len(names)]
        return len(first) == len(names) and all(
            key in spellings(name) for key, name in zip(first, names, strict=True)
        )


class Trigger(Struct, frozen=True, array_like=True, gc=False):
    """What runs when rows are written; disabled triggers are left out."""

    name: str
    function: str
    definition: str

    @property
    def keeps_time(self) -> bool:
        """Whether its name says that it only notes when a row was changed."""
        return "updated_at" in self.name or "updated_at" in self.function or "moddatetime" in self.function


class Table(Qualified, Comparable, Struct, frozen=True, array_like=True, eq=False):
    """A table, or a view or foreign table in its place.

    Attributes:
        insertable: whether rows can be put into it at all, as into a simple view.
        inspectable: whether rows can be read without executing foreign code, which a view's cannot.
        grants: what customers may do with it.
        partition: whether its rows are those of another table, too.
        estimated_rows: the planner's, with the tables below it; -1 where it has none.

    """

    beside: ClassVar = frozenset({"estimated_rows", "inspectable", "partition"})

    schema: str
    name: str
    kind: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    indexes: tuple[Index, ...]
    row_security: RowSecurity
    estimated_rows: int
    triggers: tuple[Trigger, ...] = ()
    insertable: bool = True
    grants: tuple[Grant, ...] = ()
    inspectable: bool = True
    partition: bool = False

    def column(self, name: str) -> Column | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def is_unique(self, name: str) -> bool:
        """Whether a column alone is a primary key or unique."""
        usable = (index for index in self.indexes if index.unique and index.valid and not index.partial)
        return any(len(index.columns) == 1 and index.begins_with(name) for index in usable)

    def foreign_key(self, name: str) -> Constraint | None:
        """Return the foreign key that consists of one column, or None."""
        keys = (key for key in self.constraints if key.kind == "foreign key" and key.columns == (name,))
        return next(keys, None)

    def index(self, name: str) -> Index | None:
        """Return the index of that name, or None."""
        return next((index for index in self.indexes if index.name == name), None)


class Argument(Struct, frozen=True, array_like=True, gc=False):
    """An argument of a function; `mode` is PostgreSQL's letter: i, o, b, v or t."""

    name: str
    type: str
    mode: str
    optional: bool


class Function(Qualified, Reticent, Comparable, Struct, frozen=True, array_like=True, eq=False):
    """A function; `executable` is about this role, `public` about everybody.

    Attributes:
        grants: what lets customers call it.
        asks_who: its body reads the claims of the signed-in user, as Supabase's auth.uid() does.
        body: the source of one that updates a table; None of others, and where it was not read.

    """

    unsaid: ClassVar = frozenset({"body"})
    beside: ClassVar = frozenset({"body"})

    schema: str
    name: str
    arguments: tuple[Argument, ...]
    signature: str
    returns: str | None
    security_definer: bool
    settings: tuple[str, ...]
    executable: bool
    public: bool
    asks_who: bool = False
    grants: tuple[Grant, ...] = ()
    body: str | None = None


class Catalog(Comparable, Struct, frozen=True, array_like=True, eq=False):
    """Everything introspected at one moment, in the order of the search path.

    Attributes:
        unlisted: the names of sequences and of extensions' functions, of which no more is read.

    """

    beside: ClassVar = frozenset({"server", "unlisted"})

    server: Server
    tables: tuple[Table, ...]
    functions: tuple[Function, ...]
    unlisted: frozenset[str] = frozenset()

    def table(self, name: str) -> Table | None:
        """Return the table of that name that the search path finds first, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def functions_named(self, name: str) -> tuple[Function, ...]:
        """Return all overloads of a function, in the order of the search path."""
        return tuple(function for function in self.functions if function.name == name)


def introspect(
    connection: Connection,
    *,
    schemas: Sequence[str] = (),
    also: Sequence[str] = (),
    everywhere: bool = False,
    visibility: bool = False,
) -> Catalog:
    """Read the catalog of the schemas on the search path, or of those named, or of all.

    It sends one message, takes no lock beyond a reader's, writes nothing and executes no foreign code.

    Args:
        connection: any.
        schemas: instead of those on the search path.
        also: schemas behind them.
        everywhere: all schemas, with those first.
        visibility: whether to ask information_schema which columns it shows this role.

    Raises:
        DatabaseTrouble: what it reads was changed each time that it was read, for some seconds, or the
            server answers what no server should.

    """
    query = catalog_statement(schemas=schemas, also=also, everywhere=everywhere, visibility=visibility)
    try:
        return try_while(
            _is_torn,
            lambda: _read_catalog(connection, query),
            seconds=_TORN_AT_MOST,
            longest_pause=0.2,
        )
    except ValidationError as error:
        reason = f"it is being changed, or the server answers what no server should ({error})"
        msg = f"The schema cannot be read: {reason}."
        hint = "Try again when no migration is running."
        raise DatabaseTrouble(msg, hint=hint, code="schema_changed", retryable=True) from None


def _read_catalog(connection: Connection, query: sql.Composed) -> Catalog:
    cursor = connection.execute_as_written(query)  # several statements work without parameters only
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return _make_decoder().decode(row["catalog"] if row else "")


def _is_torn(error: BaseException) -> bool:
    """Whether something vanished while it was read: the definition of what is gone is NULL, or an error."""
    return isinstance(error, ValidationError | Vanished)


@cache
def _make_decoder() -> Decoder[Catalog]:
    return Decoder(Catalog, dec_hook=lambda _, definition: Check(definition))


def catalog_statement(
    *,
    schemas: Sequence[str] = (),
    also: Sequence[str] = (),
    everywhere: bool = False,
    visibility: bool = False,
) -> sql.Composed:
    """Compose the message that reads a catalog; the last of its statements answers with one row."""
    return sql.SQL(_MESSAGE).format(
        schemas=list(schemas) or None,
        also=list(also),
        everywhere=everywhere,
        visible=_VISIBLE if visibility else None,
    )
