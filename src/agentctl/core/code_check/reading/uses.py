"""What application code does with the database: tables and columns that it names, rows that it writes.

Data only. A use is certain: what a reader cannot tell becomes an `Unresolved`, never a use. Whether a table
or column exists is not known here; core/code_check/ compares uses with a catalog.
"""

from enum import StrEnum

from msgspec import Struct

from agentctl.core.location import Location


class Shape(StrEnum):
    """A literal that is no scalar."""

    OBJECT = "object"
    LIST = "list"


class CodeLiteral(Struct, frozen=True, gc=False, array_like=True):
    """A literal as the code has it: a text, a number, true, false, null; or the shape of a container."""

    value: str | int | float | bool | None = None
    shape: Shape | None = None


class Named(Struct, frozen=True, gc=False, array_like=True, tag="table"):
    """A table or view by its name; `schema` is None where the code names none."""

    name: str
    schema: str | None = None


class Embedded(Struct, frozen=True, gc=False, array_like=True, tag="embedded"):
    """What a PostgREST select embeds: rows that are related to those of `parent`.

    Attributes:
        target: a table, view, foreign key column or foreign key.
        hint: behind `!`: a foreign key, a column or a junction; None without one.

    """

    parent: "Source"
    target: str
    hint: str | None = None


class Returned(Struct, frozen=True, gc=False, array_like=True, tag="returned"):
    """The rows that a function returns."""

    function: str
    schema: str | None = None


Source = Named | Embedded | Returned
"""What columns belong to."""


class Purpose(StrEnum):
    """What a column is named for."""

    SELECTED = "selected"
    FILTERED = "filtered"
    ORDERED = "ordered"
    WRITTEN = "written"


class Verb(StrEnum):
    """How rows are written."""

    INSERT = "insert"
    UPSERT = "upsert"
    UPDATE = "update"


class TableUse(Struct, frozen=True, gc=False, tag="table"):
    """A table is named, to be read from, written to or deleted from."""

    table: Named
    location: Location


class ColumnUse(Struct, frozen=True, gc=False, tag="column"):
    """A column is named.

    Attributes:
        sources: the column belongs to one of them; mostly there is one.
        location: of the column's name.
        compared: literals that its value is compared with as its own type, not as JSON or text.

    """

    sources: tuple[Source, ...]
    column: str
    purpose: Purpose
    location: Location
    compared: tuple[CodeLiteral, ...] = ()


class Written(Struct, frozen=True, gc=False):
    """One column of a row, or one argument of a function.

    Attributes:
        literals: those that it may get; empty where none is visible. `status ?? 'pending'` has one.
        always: whether it is there in any case: not behind a condition.

    """

    name: str
    location: Location
    literals: tuple[CodeLiteral, ...] = ()
    always: bool = True


class RowWrite(Struct, frozen=True, gc=False, tag="row"):
    """A row is inserted, or columns of rows are set.

    Attributes:
        written: the columns that are visible.
        complete: whether these are all that can be: no spread of something unknown.
        nulled: columns that it does not name and gets NULL in all the same, as PostgREST does with the
            columns of a bulk insert's other rows.

    """

    table: Named
    verb: Verb
    written: tuple[Written, ...]
    complete: bool
    location: Location
    nulled: tuple[str, ...] = ()


class ConflictUse(Struct, frozen=True, gc=False, tag="conflict"):
    """An upsert names the columns whose unique index decides; empty for the primary key."""

    table: Named
    columns: tuple[str, ...]
    location: Location


class EmbedUse(Struct, frozen=True, gc=False, tag="embed"):
    """A relationship is used."""

    embedded: Embedded
    location: Location


class CallUse(Struct, frozen=True, gc=False, tag="call"):
    """A function is called with arguments by name.

    Attributes:
        arguments: those that are visible.
        complete: whether these are all that can be.

    """

    function: str
    schema: str | None
    arguments: tuple[Written, ...]
    complete: bool
    location: Location


Use = TableUse | ColumnUse | RowWrite | ConflictUse | EmbedUse | CallUse


class Unresolved(Struct, frozen=True, gc=False):
    """Something that names a table, column or function in a way that cannot be told without running it."""

    what: str
    location: Location


class Unparsed(Struct, frozen=True, gc=False):
    """A file, or a part of one, that its language's grammar does not understand."""

    location: Location
    why: str


class CodeReading(Struct, frozen=True, gc=False):
    """Everything that was read off one file, or of many."""

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
