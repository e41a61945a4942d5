"""The corpus's claims about values, rows and conflict targets, checked with PostgreSQL itself.

Rows are inserted as PostgREST does it: as JSON that becomes a record of the columns' types.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Json

from codescan.expectations import CORPUS, SCHEMA, cases
from support.marketplace import Connection, empty_database
from support.postgres import Server

pytestmark = pytest.mark.every_postgres

USER = "5f0c1e34-9d0b-4c60-8c63-0a4d1e4b7a11"
AGENT = "0b0f7f0e-3a54-4c1f-9f3e-6c1d2e3f4a5b"
Row = Mapping[str, Any]
ROWS: dict[str, Row] = {
    "profiles": {"id": USER, "email": "ada@example.org"},
    "agents": {"id": AGENT, "name": "SEO Blog", "credit_cost": 5},
    "agent_executions": {"user_id": USER, "agent_id": AGENT},
    "credit_transactions": {"user_id": USER, "type": "adjustment", "amount": 1, "balance_after": 1},
    "subscriptions": {"user_id": USER, "country": "AT"},
    "reviews": {"agent_id": AGENT, "author_id": USER, "stars": 5},
    "agent_prices": {"agent_id": AGENT, "net": 10},
    "audit_log": {"action": "x"},
    "tags": {"label": "seo"},
    "agent_tags": {"agent_id": AGENT, "tag_id": 1},
    "categories": {"slug": "seo", "title": "SEO"},
}
"""A row that each table takes, parents before children."""


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[Connection]:
    """Connect to a database with one row in each table."""
    with empty_database(server) as database, database.connect() as connection:
        connection.execute(SCHEMA.read_bytes())
        for table, row in ROWS.items():
            insert(connection, table, row)
        yield connection


@pytest.fixture
def connection(filled: Connection) -> Iterator[Connection]:
    """Yield a connection, and undo what one test does."""
    with filled.transaction(force_rollback=True):
        yield filled


def insert(
    connection: Connection,
    table: LiteralString,
    row: Row,
    ending: LiteralString = "",
    nulled: tuple[str, ...] = (),
) -> None:
    columns = [*row, *nulled]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT * FROM json_to_record({}) AS _ ({}) {}").format(
        sql.Identifier(table),
        names(columns),
        Json(row),
        sql.SQL(", ").join(typed(connection, table, column) for column in columns),
        sql.SQL(ending),
    )
    connection.execute(statement)


def update(connection: Connection, table: LiteralString, row: Row) -> None:
    statement = sql.SQL("UPDATE {} SET ({}) = ROW (body.*) FROM json_to_record({}) AS body ({})").format(
        sql.Identifier(table),
        names(row),
        Json(row),
        sql.SQL(", ").join(typed(connection, table, column) for column in row),
    )
    connection.execute(statement)


def names(columns: Row | list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def typed(connection: Connection, table: str, column: str) -> sql.Composed:
    query = """
        SELECT format_type(atttypid, NULL) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attname = %s
    """
    found = connection.execute(query, (table, column)).fetchone()
    assert found, f"{table}.{column}"
    return sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(found[0]))


def without_key(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


REFUSED: list[tuple[str, Row, str]] = [
    ("agent_executions", {"status": "completed"}, "23514"),
    ("agents", {"credit_cost": 0}, "23514"),
    ("profiles", {"credits": -1}, "23514"),
    ("credit_transactions", {"type": "gift"}, "23514"),
    ("reviews", {"stars": 10}, "23514"),
    ("subscriptions", {"tier": "gold"}, "22P02"),
    ("subscriptions", {"tier": "Pro"}, "22P02"),
    ("agents", {"credit_cost": "ten"}, "22P02"),
    ("agents", {"credit_cost": 9.5}, "22P02"),
    ("agents", {"credit_cost": ""}, "22P02"),
    ("agents", {"credit_cost": {"amount": 5}}, "22P02"),
    ("agents", {"credit_cost": 3_000_000_000}, "22003"),
    ("profiles", {"total_spent": "a lot"}, "22P02"),
    ("agent_executions", {"agent_id": "seo-blog"}, "22P02"),
    ("profiles", {"is_active": "active"}, "22P02"),
    ("profiles", {"is_active": 2}, "22P02"),
    ("agents", {"name": None}, "23502"),
    ("profiles", {"credits": None}, "23502"),
    ("subscriptions", {"tier": None}, "23502"),
    ("agent_executions", {"status": None}, "23502"),
    ("subscriptions", {"country": "Germany"}, "22001"),
    ("subscriptions", {"country": "DEU"}, "22001"),
    ("agent_prices", {"gross": 12}, "428C9"),
    ("agent_prices", {"gross": None}, "428C9"),
    ("subscriptions", {"id": 7}, "428C9"),
]
TAKEN: list[tuple[str, Row]] = [
    ("agents", {"credit_cost": "12"}),
    ("agents", {"credit_cost": " 7 "}),
    ("agents", {"credit_cost": "+5"}),
    ("agents", {"name": 42, "description": True}),
    ("agents", {"name": "", "description": {"de": "Blog"}}),
    ("agents", {"input_schema": "not even an object"}),
    ("agents", {"input_schema": False, "category": None}),
    ("agents", {"input_schema": None, "deleted_at": "infinity", "updated_at": "now"}),
    ("agents", {"updated_at": "2027-02-03 04:05 Europe/Vienna"}),
    ("agents", {"required_platforms": ["slack", "gmail"]}),
    ("agents", {"required_platforms": "{slack,gmail}"}),
    ("agents", {"required_platforms": "{}"}),
    ("profiles", {"is_active": "yes", "total_spent": "19.90"}),
    ("profiles", {"is_active": "on", "total_spent": "NaN"}),
    ("profiles", {"is_active": "f", "credits": 0}),
    ("profiles", {"is_active": 1}),
    ("profiles", {"is_active": None}),
    ("agent_executions", {"user_id": USER.upper()}),
    ("agent_executions", {"user_id": USER.replace("-", "")}),
    ("agent_executions", {"user_id": f"{{{USER}}}"}),
    ("subscriptions", {"country": "DE  ", "seats": "32767"}),
    ("subscriptions", {"country": "ÖÄ", "tier": "team"}),
    ("subscriptions", {"country": ""}),
    ("credit_transactions", {"type": "adjustment", "amount": -3}),
    ("reviews", {"stars": 5, "body": ""}),
    ("audit_log", {"details": 7, "labels": []}),
    ("audit_log", {"labels": None}),
]


@pytest.mark.parametrize(("table", "change", "code"), REFUSED, ids=str)
def test_the_server_refuses_what_is_marked_as_refused(
    connection: Connection, table: LiteralString, change: Row, code: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        update(connection, table, change)
    assert refusal.value.sqlstate == code
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        insert(connection, table, {**without_key(ROWS[table]), **change})
    assert refusal.value.sqlstate == code


@pytest.mark.parametrize(("table", "change"), TAKEN, ids=str)
def test_the_server_accepts_what_only_looks_refused(
    connection: Connection, table: LiteralString, change: Row
) -> None:
    update(connection, table, change)


LEFT_OUT = [
    ("agents", "credit_cost"),
    ("reviews", "author_id"),
    ("agent_executions", "agent_id"),
    ("subscriptions", "country"),
    ("categories", "title"),
]


@pytest.mark.parametrize(("table", "column"), LEFT_OUT)
@pytest.mark.parametrize("action", [None, "DO NOTHING", "DO UPDATE SET {0} = excluded.{0}"])
def test_an_upsert_of_an_existing_row_needs_columns_without_default(
    connection: Connection, table: LiteralString, column: LiteralString, action: LiteralString | None
) -> None:
    ending = f"ON CONFLICT (id) {action.format(column)}" if action else ""
    row = {name: value for name, value in ROWS[table].items() if name != column}
    with pytest.raises(psycopg.errors.NotNullViolation) as refusal, connection.transaction():
        insert(connection, table, row, ending)
    assert refusal.value.diag.column_name == column


@pytest.mark.parametrize(("table", "column"), [("agent_executions", "status"), ("profiles", "id")])
def test_a_default_does_not_help_where_a_bulk_insert_nulls_the_column(
    connection: Connection, table: LiteralString, column: str
) -> None:
    with pytest.raises(psycopg.errors.NotNullViolation), connection.transaction():
        insert(connection, table, without_key(ROWS[table]), nulled=(column,))


def test_a_trigger_fills_a_column_that_is_left_out_or_null(connection: Connection) -> None:
    insert(connection, "audit_log", {"action": "x"})
    insert(connection, "audit_log", {"action": "x", "actor": None})


CONFLICTS = [
    ("reviews", "author_id, agent_id", True),
    ("reviews", "agent_id", False),
    ("categories", "title", False),
    ("categories", "slug", True),
    ("agents", "name", False),
    ("agents", "id", True),
    ("agent_tags", "agent_id, tag_id", True),
    ("agent_tags", "agent_id, tag_id, added_at", False),
    ("profiles", "email", True),
]


@pytest.mark.parametrize(("table", "target", "fits"), CONFLICTS)
def test_a_conflict_target_is_exactly_the_columns_of_a_full_unique_index(
    connection: Connection, table: LiteralString, target: LiteralString, *, fits: bool
) -> None:
    ending = f"ON CONFLICT ({target}) DO NOTHING"
    if fits:
        insert(connection, table, ROWS[table], ending)
        return
    with pytest.raises(psycopg.errors.InvalidColumnReference), connection.transaction():
        insert(connection, table, ROWS[table], ending)


FILTERS = [
    ("agent_executions", "user_id", "demo", "22P02"),
    ("agent_executions", "id", "0", "22P02"),
    ("subscriptions", "tier", "gold", "22P02"),
    ("subscriptions", "auto_renew", "monthly", "22P02"),
    ("profiles", "credits", "many", "22P02"),
    ("tags", "id", "three", "22P02"),
    ("agent_executions", "status", "completed", None),
    ("subscriptions", "country", "Austria", None),
    ("tags", "label", "7", None),
    ("tags", "id", "003", None),
    ("agents", "created_at", "yesterday", None),
    ("agents", "created_at", "20270101", None),
    ("agent_executions", "user_id", f"{{{USER}}}", None),
]


@pytest.mark.parametrize(("table", "column", "value", "code"), FILTERS)
def test_the_column_type_alone_decides_whether_a_filter_is_refused(
    connection: Connection, table: LiteralString, column: LiteralString, value: str, code: str | None
) -> None:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = {}").format(
        sql.Identifier(table), sql.Identifier(column), sql.Literal(value)
    )
    if code is None:
        connection.execute(query)
        return
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        connection.execute(query)
    assert refusal.value.sqlstate == code


def test_covers_every_column_that_the_corpus_marks_as_refused() -> None:
    claimed = {f"{table}.{column}" for table, change, _ in REFUSED for column in change}
    claimed |= {f"{table}.{column}" for table, column, _, code in FILTERS if code}
    marked = {
        found.object for case in cases() for found in case.expected() if found.id == "code-value-refused"
    }
    by_default = {"profiles.id"}  # a bulk insert nulls it
    assert {name for name in marked if not name.startswith("billing.")} <= claimed | by_default


STATEMENTS = [
    statement
    for path in sorted((CORPUS / "sql").glob("*.sql"))
    if path.stem not in {"scripts", "templates", "ignored"}
    for statement in re.findall(
        r".*?;(?:[ \t]*--[^\n]*)?$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements_name_missing_objects_only_where_marked(
    connection: Connection, statement: LiteralString
) -> None:
    connection.execute("DEALLOCATE ALL")  # no rollback takes back what another test prepared
    prepare = "PREPARE it AS " + re.sub(r"(?<!:):'?\w+'?", "$1", statement)
    codes = {"code-unknown-table": "42P01", "code-unknown-column": "42703"}
    if expected := {code for id_, code in codes.items() if id_ in statement}:
        with pytest.raises(psycopg.Error) as refusal, connection.transaction():
            connection.execute(prepare.encode())
        assert refusal.value.sqlstate in expected
    elif not {"code-value-refused", "code-column-generated"} & set(statement.split()):
        connection.execute(prepare.encode())
