"""Names that need quotes, on a real server: as PostgreSQL prints them, and in statements with values."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from agentctl.core.catalog.introspection import introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.database.quoting import compose, spellings
from agentctl.core.mapping.settings import RoleSettings, SchemaSettings
from agentctl.resources import sql_bytes
from support.hostile_names import STYLES
from support.marketplace import Database
from support.migrations import widen
from support.postgres import Server

NAMES = sorted({make(f"name{number}", number) for make in STYLES.values() for number in range(5)})


def test_recognises_an_index_on_a_column_of_any_name(database: Database) -> None:
    with read_database_url(database.url, source="a test").connect() as connection:
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
def test_any_name_is_unchanged_in_a_statement_with_values(database: Database, name: str) -> None:
    with read_database_url(database.url, source="a test").connect() as connection:
        query = compose(
            "SELECT %(value)s::text AS {}, {} AS literal", sql.Identifier(name), sql.Literal(name)
        )
        row = connection.execute(query, {"value": "%s"}).fetchone()

    assert row == {name: "%s", "literal": name}


@pytest.mark.parametrize(
    "name", ["x\n;CREATE TABLE executed ();--", "x'\n;CREATE TABLE executed ();--", *NAMES], ids=ascii
)
def test_reads_a_schema_of_any_name_and_executes_nothing(database: Database, name: str) -> None:
    with read_database_url(database.url, source="a test").connect() as connection:
        connection.execute(compose("CREATE SCHEMA {}", sql.Identifier(name)))
        connection.execute(compose("CREATE TABLE {} ()", sql.Identifier(name, "inside")))
        catalog = introspect(connection, schemas=[name], also=[name, "public"])

    assert [(table.schema, table.name) for table in catalog.tables] == [(name, "inside")]


@pytest.fixture
def latin_database(server: Server) -> Iterator[Database]:
    """Create a marketplace in an old encoding, whose executions table has names beyond ASCII."""
    name = f"latin_{uuid4().hex[:12]}"
    create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server.socket_url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL(create).format(sql.Identifier(name)))
        try:
            made = Database(server, name)
            made.execute(sql_bytes("minimal"))
            made.execute(
                'CREATE SCHEMA "größe"; ALTER TABLE agent_executions SET SCHEMA "größe"; '
                'ALTER TABLE "größe".agent_executions RENAME TO "läufe"'.encode("latin1")
            )
            yield made
        finally:
            admin.execute(drop)


def test_reads_and_migrates_a_database_of_another_encoding(latin_database: Database) -> None:
    settings = SchemaSettings(roles={"executions": RoleSettings(table="größe.läufe")})

    widen(latin_database, settings=settings)

    with read_database_url(latin_database.url, source="a test").connect() as connection:
        (table,) = introspect(connection, schemas=["größe"]).tables
    assert table.name == "läufe"
    assert {"inputs", "completed_at"} <= {column.name for column in table.columns}
