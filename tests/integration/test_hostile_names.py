"""Names that need quotes, on the server: what it prints, and what statements with values make of them."""

import pytest
from psycopg import sql

from agentctl.core.catalog import introspect
from agentctl.core.database import at
from agentctl.core.quoting import compose, spellings
from support.hostile_names import STYLES
from support.marketplace import Database

NAMES = sorted({make(f"name{number}", number) for make in STYLES.values() for number in range(5)})


def test_an_index_is_known_by_a_column_of_any_name(database: Database) -> None:
    with at(database.url, place="a test").connect() as connection:
        for number, name in enumerate([*NAMES, "select", "order", "json", "int", "between", "a$b"]):
            table = sql.Identifier(f"t{number}")
            connection.execute(compose("CREATE TABLE {} ({} int)", table, sql.Identifier(name)))
            connection.execute(compose("CREATE INDEX ON {} ({} DESC)", table, sql.Identifier(name)))
            query = compose("SELECT pg_get_indexdef(indexrelid, 1, true) AS key FROM pg_index "
                            "WHERE indrelid = {}::regclass", sql.Literal(f"t{number}"))  # fmt: skip
            row = connection.execute(query).fetchone()
            assert row
            assert row["key"] in spellings(name), name


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_itself_in_a_statement_that_takes_values(database: Database, name: str) -> None:
    with at(database.url, place="a test").connect() as connection:
        query = compose(
            "SELECT %(value)s::text AS {}, {} AS literal", sql.Identifier(name), sql.Literal(name)
        )
        row = connection.execute(query, {"value": "%s"}).fetchone()

    assert row == {name: "%s", "literal": name}


@pytest.mark.parametrize(
    "name", ["x\n;CREATE TABLE executed ();--", "x'\n;CREATE TABLE executed ();--", *NAMES], ids=ascii
)
def test_a_schema_of_any_name_is_looked_into_and_executes_nothing(database: Database, name: str) -> None:
    with at(database.url, place="a test").connect() as connection:
        connection.execute(compose("CREATE SCHEMA {}", sql.Identifier(name)))
        connection.execute(compose("CREATE TABLE {} ()", sql.Identifier(name, "inside")))
        catalog = introspect(connection, schemas=[name], also=[name, "public"])

    assert [(table.schema, table.name) for table in catalog.tables] == [(name, "inside")]
