"""A table in its role: the names of its columns, and its rows under agentctl's own names.

It composes SQL and executes none. SQL that reads is written in agentctl's words alone and says `FROM
{executions}`. PostgreSQL merges the derived table into the statement, so indexes serve it as if it named the
table's own columns.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import LiteralString

from msgspec import Struct, field
from psycopg import sql

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.database.quoting import compose
from agentctl.core.errors import PermissionDenied, SchemaLacks
from agentctl.core.mapping.accounts import Accounts
from agentctl.core.mapping.optional_columns import BY_NAME, NAIVE, recordable
from agentctl.core.mapping.settings import Constant
from agentctl.core.mapping.sides import SIDES, find_type
from agentctl.core.mapping.vocabulary import WHOLE
from agentctl.core.mapping.words import NO_WORDS, Sign, Words

# For each type, one in which its values can be subtracted without an overflow.
_WIDER: Mapping[str, LiteralString] = {"smallint": "bigint", "integer": "bigint", "bigint": "numeric"}


class _Circumstances(Struct, frozen=True, kw_only=True):
    """What only some tables have; given by name, behind the fields of each role."""

    zone: tzinfo | None = None
    accounts: Accounts | None = None


class TableRole(_Circumstances, frozen=True):
    """A table, and the column of each part that can be used.

    Attributes:
        columns: part -> column.
        rows: a derived table with a column for every part, named after it; NULL for parts without a column.
        constant: column -> the value that it has in every row which agentctl inserts.
        casts: part -> the type as which `rows` has a reference whose column is of another.
        zone: of its times without a zone; None where nobody has said.
        accounts: those that its rows name, in place of a user or beside one; None where they name none.

    """

    table: Table
    columns: Mapping[str, str]
    rows: sql.Composed
    constant: Mapping[str, Constant] = field(default_factory=dict)
    casts: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, part: str) -> bool:
        return part in self.columns

    @property
    def name(self) -> str:
        """The table's name for people."""
        return self.table.name

    def query(self, text: LiteralString, **more: sql.Composable) -> sql.Composed:
        """Fill in this role's identifiers for `{table}` and each `{part}` of a statement, and add `more`."""
        parts = {part: sql.Identifier(name) for part, name in self.columns.items()}
        return compose(text, table=self.table.identifier, **{**parts, **more})

    def column(self, part: str) -> Column | None:
        """Return the column that plays a part, or None."""
        return self.table.column(self.columns[part]) if part in self.columns else None

    def base_type(self, part: str) -> str:
        """Return the base type of a part, as `rows` has it; empty if there is no column for it."""
        column = self.column(part)
        return self.casts.get(part, column.base_type) if column else ""

    def stored(self, part: str, value: object) -> object:
        """Return a key as the column of a reference holds it: a text cannot be compared with a uuid."""
        is_account = self.accounts is not None and part == self.accounts.part
        cast = self.accounts.cast if self.accounts and is_account else self.casts.get(part)
        return str(value) if cast == "uuid" and value is not None else value

    def compose_reference(self, part: str, value: sql.Composable) -> sql.Composable:
        """Return the SQL of what a part's column has for a key: for a user it may be that of the account."""
        if self.accounts is not None and part == self.accounts.part:
            return self.accounts.compose_key(value)
        return value

    def countable(self, part: LiteralString) -> sql.SQL:
        """Return the condition under which a value in a part of `rows` can be added to others.

        A numeric may be NaN, infinite, or so long that no numeric could hold the sum. A single such value in
        anybody's row would spoil everybody's sum, or end the statement.
        """
        if self.base_type(part) in {"", *WHOLE}:
            return sql.SQL("true")
        return sql.SQL(f"({part} > -1e100 AND {part} < 1e100)")

    def counted(self, part: LiteralString) -> sql.Composed:
        """Return a part of `rows` as a value that can be computed with; NULL where it cannot."""
        wider = _WIDER.get(self.base_type(part))
        if part not in self or wider is not None:
            return compose(f"{part}::{wider or 'numeric'}")
        return compose(f"CASE WHEN {{}} THEN {part} END", self.countable(part))

    @property
    def is_filtered(self) -> bool:
        """Whether row level security may hide rows of the table from this role."""
        return self.table.row_security.active

    def require_visible_rows(self) -> None:
        """Refuse a table that only looks empty.

        Raises:
            PermissionDenied: row level security hides every row from this role.

        """
        if self.table.row_security.hides_everything():
            raise PermissionDenied(
                f"Row level security hides every row of {self.table.full_name} from this role: "
                "no policy admits it.",
                hint="Connect as a role with BYPASSRLS (Supabase: postgres or service_role), "
                "or add a policy.",
                code="row_level_security",
            )


