"""Builds uses by hand, all at one location, as a test needs them."""

from typing import Any

from agentctl.core.catalog.introspection import Catalog
from agentctl.core.code_check.code_check import check_code
from agentctl.core.code_check.context import CheckContext, CheckedCode
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeLiteral,
    CodeReading,
    ColumnUse,
    ConflictUse,
    Embedded,
    EmbedUse,
    Named,
    Purpose,
    RowWrite,
    Shape,
    Source,
    TableUse,
    Use,
    Verb,
    Written,
)
from agentctl.core.location import Location
from agentctl.core.schema_files.migrations import Migrations

HERE = Location("src/app.ts", 3, 7)
IN_SQL = Location("db/job.sql", 3, 7)
OBJECT, LIST = CodeLiteral(shape=Shape.OBJECT), CodeLiteral(shape=Shape.LIST)


def migrations(*statements: str) -> Migrations:
    """Run a migration whose twelfth line has these statements."""
    return Migrations([("supabase/migrations/2024_x.sql", "\n" * 11 + " ".join(statements))])


def named(name: str) -> Named:
    """Name a table, or `schema.table`."""
    schema, _, own = name.rpartition(".")
    return Named(own, schema or None)


def using(name: str, place: Location = HERE) -> TableUse:
    """Use a table."""
    return TableUse(named(name), place)


def column_of(
    *sources: Source | str, column: str, purpose: Purpose = Purpose.SELECTED, **others: Any
) -> ColumnUse:
    """Name a column of one of the sources."""
    all_sources = tuple(named(one) if isinstance(one, str) else one for one in sources)
    return ColumnUse(all_sources, column, purpose, others.pop("place", HERE), **others)


def compared(table: str, column: str, *values: Any, place: Location = HERE) -> ColumnUse:
    """Filter by a column."""
    found = tuple(map(given, values))
    return column_of(table, column=column, purpose=Purpose.FILTERED, compared=found, place=place)


def given(value: Any) -> CodeLiteral:
    """Return a literal for a value; a literal stays unchanged."""
    return value if isinstance(value, CodeLiteral) else CodeLiteral(value)


def written(name: str, *values: Any, always: bool = True, place: Location = HERE) -> Written:
    """Return a column or argument with the values that it may get."""
    return Written(name, place, tuple(map(given, values)), always)


def row(
    table: str,
    *parts: Written | str,
    verb: Verb = Verb.INSERT,
    complete: bool = True,
    nulled: tuple[str, ...] = (),
    place: Location = HERE,
) -> RowWrite:
    """Write a row; a bare name is a column of which no value is visible."""
    all_parts = tuple(written(one, place=place) if isinstance(one, str) else one for one in parts)
    return RowWrite(named(table), verb, all_parts, complete, place, nulled)


def embed(parent: Source | str, target: str, hint: str | None = None) -> EmbedUse:
    """Embed rows of another table."""
    source = named(parent) if isinstance(parent, str) else parent
    return EmbedUse(Embedded(source, target, hint), HERE)


def upsert_on(table: str, *columns: str) -> ConflictUse:
    """Upsert on columns."""
    return ConflictUse(named(table), columns, HERE)


def call(name: str, *arguments: Written | str, complete: bool = True) -> CallUse:
    """Call a function, or `schema.function`."""
    schema, _, own = name.rpartition(".")
    all_arguments = tuple(written(one) if isinstance(one, str) else one for one in arguments)
    return CallUse(own, schema or None, all_arguments, complete, HERE)


def checked(catalog: Catalog, *uses: Use, **context: Any) -> CheckedCode:
    """Compare uses with a catalog."""
    return check_code(CodeReading(uses=uses), CheckContext(catalog, **context))


def ids(catalog: Catalog, *uses: Use, **context: Any) -> list[str]:
    """Return each finding's id and object, in one text."""
    return [f"{one.id} {one.object}" for one in checked(catalog, *uses, **context).findings]
