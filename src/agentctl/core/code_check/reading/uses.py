"""Describes what application code does with the database: tables and columns it names, rows it writes.

This module is data only. A use is certain: what a reader cannot determine becomes an `Unresolved`. Whether a
table or column exists is not known here; core/code_check/ compares uses with a catalog.
"""

from enum import StrEnum

from msgspec import Struct

from agentctl.core.location import Location


class Shape(StrEnum):
    """The kind of a literal that is not a scalar."""

    OBJECT = "object"
    LIST = "list"


class CodeLiteral(Struct, frozen=True, gc=False, array_like=True):
    """A literal in the code: a text, number, true, false or null; or only the shape of an object or list."""

    value: str | int | float | bool | None = None
    shape: Shape | None = None


class Named(Struct, frozen=True, gc=False, array_like=True, tag="table"):
    """The name of a table or view; `schema` is None if the code names no schema."""

    name: str
    schema: str | None = None


class Embedded(Struct, frozen=True, gc=False, array_like=True, tag="embedded"):
    """The rows that a PostgREST select embeds: rows related to those of `parent`.

    Attributes:
        target: a table, view, foreign key column or foreign key.
        hint: the foreign key, column or junction after a `!`; None if there is none.

    """

    parent: "Source"
    target: str
    hint: str | None = None


class Returned(Struct, frozen=True, gc=False, array_like=True, tag="returned"):
    """The rows that a function returns."""

    function: str
    schema: str | None = None


Source = Named | Embedded | Returned
"""The rows that a column belongs to."""


class Purpose(StrEnum):
    """Why the code names a column."""

    SELECTED = "selected"
    FILTERED = "filtered"
    ORDERED = "ordered"
    WRITTEN = "written"


class Verb(StrEnum):
    """How the code writes rows."""

    INSERT = "insert"
    UPSERT = "upsert"
    UPDATE = "update"


class TableUse(Struct, frozen=True, gc=False, tag="table"):
    """The code reads from a table, writes to it or deletes from it."""

    table: Named
    location: Location


class ColumnUse(Struct, frozen=True, gc=False, tag="column"):
    """The code names a column.

    Attributes:
        sources: the rows that the column can belong to; usually there is one source.
        location: where the column's name stands.
        compared: the literals that the column is compared with as its own type, not as JSON or text.

    """

    sources: tuple[Source, ...]
    column: str
    purpose: Purpose
    location: Location
    compared: tuple[CodeLiteral, ...] = ()


class Written(Struct, frozen=True, gc=False):
    """One column of a row, or one argument of a function.

    Attributes:
        literals: the literals that can be written; empty if none is visible. `status ?? 'pending'` has one.
        always: whether it is written in any case, without a condition.

    """

    name: str
    location: Location
    literals: tuple[CodeLiteral, ...] = ()
    always: bool = True


class RowWrite(Struct, frozen=True, gc=False, tag="row"):
    """The code inserts a row, or sets columns of rows.

    Attributes:
        written: the visible columns.
        complete: whether there can be no others, as there are after the spread of something unknown.
        nulled: columns that the row does not name but that become NULL: in a bulk insert, PostgREST does this
            with the columns that only other rows name.

    """

    table: Named
    verb: Verb
    written: tuple[Written, ...]
    complete: bool
    location: Location
    nulled: tuple[str, ...] = ()


class ConflictUse(Struct, frozen=True, gc=False, tag="conflict"):
    """An upsert names the columns of the unique index that detects conflicts; empty for the primary key."""

    table: Named
    columns: tuple[str, ...]
    location: Location


class EmbedUse(Struct, frozen=True, gc=False, tag="embed"):
    """The code uses a relationship between tables."""

    embedded: Embedded
    location: Location


class CallUse(Struct, frozen=True, gc=False, tag="call"):
    """The code calls a function with named arguments.

    Attributes:
        arguments: the visible arguments.
        complete: whether there can be no others.

    """

    function: str
    schema: str | None
    arguments: tuple[Written, ...]
    complete: bool
    location: Location


Use = TableUse | ColumnUse | RowWrite | ConflictUse | EmbedUse | CallUse


class Unresolved(Struct, frozen=True, gc=False):
    """Code that names a table, column or function in a way that only running it would reveal."""

    what: str
    location: Location


class Unparsed(Struct, frozen=True, gc=False):
    """A file, or a part of a file, that the grammar of its language does not understand."""

    location: Location
    why: str


class CodeReading(Struct, frozen=True, gc=False):
    """Everything that was read in one file, or in many."""

    uses: tuple[Use, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()


def schemas_in(reading: CodeReading) -> set[str]:
    """Return the schemas that the code names."""
    named: set[str | None] = set()
    for use in reading.uses:
        match use:
            case TableUse(table) | RowWrite(table) | ConflictUse(table):
                named.add(table.schema)
            case CallUse(_, schema):
                named.add(schema)
            case ColumnUse(sources):
                named.update(source.schema for source in sources if not isinstance(source, Embedded))
    return {schema for schema in named if schema is not None}
