"""The names read from SQL are those that PostgreSQL finds: none is unknown to it, except those it misses."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from agentctl.core.catalog.introspection import Catalog, introspect
from agentctl.core.code_check.reading.sql_reader import read_sql
from agentctl.core.code_check.reading.uses import (
    CallUse,
    CodeReading,
    ColumnUse,
    ConflictUse,
    Named,
    RowWrite,
    TableUse,
)
from agentctl.core.database.connection import read_database_url
from agentctl.core.location import Location
from agentctl.core.sql import builtins
from agentctl.core.sql.lines import Lines
from support.marketplace import Database, Marketplace

pytestmark = pytest.mark.every_postgres

STATEMENTS = Path(__file__).with_name("statements.sql").read_text(encoding="utf-8").split(";\n")[:-1]
WRONG = "no_such_column"
PROBE = "PREPARE probe AS "


def catalog_of(marketplace: Marketplace) -> Catalog:
    with read_database_url(marketplace.url, source="a test").connect() as connection:
        return introspect(connection)


@pytest.fixture
def asking(marketplace: Marketplace) -> Iterator[psycopg.Connection]:
    with marketplace.connect() as connection:
        yield connection


def refusal(asking: psycopg.Connection, statement: str) -> psycopg.Error | None:
    """Have the server analyse a statement without running it, and return its error."""
    try:
        asking.execute(f"{PROBE}{statement}".encode())
        asking.execute("DEALLOCATE probe")
    except psycopg.Error as error:
        return error
    return None


def named(reading: CodeReading) -> Iterator[tuple[tuple[Named, ...], str, Location]]:
    """Return every column that a reading names: the tables it can belong to, and its location."""
    for use in reading.uses:
        if isinstance(use, ColumnUse):
            yield (
                tuple(source for source in use.sources if isinstance(source, Named)),
                use.column,
                use.location,
            )
        elif isinstance(use, RowWrite):
            yield from (((use.table,), one.name, one.location) for one in use.written)
        elif isinstance(use, ConflictUse):
            yield from (((use.table,), name, use.location) for name in use.columns)


def columns_of(catalog: Catalog, table: Named) -> set[str]:
    found = catalog.table(table.name)
    return {column.name for column in found.columns} if found else set()


def unknown_places(catalog: Catalog, statement: str) -> set[tuple[int, int]]:
    """Return the locations of columns that none of their tables has."""
    return {
        (place.line, place.column)
        for tables, column, place in named(read_sql(statement, file="x.sql"))
        if not any(column in columns_of(catalog, table) for table in tables)
    }


def test_every_name_in_an_accepted_statement_exists(
    marketplace: Marketplace, asking: psycopg.Connection
) -> None:
    catalog = catalog_of(marketplace)
    for statement in STATEMENTS:
        assert refusal(asking, statement) is None, statement
        reading = read_sql(statement, file="x.sql")
        assert (reading.unresolved, reading.unparsed) == ((), ())
        for use in reading.uses:
            if isinstance(use, TableUse):
                assert catalog.table(use.table.name), statement
            if isinstance(use, CallUse):
                (function,) = catalog.functions_named(use.function)
                assert {one.name for one in use.arguments} <= {one.name for one in function.arguments}
        for tables, column, _ in named(reading):
            assert any(column in columns_of(catalog, table) for table in tables), (statement, column)


def test_names_the_wrong_column_that_the_server_misses(
    marketplace: Marketplace, asking: psycopg.Connection
) -> None:
    catalog = catalog_of(marketplace)
    every = {column.name for table in catalog.tables for column in table.columns}
    told = missed = 0
    for statement in STATEMENTS:
        for name in re.finditer(r"\b\w+\b", statement):
            wrong = statement[: name.start()] + WRONG + statement[name.end() :]
            error = refusal(asking, wrong) if name.group() in every else None
            if error is None or error.sqlstate != "42703":
                continue
            reported = int(error.diag.statement_position or 0) - len(PROBE) - 1
            places = {Lines(wrong).locate(offset) for offset in (name.start(), reported)}
            unknown = unknown_places(catalog, wrong)
            assert unknown <= places, wrong
            told += bool(unknown)
            missed += not unknown
    assert told > 150
    assert missed < told / 10


def test_does_not_report_postgresqls_own_functions(database: Database) -> None:
    rows = database.execute(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace "
        "AND prokind = 'f' AND EXISTS (SELECT FROM unnest(proargnames, proargmodes) AS a(name, mode) "
        "WHERE name <> '' AND (mode IS NULL OR mode IN ('i', 'b', 'v')))"
    )
    assert len(rows) > 50
    assert [name for (name,) in rows if not builtins.is_function((name,))] == []
