"""The parts of a schema that statements build before it becomes a catalog: they still change.

Values are replaced, never changed; only tables and types have an identity, because others refer to them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct, field
from pglast.ast import Node

from agentctl.core.catalog.introspection import Trigger
from agentctl.core.location import Location


class FullName(NamedTuple):
    """The name of one object."""

    schema: str
    name: str


class UserType(Struct, eq=False):
    """A type that statements create or only mention; of the latter only its name is known.

    Attributes:
        labels: of an enum.
        base: the type below a domain; `checks` are its CHECKs by name.

    """

    schema: str
    name: str
    labels: tuple[str, ...] | None = None
    base: "TypeUse | None" = None
    not_null: bool = False
    checks: dict[str, Node] = field(default_factory=dict)


class TypeUse(Struct, frozen=True):
    """A type as a column or argument has it.

    Attributes:
        of: the name of one of PostgreSQL's own, as it prints it, or one that statements create.
        modifier: what stands in parentheses, with them.

    """

    of: str | UserType
    modifier: str = ""
    array: bool = False

    @property
    def own(self) -> UserType | None:
        """The type that statements create; None for PostgreSQL's own types, and for any array."""
        return self.of if isinstance(self.of, UserType) and not self.array else None


class ColumnDraft(Struct, frozen=True):
    """A column; `type` is None where it is unknown, as for most expressions of a view."""

    name: str
    type: TypeUse | None
    location: Location
    nullable: bool = True
    default: str | None = None
    generated: bool = False
    sequence: str | None = None


class WrittenCheck(Struct, frozen=True):
    """A condition as it was written, and today's names of its columns by the names in it."""

    node: Node
    columns: Mapping[str, str]

    def renamed(self, old: str, new: str) -> "WrittenCheck":
        """Return the condition after a column has been renamed."""
        return WrittenCheck(
            self.node, {written: new if now == old else now for written, now in self.columns.items()}
        )


class Reference(Struct, frozen=True):
    """What a foreign key refers to; `columns` is empty for the primary key.

    Attributes:
        actions: what is done ON DELETE and ON UPDATE, as PostgreSQL prints it.

    """

    schema: str
    table: str
    columns: tuple[str, ...]
    actions: str = ""

    @property
    def full_name(self) -> FullName:
        """The full name of the table."""
        return FullName(self.schema, self.table)


class ConstraintDraft(Struct, frozen=True):
    """A constraint; the kinds are the catalog's.

    Attributes:
        suffix: of its definition, such as ` NOT VALID`.
        inherited: whether children get it too.

    """

    name: str
    kind: str
    columns: tuple[str, ...]
    check: WrittenCheck | None = None
    reference: Reference | None = None
    suffix: str = ""
    validated: bool = True
    inherited: bool = True


class Key(Struct, frozen=True):
    """What an index sorts by: a column, or the text of an expression over `columns`.

    Attributes:
        called: what an expression is called in the names of indexes.

    """

    column: str | None
    expression: str = ""
    called: str = "expr"
    columns: frozenset[str] = frozenset()
    order: str = ""


class IndexDraft(Struct, frozen=True):
    """An index.

    Attributes:
        condition: the text of what makes it partial, over `condition_columns`.
        valid: False while partitions lack it.

    """

    name: str
    method: str
    keys: tuple[Key, ...]
    unique: bool
    condition: str | None = None
    condition_columns: frozenset[str] = frozenset()
    included: tuple[str, ...] = ()
    valid: bool = True

    @property
    def columns(self) -> frozenset[str]:
        """Every column without which it cannot exist."""
        named = {key.column for key in self.keys if key.column} | set(self.included)
        return self.condition_columns.union(named, *(key.columns for key in self.keys))


class TableDraft(Struct, eq=False):
    """A table or view.

    Attributes:
        location: None of a table that is only assumed to be there.
        perhaps: whether it was created IF NOT EXISTS.
        parents: whose columns it has, as a partition or by inheritance.
        sources: what a view reads.
        not_null: columns by the name of the constraint that says so.

    """

    schema: str
    name: str
    kind: str
    location: Location | None
    columns: dict[str, ColumnDraft] = field(default_factory=dict)
    constraints: dict[str, ConstraintDraft] = field(default_factory=dict)
    indexes: dict[str, IndexDraft] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    parents: list["TableDraft"] = field(default_factory=list)
    sources: set["TableDraft"] = field(default_factory=set)
    not_null: dict[str, str] = field(default_factory=dict)
    row_security: bool = False
    insertable: bool = True
    perhaps: bool = False

    @property
    def full_name(self) -> FullName:
        """The schema and the name that it has now."""
        return FullName(self.schema, self.name)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of its primary key; none where it has none."""
        keys = (
            constraint.columns for constraint in self.constraints.values() if constraint.kind == "primary key"
        )
        return next(keys, ())

    def is_below(self, other: "TableDraft") -> bool:
        """Whether it is that table, or one of its partitions or heirs."""
        return self is other or any(parent.is_below(other) for parent in self.parents)


class ArgumentDraft(Struct, frozen=True):
    """An argument of a function; `mode` is PostgreSQL's letter."""

    name: str
    type: TypeUse
    mode: str
    optional: bool

    @property
    def is_input(self) -> bool:
        """Whether a caller gives it."""
        return self.mode in "ibv"


class FunctionDraft(Struct, frozen=True):
    """A function; `returns` is None where its arguments say it."""

    schema: str
    name: str
    arguments: tuple[ArgumentDraft, ...]
    returns: TypeUse | None
    set_of: bool
    security_definer: bool
    settings: tuple[str, ...]
    asks_who: bool
    location: Location

    @property
    def inputs(self) -> tuple[TypeUse, ...]:
        """The types by which it differs from others of its name."""
        return tuple(
            TypeUse(argument.type.of, array=argument.type.array)
            for argument in self.arguments
            if argument.is_input
        )
