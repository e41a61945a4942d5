"""A schema that is read from SQL equals the one that PostgreSQL creates from it."""

import subprocess
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.core.catalog.check_constraint import Check
from agentctl.core.catalog.introspection import Catalog, Column, Constraint, Function, Table, introspect
from agentctl.core.database.connection import read_database_url
from agentctl.core.schema_files.baseline import read_baseline, record, write_baseline
from agentctl.core.schema_files.ddl import Schema
from agentctl.core.schema_files.opening import open_schema_source
from agentctl.resources import sql_bytes
from support.marketplace import Database
from support.postgres import find_installation

pytestmark = pytest.mark.every_postgres

_TESTS = Path(__file__).parents[1]
EXAMPLES = sorted((_TESTS / "databases").glob("*.sql"))
CONSTRUCTS = (_TESTS / "support/constructs.sql").read_text()
REFERENCE = "".join(sql_bytes(name).decode() for name in ("minimal", "credits", "full"))
VALUES: tuple[Any, ...] = (
    None,
    -5,
    0,
    1,
    7,
    2_000_000,
    "",
    "x",
    "usage",
    "done",
    "good",
    "root",
    " ",
    True,
    False,
)


def live(database: Database) -> Catalog:
    with read_database_url(database.url, source="a test").connect() as connection:
        return introspect(connection, everywhere=True)


def read(text: str) -> Catalog:
    schema = Schema()
    assert schema.apply(text, file="schema.sql") == []
    return schema.catalog()


def loaded(database: Database, text: str) -> Catalog:
    database.execute(text.encode())
    return live(database)


def column_facts(column: Column, known: Column | None) -> dict[str, Any]:
    """Return the facts about columns that must be equal; types only if the text has them."""
    guessed = known is not None and known.type == "unknown"
    return {
        "type": None if guessed else (column.type, column.base_type),
        "nullable": column.nullable,
        "default": column.default is not None,
        "generated": column.generated,
        "labels": None if guessed else column.enum_labels,
    }


def key_facts(table: Table, catalog: Catalog) -> set[tuple[Any, ...]]:
    """Return the keys; PostgreSQL has one more foreign key for each partition that it refers to."""
    parts = {one.name for one in table.constraints}
    return {
        (one.name, one.kind, one.columns, one.foreign_schema, one.foreign_table, one.foreign_columns)
        for one in table.constraints
        if one.kind != "check"
        and not (one.kind == "foreign key" and one.name[:-1] in parts and is_partition(catalog, one))
    }


def is_partition(catalog: Catalog, key: Constraint) -> bool:
    target = catalog.table(key.foreign_table or "")
    return target is not None and "_" in target.name and target.name.startswith("measures_")


def index_facts(table: Table) -> set[tuple[Any, ...]]:
    """Return the indexes; PostgreSQL writes the text of an expression its own way."""
    return {
        (
            one.name,
            one.method,
            one.unique,
            one.partial,
            one.valid,
            tuple("expression" if "(" in key else key.strip('"') for key in one.columns),
        )
        for one in table.indexes
    }


def function_facts(function: Function) -> tuple[Any, ...]:
    arguments = tuple((one.name, one.type, one.mode, one.optional) for one in function.arguments)
    return (
        function.schema,
        function.name,
        arguments,
        function.signature,
        function.returns,
        function.security_definer,
        tuple(one.partition("=")[0] for one in function.settings),
        function.asks_who,
    )


def assert_same(made: Catalog, real: Catalog, *, ordered: bool = True) -> None:
    kinds = {
        (one.schema, one.name): (one.kind, one.insertable, one.row_security.enabled) for one in real.tables
    }
    assert {
        (one.schema, one.name): (one.kind, one.insertable, one.row_security.enabled) for one in made.tables
    } == kinds
    assert [(one.schema, one.name) for one in made.tables] == [(one.schema, one.name) for one in real.tables]
    for mine, there in zip(made.tables, real.tables, strict=True):
        assert_same_table(mine, there, real, ordered=ordered)
    assert [function_facts(one) for one in made.functions] == [function_facts(one) for one in real.functions]


