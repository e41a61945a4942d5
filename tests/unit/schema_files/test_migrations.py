"""The migrations of a repository: which files they are, in which order they run, and what they lead to."""

import pytest

from agentctl.core.location import Location
from agentctl.core.schema_files.migration_files import forwards, is_migration, leads_backwards, order
from agentctl.core.schema_files.migrations import Migrations

TABLE = "CREATE TABLE a (x int);"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("supabase/migrations/1_x.sql", ""),
        ("prisma/migrations/20240101_init/migration.sql", "-- empty"),
        ("drizzle/0000_x.sql", "select 1"),
        ("db/migrate/x.sql", ""),
        ("supabase/schemas/a.sql", ""),
        ("x.sql", TABLE),
        ("x.sql", "alter table a add y int"),
        (
            "x.sql",
            "insert into a values ('x'); create or replace function f() returns int language sql as ''",
        ),
        ("x.sql", "create unlogged table a (x int)"),
        ("x.sql", "create materialized view v as select 1"),
        ("x.sql", "do $$ begin alter table a add y int; end $$"),
        ("x.sql", "drop type if exists a"),
    ],
)
def test_a_file_that_changes_the_schema_or_lies_with_migrations_is_one(path: str, text: str) -> None:
    assert is_migration(path, text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM a WHERE note = 'create table b'",
        "-- create table a (x int)\nINSERT INTO a VALUES (1)",
        "CREATE TEMP TABLE a (x int); SELECT 1",
        "GRANT SELECT ON a TO b",
        "DO $$ BEGIN PERFORM 1; END $$",
        "",
    ],
)
def test_a_query_is_no_migration(text: str) -> None:
    assert not is_migration("queries/report.sql", text)


def test_files_run_in_the_order_of_tools_and_whole_schemas_before_migrations() -> None:
    paths = [
        "db/migrations/R__views.sql",
        "db/migrations/V10__c.sql",
        "db/migrations/V2__b.sql",
        "db/migrations/V2_1__b.sql",
        "prisma/migrations/20240101_a/migration.sql",
        "prisma/migrations/20240102_b/migration.sql",
        "schema.sql",
    ]
    assert sorted(set(paths), key=order) == [
        "schema.sql",
        "db/migrations/V2__b.sql",
        "db/migrations/V2_1__b.sql",
        "db/migrations/V10__c.sql",
        "prisma/migrations/20240101_a/migration.sql",
        "prisma/migrations/20240102_b/migration.sql",
        "db/migrations/R__views.sql",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "m/1.down.sql",
        "m/down.sql",
        "m/1_down.sql",
        "m/1-rollback.sql",
        "a/undo.sql",
        "U2__x.sql",
        "revert/x.sql",
        "m/2_undo.sql",
    ],
)
def test_a_file_that_takes_back_is_left_out(path: str) -> None:
    assert leads_backwards(path)
    assert Migrations([(path, TABLE)]).adds_table("a") is None


@pytest.mark.parametrize(
    "path",
    [
        "m/1_shutdown.sql",
        "m/2_add_undo_log.sql",
        "m/download.sql",
        "m/1.up.sql",
        "m/users.sql",
        "m/3_add_undo.sql",
    ],
)
def test_a_file_that_only_sounds_like_it_is_not(path: str) -> None:
    assert not leads_backwards(path)
    assert Migrations([(path, TABLE)]).adds_table("a") == Location(path, 1, 1)


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("-- migrate:up", "-- migrate:down"),
        ("-- +goose Up", "-- +goose Down"),
        ("-- +migrate Up", "-- +migrate Down"),
        ("-- Up Migration", "-- Down Migration"),
        ("-- migrate:up transaction:false", "--migrate:down"),
    ],
)
def test_only_the_part_that_leads_forwards_counts(up: str, down: str) -> None:
    text = f"{up}\n{TABLE}\n{down}\nDROP TABLE a;\n{up}\nCREATE TABLE b (x int);"
    found = Migrations([("db/1.sql", text)])
    assert found.adds_table("a") == Location("db/1.sql", 2, 1)
    assert found.adds_table("b") == Location("db/1.sql", 6, 1)


def test_a_file_without_marks_counts_whole() -> None:
    text = "-- down with it\r\n-- up next: tables\r\nCREATE TABLE a (x int);\r\n"
    assert forwards(text) == text


def test_what_a_later_migration_takes_away_is_not_added() -> None:
    found = Migrations(
        [
            ("migrations/3.sql", "ALTER TABLE a RENAME y TO z; DROP FUNCTION f(int); DROP TABLE gone;"),
            ("migrations/1.sql", "CREATE TABLE a (x int, y int, w int); CREATE TABLE gone (x int);"),
            (
                "migrations/2.sql",
                "\nALTER TABLE a DROP w;\nCREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS '';",
            ),
            ("migrations/2b.sql", "\nCREATE FUNCTION app.g() RETURNS int LANGUAGE sql AS '';"),
        ]
    )
    assert found.adds_table("a") == found.adds_column("a", "x") == Location("migrations/1.sql", 1, 1)
    assert found.adds_column("a", "z", "public") == Location("migrations/3.sql", 1, 1)
    assert found.adds_function("g", "app") == Location("migrations/2b.sql", 2, 1)
    nothing = [
        found.adds_column("a", "y"),
        found.adds_column("a", "w"),
        found.adds_column("nobody", "x"),
        found.adds_table("gone"),
        found.adds_table("a", "app"),
        found.adds_function("f"),
        found.adds_function("g", "public"),
    ]
    assert nothing == [None] * len(nothing)


def test_a_stale_schema_beside_migrations_does_not_bring_back_what_they_drop() -> None:
    found = Migrations(
        [
            ("supabase/migrations/1.sql", "CREATE TABLE a (x int, y int);"),
            ("supabase/migrations/2.sql", "ALTER TABLE a DROP COLUMN y, ADD COLUMN z int;"),
            ("zz/dump.sql", "CREATE TABLE a (x int, y int);"),
        ]
    )
    assert found.adds_column("a", "y") is None
    assert found.adds_column("a", "z") == Location("supabase/migrations/2.sql", 1, 1)


def test_a_statement_that_is_not_understood_is_reported() -> None:
    (problem,) = Migrations([("m/1.sql", "CREATE TABLE `a` (x int);")]).problems
    assert problem.location == Location("m/1.sql", 1)
