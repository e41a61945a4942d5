"""A table in its role: what its columns are called, and its rows under agentctl's own names.

It composes SQL and executes none. Reading SQL is written in agentctl's words alone and says `FROM
{executions}`; PostgreSQL merges the derived table into the statement, so that indexes serve it as if the
names were the table's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from psycopg import sql

from agentctl.core.catalog.introspection import Column, Table
from agentctl.core.errors import PermissionDenied
from agentctl.core.mapping.optional_columns import BY_NAME, recordable
from agentctl.core.mapping.settings import Constant
from agentctl.core.mapping.vocabulary import WHOLE
from agentctl.core.mapping.words import NO_WORDS, Sign, Words

# Types whose values can be subtracted from each other without an overflow.
_WIDER: Mapping[str, LiteralString] = {"smallint": "bigint", "integer": "bigint", "bigint": "numeric"}


@dataclass(frozen=True, slots=True)
class TableRole:
    """A table, and which of its columns plays which part; `columns` has only parts that can be used.

    Attributes:
        rows: a derived table with a column for every part, named after it; NULL where there is no such
            column.
        constant: column -> what every row that agentctl inserts has there.

    """

    table: Table
    columns: Mapping[str, str]
    rows: sql.Composed
    constant: Mapping[str, Constant] = field(default_factory=dict)

    def __contains__(self, part: str) -> bool:
        return part in self.columns

    @property
    def name(self) -> str:
        """The table's name for people."""
        return self.table.name

    def query(self, text: LiteralString, **more: sql.Composable) -> sql.Composed:
        """Fill `{table}` and `{part}` of a statement with this role's identifiers, and `more` as given."""
        parts = {part: sql.Identifier(name) for part, name in self.columns.items()}
        return sql.SQL(text).format(table=identifier(self.table), **{**parts, **more})

    def column(self, part: str) -> Column | None:
        """Return the column that plays a part, or None."""
        return self.table.column(self.columns[part]) if part in self.columns else None

    def base_type(self, part: str) -> str:
        """Return the type of the column that plays a part; empty where there is none."""
        column = self.column(part)
        return column.base_type if column else ""

    def countable(self, part: LiteralString) -> sql.SQL:
        """Return the condition under which what stands in a part of `rows` can be summed with others.

        A numeric may be NaN, infinite, or so long that a sum would not fit into one: a single such value in
        anybody's row would be everybody's sum, or end the statement.
        """
        if part not in self or self.base_type(part) in WHOLE:
            return sql.SQL("true")
        return sql.SQL(f"({part} > -1e100 AND {part} < 1e100)")

    def counted(self, part: LiteralString) -> sql.Composed:
        """Return what stands in a part of `rows` so that it can be computed with; NULL where it cannot."""
        wider = _WIDER.get(self.base_type(part))
        if part not in self or wider is not None:
            return sql.SQL(f"{part}::{wider or 'numeric'}").format()
        return sql.SQL(f"CASE WHEN {{}} THEN {part} END").format(self.countable(part))

    @property
    def is_filtered(self) -> bool:
        """Whether row level security may hide rows of the table from this role."""
        return self.table.row_security.active

    def require_visible_rows(self) -> None:
        """Refuse to call a table empty that only looks so.

        Raises:
            PermissionDenied: row level security hides every row from this role.

        """
        if self.table.row_security.hides_everything():
            name = f"{self.table.schema}.{self.table.name}"
            msg = f"Row level security hides every row of {name} from this role: no policy admits it."
            hint = "Connect as a role with BYPASSRLS (Supabase: postgres or service_role), or add a policy."
            raise PermissionDenied(msg, hint=hint, code="row_level_security")


@dataclass(frozen=True, slots=True)
class Executions(TableRole):
    """The executions, with their words."""

    statuses: Words = NO_WORDS

    @property
    def recordable(self) -> tuple[str, ...]:
        """The optional columns that agentctl fills here."""
        return recordable(self.table, self.columns)

    @property
    def unrecordable(self) -> tuple[str, ...]:
        """The optional columns whose content this table, or this role, has no place for."""
        return tuple(name for name in BY_NAME if name not in self.recordable)

    @property
    def open_words(self) -> list[str]:
        """The database's words for the states without an outcome."""
        return self.statuses.raw("pending", "running")


@dataclass(frozen=True, slots=True)
class Ledger(TableRole):
    """The ledger, with its words and its sign; `sign_known` is the evidence, None where it is assumed."""

    kinds: Words = NO_WORDS
    sign: Sign = Sign.SIGNED
    sign_known: str | None = None

    @property
    def is_linked(self) -> bool:
        """Whether a row says which execution it belongs to."""
        return "execution" in self


def identifier(table: Table) -> sql.Identifier:
    """Return a table's name as SQL."""
    return sql.Identifier(table.schema, table.name)