def assert_same_table(mine: Table, there: Table, real: Catalog, *, ordered: bool) -> None:
    names, real_names = ([one.name for one in table.columns] for table in (mine, there))
    assert (names if ordered else sorted(names)) == (real_names if ordered else sorted(real_names)), mine.name
    for column in there.columns:
        own = mine.column(column.name)
        assert own
        assert column_facts(own, own) == column_facts(column, own), f"{mine.name}.{column.name}"
        assert own.sequence or not column.sequence, f"{mine.name}.{column.name}"
        assert_same_domain(own.domain_checks, column.domain_checks)
    assert key_facts(mine, real) == key_facts(there, real), mine.name
    assert index_facts(mine) == index_facts(there), mine.name
    assert_same_checks(mine, there)
    assert [(one.name, one.function) for one in mine.triggers] == [
        (one.name, one.function) for one in there.triggers
    ]


def assert_same_checks(mine: Table, there: Table) -> None:
    own = {one.name: one for one in mine.constraints if one.kind == "check"}
    real = {one.name: one for one in there.constraints if one.kind == "check"}
    assert {name: (set(one.columns), one.validated) for name, one in own.items()} == {
        name: (set(one.columns), one.validated) for name, one in real.items()
    }, mine.name
    for name, one in real.items():
        assert_same_check(own[name].check, one.check, rows(one.columns))


def assert_same_domain(mine: tuple[Check, ...], there: tuple[Check, ...]) -> None:
    """Compare all checks of a domain at once, because PostgreSQL lists them in any order."""
    assert len(mine) == len(there)
    for value in VALUES:
        said = [one.holds({"value": value}) for one in mine]
        expected = [one.holds({"value": value}) for one in there]
        assert None in expected or sorted(map(str, said)) == sorted(map(str, expected)), (mine, there, value)


def assert_same_check(mine: Check | None, there: Check | None, values: Iterable[dict[str, Any]]) -> None:
    """Compare what is understood; it may be more of a condition as written than as PostgreSQL prints it."""
    for row in values:
        assert mine
        assert there
        said, printed = mine.holds(row), Check(mine.definition).holds(row)
        assert there.holds(row) in {said, None}, (mine, there, row)
        assert printed == said, (mine, row)