class StateDates(Struct, frozen=True):
    """The columns of dates that decide whether an agent can be run.

    Attributes:
        active_from: an agent is not active before any of these, nor where one is NULL.
        inactive_from: an agent is not active where one of these is set.

    """

    active_from: tuple[Column, ...] = ()
    inactive_from: tuple[Column, ...] = ()


class Agents(TableRole, frozen=True):
    """The agents; of one with several versions, `rows` has the one that is run.

    Attributes:
        versions: like `rows`, with every version; None where agents have none.
        dates: those that say whether an agent can be run.

    """

    versions: sql.Composed | None = None
    dates: StateDates = field(default_factory=StateDates)


class Executions(TableRole, frozen=True):
    """The executions, with their words."""

    statuses: Words = NO_WORDS

    def require_status(self) -> None:
        """Refuse to write into executions that have no status, and are read by a flag.

        Raises:
            SchemaLacks: there is none.

        """
        if "status" not in self:
            raise SchemaLacks(
                f"{self.name} has no column for the status of an execution.",
                hint="See how to add one: agentctl schema-check",
                code="column_missing",
            )

    @property
    def recordable(self) -> tuple[str, ...]:
        """The optional columns that agentctl fills here; no time of which nobody knows the zone."""
        able = recordable(self.table, self.columns)
        return tuple(name for name in able if self.zone is not None or self.base_type(name) != NAIVE)

    @property
    def unrecordable(self) -> tuple[str, ...]:
        """The optional columns that this table does not have or that this role cannot fill."""
        return tuple(name for name in BY_NAME if name not in self.recordable)

    @property
    def open_words(self) -> list[str]:
        """The database's words for the states without an outcome."""
        return self.statuses.raw("pending", "running")


class Ledger(TableRole, frozen=True):
    """The ledger, with its words and its sign.

    Attributes:
        sign_known: the evidence for the sign; None if it is assumed.
        constants: kind of row -> column -> the value that such a row has in it, beside `constant`.
        stand_ins: the kinds of row for which another word stands, because the ledger has none.

    """

    kinds: Words = NO_WORDS
    sign: Sign = Sign.SIGNED
    sign_known: str | None = None
    constants: Mapping[str, Mapping[str, Constant]] = field(default_factory=dict)
    stand_ins: frozenset[str] = frozenset()

    def explain_stand_in(self, kind: str) -> str | None:
        """Return what to tell whoever has just written a kind of row under another word."""
        if kind not in self.stand_ins:
            return None
        return f"{self.name} has no word for a {kind}: it is recorded as {self.kinds.name(kind)}."

    @property
    def has_sides(self) -> bool:
        """Whether what leaves a user and what comes to one are in columns of their own."""
        return {*SIDES} <= {*self.columns}

    def __contains__(self, part: str) -> bool:
        return part in self.columns or (part == "amount" and self.has_sides)

    def base_type(self, part: str) -> str:
        """Return the base type of a part; that of an amount of two columns is their difference's."""
        if part == "amount" and self.has_sides:
            return find_type(self.table, self.columns)
        return TableRole.base_type(self, part)

    @property
    def is_linked(self) -> bool:
        """Whether a row says which execution it belongs to."""
        return "execution" in self