def rows(columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for first in VALUES:
        for second in VALUES:
            yield {column: (first, second)[number % 2] for number, column in enumerate(columns)}


def test_reads_the_reference_schema_as_postgresql_does(database: Database) -> None:
    assert_same(read(REFERENCE), loaded(database, REFERENCE))


def test_reads_every_construct_as_postgresql_does(database: Database) -> None:
    assert_same(read(CONSTRUCTS), loaded(database, CONSTRUCTS))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_reads_every_example_as_postgresql_does(database: Database, path: Path) -> None:
    text = path.read_text()
    filled = text.replace("{webhook}", "http://127.0.0.1:9").replace("{role}", "postgres")
    assert_same(read(text), loaded(database, filled))


@pytest.mark.parametrize("text", [CONSTRUCTS, REFERENCE], ids=["constructs", "reference"])
def test_reads_a_dump_as_its_database(database: Database, text: str) -> None:
    dump = dumped(loaded_into(database, text))
    real = live(database)
    schema = Schema()
    assert schema.apply(dump, file="dump.sql") == []
    assert_same(schema.catalog(), real, ordered=False)  # heirs have their parents' columns first


def test_skips_the_data_of_a_dump(database: Database) -> None:
    text = (_TESTS / "databases/supabase_starter.sql").read_text()
    dump = dumped(loaded_into(database, text), "--no-owner")
    assert "\\.\n" in dump
    assert_same(read(dump), live(database))


def loaded_into(database: Database, text: str) -> Database:
    database.execute(text.encode())
    return database


def dumped(database: Database, *options: str) -> str:
    installation = find_installation(database.server.version)
    assert installation is not None
    url = database.server.socket_url(database.name)
    command: list[str | Path] = [installation / "bin/pg_dump", *(options or ("--schema-only",)), url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize("kind", ["text", "varchar(20)"])
def test_judges_a_check_as_written_like_postgresql(database: Database, kind: str) -> None:
    with database.connect() as connection:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(condition=conditions, row=judged_rows)
        def judged_alike(condition: str, row: dict[str, Any]) -> None:
            text = (
                f"CREATE TABLE judged (kind {kind}, amount integer, price numeric, open boolean,"
                f" at date, id uuid, tags text[], mood mood, CHECK ({condition}))"
            )
            check = read(f"{_MOOD}; {text}").tables[0].constraints[0].check
            connection.execute("DROP TABLE IF EXISTS judged; DROP TYPE IF EXISTS mood")
            connection.execute(f"{_MOOD}; {text}".encode())
            assert check
            assert check.holds(row) in {None, is_taken(connection, row)}, (check, row)

        judged_alike()


_MOOD = "CREATE TYPE mood AS ENUM ('good', 'bad')"
texts = st.sampled_from(["usage", "it's", "", "a\\b", " x ", "Usage", "1"])
literals = texts.map(lambda text: "'" + text.replace("'", "''") + "'")
numbers = st.sampled_from(["0", "1", "-2", "1.5", "'1'", ".5", "1e0", "NULL"])
operators = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
simple = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["kind", "lower(kind)", "trim(kind)"]), operators, literals),
    st.builds("kind IN ({}, {})".format, literals, literals),
    st.builds("kind::text NOT IN ({}, 'x')".format, literals),
    st.builds("kind LIKE {}".format, literals),
    st.builds("length(kind) BETWEEN {} AND 5".format, st.integers(0, 6)),
    st.builds("coalesce(kind, {}) = {}".format, literals, literals),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["amount", "price", "abs(amount)", "amount + price"]),
        operators,
        numbers,
    ),
    st.builds("amount NOT BETWEEN {} AND {}".format, numbers, numbers),
    st.builds("amount = ANY (ARRAY[{}, 7])".format, st.integers(-2, 2)),
    st.builds("-amount * 2 - {} < price".format, numbers.filter(lambda text: text != "NULL")),
    st.builds("amount::text = {}".format, literals),
    st.sampled_from(
        [
            "open",
            "open IS NOT TRUE",
            "open = 'true'",
            "at <> '2025-01-01'",
            "at > '2025-01-01'",
            "at::text = '2025-01-01'",
            "id <> 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
            "tags = '{a}'",
            "tags <@ ARRAY['a', 'b']",
            "'a' = ANY (tags)",
            "mood = 'good'",
            "mood IN ('good'::mood)",
            "mood::text <> 'bad'",
            "tags IS NULL",
            "(at IS NULL) = (id IS NULL)",
            "CASE WHEN open THEN amount > 0 ELSE true END",
            "kind ~ '^[a-z]+$'",
            "num_nonnulls(kind, amount) = 1",
        ]
    ),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=4,
)
judged_rows = st.fixed_dictionaries(
    {
        "kind": st.none() | texts,
        "amount": st.none() | st.integers(-3, 3),
        "price": st.none() | st.integers(-3, 3) | st.sampled_from([Decimal("1.5"), Decimal("0.5")]),
        "open": st.none() | st.booleans(),
        "at": st.none() | st.sampled_from(["2025-01-01", "20250101", "2025-1-1", "2024-12-31"]),
        "id": st.none() | st.just("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        "tags": st.none() | st.sampled_from(["{a}", "{ a }", '{"a"}', "{c}"]),
        "mood": st.none() | st.sampled_from(["good", "bad"]),
    }
)


def is_taken(connection: psycopg.Connection[Any], row: dict[str, Any]) -> bool:
    values = [row[name] for name in ("kind", "amount", "price", "open", "at", "id", "tags", "mood")]
    try:
        connection.execute("INSERT INTO judged VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", values)
    except psycopg.errors.CheckViolation:
        return False
    return True


@pytest.mark.parametrize("text", [CONSTRUCTS, REFERENCE], ids=["constructs", "reference"])
def test_reads_a_baseline_as_the_recorded_tables(database: Database, text: str, tmp_path: Path) -> None:
    real = loaded(database, text)
    path = tmp_path / "schema.json"
    write_baseline(path, record(real.tables, real.functions, whole=True))
    source = open_schema_source(path)
    assert (source.whole, source.problems) == (True, ())
    again = record(source.catalog.tables, source.catalog.functions, whole=True)
    assert {name for name in again.facts if " " not in name or "arguments" in name} == {
        name for name in read_baseline(path).facts if " " not in name or "arguments" in name
    }
    for mine, there in zip(source.catalog.tables, real.tables, strict=True):
        assert (mine.kind, mine.row_security.enabled) == (there.kind, there.row_security.enabled)
        assert recorded_facts(mine) == recorded_facts(there)
        assert key_facts(mine, real) == key_facts(there, real)
        assert index_facts(mine) == {one for one in index_facts(there) if one[4]}
        assert_same_checks(mine, there)


def recorded_facts(table: Table) -> list[tuple[Any, ...]]:
    """Return what a baseline records of columns: not a view's details, and not a domain's base type."""
    is_view = table.kind.endswith("view")
    return sorted(
        (
            one.name,
            one.type,
            is_view or one.nullable,
            is_view or one.default is not None,
            one.generated,
            None if one.domain_checks else one.enum_labels,
        )
        for one in table.columns
    )
